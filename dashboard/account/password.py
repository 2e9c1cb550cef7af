"""Changing a password, and getting back in after forgetting it."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import sessions
from accounts.mail import mail_person
from accounts.notes import note_in_teams
from dashboard.account.forms import ChangePasswordForm, EmailForm, NewPasswordForm
from dashboard.account.gate import account_view
from merchants import throttle
from merchants.client_ip import client_ip, network_of

_HOUR = 3600
_MAILS_AN_ADDRESS, _MAILS_A_CLIENT = 3, 20
_TRIES_AT_THE_OLD_ONE = 10


@require_http_methods(["GET", "HEAD", "POST"])
@account_view()
def change(request: HttpRequest, user: User) -> HttpResponse:
    """The old and the new one. All other sessions end."""
    form = ChangePasswordForm(request.POST or None, user=user)
    if request.method == "POST":
        if throttle.hit("password", user.pk, limit=_TRIES_AT_THE_OLD_ONE, window=900):
            form.add_error(None, _("Too many tries. Wait a few minutes."))
        elif form.is_valid():
            _set_password(user, form.cleaned_data["password"])
            sessions.go_on(request, user)
            sessions.end_all(user, but=request.session.session_key)
            throttle.forgive("password", user.pk)
            messages.success(request, _("Your password is changed. Everywhere else you are signed out."))
            return redirect("dashboard:account")
    return render(
        request, "dashboard/account/password.html", {"form": form}, status=422 if form.errors else 200
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """A link by mail. The answer is the same whether the address has an account or not."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address, client = form.cleaned_data["email"], network_of(client_ip(request))
        often = throttle.hit("forgot-from", client, limit=_MAILS_A_CLIENT, window=_HOUR)
        if not often and not throttle.hit("forgot", address, limit=_MAILS_AN_ADDRESS, window=_HOUR):
            _mail_link(address)
        return render(request, "dashboard/account/forgot_sent.html", {"email": address})
    return render(
        request, "dashboard/account/forgot.html", {"form": form}, status=422 if form.errors else 200
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """A new password by the mail's link. It works once, for an hour; a second factor is asked for afterwards."""
    user = _person(uid)
    if user is None or not default_token_generator.check_token(user, token):
        return render(request, "dashboard/account/reset_gone.html", status=410)
    form = NewPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        _set_password(user, form.cleaned_data["password"])
        sessions.end_all(user)
        throttle.forgive("sign-in", user.username)
        messages.success(request, _("Your password is changed. Sign in with it now."))
        return redirect("dashboard:sign_in")
    return render(request, "dashboard/account/reset.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_variables("password")
def _set_password(user: User, password: str) -> None:
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        note_in_teams(user, "account.password_changed")


def _mail_link(address: str) -> None:
    user = User.objects.filter(username=address, is_active=True).first()
    if user is None:
        return
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    url = f"{settings.PUBLIC_URL}/app/reset/{uid}/{default_token_generator.make_token(user)}/"
    with transaction.atomic():
        mail_person(
            user.username, gettext_lazy("A new password for Afterward"), "accounts/mail/reset.txt",
            {"url": url}, locale=get_language() or "",
        )  # fmt: skip


def _person(uid: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid))
    except (ValueError, OverflowError):
        return None
    return User.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 1 << 31 else None
