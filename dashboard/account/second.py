"""The second step of signing in, and proving who one is again before something that hurts.

Between the two steps nobody is signed in: the session holds only whose password was right, for ten minutes.
"""

import time
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import passkeys, sessions, two_factor
from dashboard.account.forms import CodeForm
from dashboard.account.gate import account_view
from dashboard.own_path import own_path
from merchants import throttle
from merchants.client_ip import client_ip, network_of

BACKEND = "django.contrib.auth.backends.ModelBackend"
_PENDING = "half_signed_in"
_PENDING_SECONDS = 600


def enter(request: HttpRequest, user: User, *, second_factor: bool) -> None:
    """Sign in. Gives the session a new key: one that was planted before is worth nothing."""
    login(request, user, backend=BACKEND)
    sessions.confirm(request, second_factor=second_factor)


def ask_for_second(request: HttpRequest, user: User, goal: str) -> HttpResponse:
    """After the right password of somebody with a second factor."""
    request.session.cycle_key()
    request.session[_PENDING] = {
        "user": user.pk, "at": int(time.time()), "hash": user.get_session_auth_hash(), "next": goal,
    }  # fmt: skip
    return redirect("dashboard:second_step")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """A code of the app, a recovery code or a passkey."""
    user, goal = _half_signed_in(request)
    if user is None:
        return redirect("dashboard:sign_in")
    error, wait = ("", 0) if request.method != "POST" else _refusal(request, user)
    if request.method == "POST" and not error:
        enter(request, user, second_factor=True)
        request.session.pop(_PENDING, None)
        return redirect(goal)
    return _ask(request, user, "dashboard/account/second_step.html", error, wait, {})


@require_http_methods(["GET", "HEAD", "POST"])
@account_view()
def confirm(request: HttpRequest, user: User) -> HttpResponse:
    """The password, or the second factor of those who have one."""
    goal = own_path(request.POST.get("next") or request.GET.get("next") or "")
    error, wait = ("", 0) if request.method != "POST" else _refusal(request, user)
    if request.method == "POST" and not error:
        sessions.confirm(request)
        return redirect(goal)
    return _ask(request, user, "dashboard/account/confirm_who.html", error, wait, {"next": goal})


@never_cache
@sensitive_post_parameters()
@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Signing in by a passkey alone: the device checked its owner, which makes it two factors."""
    goal = own_path(request.POST.get("next", ""))
    if not throttle.hit("passkey-from", network_of(client_ip(request)), limit=30, window=900):
        try:
            user = passkeys.check(
                request, answer=request.POST.get("answer", ""), challenge=request.POST.get("challenge", "")
            )
        except passkeys.BadPasskey:
            pass
        else:
            enter(request, user, second_factor=True)
            return redirect(goal)
    return render(request, "dashboard/account/passkey_refused.html", {"next": goal}, status=422)


def _refusal(request: HttpRequest, user: User) -> tuple[str, int]:
    """Why what was sent does not prove it, "" when it does; and for how many seconds to wait."""
    if wait := two_factor.wait_for(user):
        return _("Too many tries. Wait a few minutes."), wait
    if request.POST.get("answer"):
        return ("", 0) if _is_their_passkey(request, user) else (_("This passkey did not work here."), 0)
    if two_factor.has_second_factor(user) or "code" in request.POST:
        right = two_factor.check_code(user, request.POST.get("code", "")[:40])
        return ("", 0) if right else (_("This code is not right, or was used already."), 0)
    if user.check_password(request.POST.get("password", "")[:1000]):
        throttle.forgive("second-factor", user.pk)
        return "", 0
    return _("This is not your password."), 0


def _is_their_passkey(request: HttpRequest, user: User) -> bool:
    try:
        passkeys.check(
            request, answer=request.POST["answer"], challenge=request.POST.get("challenge", ""), user=user
        )
    except passkeys.BadPasskey:
        return False
    throttle.forgive("second-factor", user.pk)
    return True


def _ask(
    request: HttpRequest, user: User, template: str, error: str, wait: int, more: dict[str, Any]
) -> HttpResponse:
    context = {
        **more,
        "form": CodeForm(),
        "person": user,
        "error": error,
        "has_app": two_factor.has_app(user),
        "has_passkeys": user.passkeys.exists(),
    }
    context["has_second_factor"] = context["has_app"] or context["has_passkeys"]
    if context["has_passkeys"]:
        context["options"], context["challenge"] = passkeys.question(request, user)
    response = render(request, template, context, status=429 if wait else 422 if error else 200)
    if wait:
        response["Retry-After"] = str(wait)
    return response


def _half_signed_in(request: HttpRequest) -> tuple[User | None, str]:
    """Whose password was right in this session a moment ago, and where they want to go."""
    pending = request.session.get(_PENDING)
    if not pending or time.time() - pending["at"] > _PENDING_SECONDS:
        return None, ""
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), pending["hash"]):
        return None, ""  # The password was changed in between.
    return user, own_path(pending["next"])
