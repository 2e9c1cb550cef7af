"""The portal's addresses: below `/p/<slug>/` here, and at the root of a merchant's own host (`root_urls`)."""

from django.urls import path, re_path, register_converter

from portal import (
    case_views,
    change_views,
    claim_views,
    consent_views,
    counter_views,
    notify_views,
    preview,
    return_views,
    views,
    wish_views,
    withdraw_views,
)


class _Token:
    """24 URL-safe letters, or anything that once was a link."""

    regex = r"[A-Za-z0-9_-]{1,200}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(_Token, "token")

urlpatterns = [
    path("", views.lookup, name="lookup"),
    path("link/", views.new_link, name="new_link"),
    path("t/<token:token>/", views.tracking, name="tracking"),
    path("t/<token:token>/<int:number>/", views.tracking),
    path("t/<token:token>/delivery.ics", views.calendar),
    path("t/<token:token>/<int:number>/delivery.ics", views.calendar),
    path("t/<token:token>/<int:number>/wish/", wish_views.wish),
    path("t/<token:token>/notify/", notify_views.notify),
    path("notify.js", notify_views.worker),
    path("t/<token:token>/problem/", case_views.choose),
    path("t/<token:token>/<int:number>/problem/", case_views.choose),
    path("t/<token:token>/problem/<slug:kind>/", case_views.report),
    path("t/<token:token>/<int:number>/problem/<slug:kind>/", case_views.report),
    path("o/<token:token>/", views.whole_order, name="order"),
    path("o/<token:token>/address/", change_views.address),
    path("o/<token:token>/address/done/", change_views.address_done),
    path("o/<token:token>/cancel/", change_views.cancel),
    path("o/<token:token>/cases/<str:case_id>/", case_views.case),
    path("o/<token:token>/cases/<str:case_id>/close/", case_views.close),
    path("o/<token:token>/cases/<str:case_id>/photos/<str:photo_id>/", case_views.photo),
    path("o/<token:token>/return/", return_views.steps),
    path("o/<token:token>/returns/<str:return_id>/", return_views.status),
    path("o/<token:token>/returns/<str:return_id>/cancel/", return_views.cancel),
    path("o/<token:token>/returns/<str:return_id>/sent/", return_views.sent),
    path("o/<token:token>/returns/<str:return_id>/way/", return_views.way),
    path("o/<token:token>/returns/<str:return_id>/files/<slug:kind>/", return_views.file),
    path("o/<token:token>/returns/<str:return_id>/photos/<str:picture_id>/", return_views.photo),
    path("u/<token:token>/", consent_views.leave),
    path("m/<token:token>/", consent_views.preferences),
    path("c/<token:token>/", consent_views.confirm),
    path("o/<token:token>/withdraw/", withdraw_views.withdraw_order),
    path("withdraw/", withdraw_views.withdraw, name="withdraw"),
    path("withdraw/receipt/<token:token>/", withdraw_views.receipt),
    path("b/", counter_views.desk, name="counter"),
    path("b/leave/", counter_views.leave),
    path("b/returns/<str:return_id>/", counter_views.one),
    path("b/<token:token>/", counter_views.enter, name="branch"),
    path("t/<token:token>/claim/", claim_views.claim),
    path("t/<token:token>/<int:number>/claim/", claim_views.claim),
    path("o/<token:token>/claims/<str:claim_id>/", claim_views.one_claim),
    path("o/<token:token>/claims/<str:claim_id>/photos/<str:evidence_id>/", claim_views.photo),
    path("logo-<slug:digest>.png", views.logo),
    path("picture-<slug:digest>.jpg", views.message_picture),
    path("preview/<str:look>/", preview.preview),
    path("robots.txt", views.robots),
    # Without a slash at its end an address is first tried with one (APPEND_SLASH).
    re_path(r"^(?P<rest>.+/)$", views.not_found),
]
