"""Addresses of people's own accounts, under /app/; no merchant's slug stands in them."""

from django.urls import path

from dashboard.account import factors, invitation, new_shop, overview, password, second

# For everybody: nobody is signed in yet.
before_signing_in = [
    path("sign-in/second/", second.second_step, name="second_step"),
    path("sign-in/passkey/", second.passkey_sign_in, name="passkey_sign_in"),
    path("forgot/", password.forgot, name="forgot"),
    path("reset/<str:uid>/<str:token>/", password.reset, name="reset"),
    path("invitation/<str:token>/", invitation.invitation, name="invitation"),
]

own = [
    path("account/", overview.account, name="account"),
    path("account/confirm/", second.confirm, name="confirm"),
    path("account/password/", password.change, name="change_password"),
    path("account/app/", factors.add_app, name="add_app"),
    path("account/app/remove/", factors.remove_app, name="remove_app"),
    path("account/passkeys/add/", factors.add_passkey, name="add_passkey"),
    path("account/passkeys/<uuid:passkey_id>/remove/", factors.remove_passkey, name="remove_passkey"),
    path("account/recovery-codes/", factors.recovery_codes, name="recovery_codes"),
    path("account/sessions/end-others/", overview.end_others, name="end_others"),
    path("account/sessions/<uuid:session_id>/end/", overview.end_session, name="end_session"),
    path("shops/new/", new_shop.new_shop, name="new_shop"),
]
