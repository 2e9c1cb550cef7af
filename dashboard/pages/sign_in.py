"""Signing in and out. There is no sign-up page: `manage.py create_merchant` makes the first account, and owners
invite the others. The second step is in `dashboard/account/second.py`."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import passkeys, sessions, two_factor
from dashboard.account import second
from dashboard.own_path import own_path
from merchants import throttle
from merchants.client_ip import client_ip, network_of

_WINDOW = 15 * 60
_TRIES_AN_ACCOUNT = 10
_TRIES_A_CLIENT = 50


class SignInForm(forms.Form):
    """An e-mail address and a password. One error for whatever does not fit: it tells nobody who has an account."""

    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    def clean_email(self) -> str:
        return self.cleaned_data["email"].strip().lower()

    def clean(self) -> None:
        email, password = self.cleaned_data.get("email"), self.cleaned_data.get("password")
        if not email or not password:
            return
        # For an address that nobody has, Django hashes the password as well: the answer takes as long.
        user = authenticate(self.request, username=email, password=password)
        self.user = user if isinstance(user, User) else None
        if self.user is None:
            raise forms.ValidationError(_("This e-mail address and password do not belong together."))


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form; after it, the page that was asked for."""
    goal = own_path(request.POST.get("next") or request.GET.get("next") or "")
    if request.user.is_authenticated:
        return redirect(goal)
    if request.method != "POST":
        return _show(request, SignInForm(request=request), goal)
    if wait := _throttled(request):
        response = _show(request, SignInForm(request=request), goal, wait=wait, status=429)
        response["Retry-After"] = str(wait)
        return response
    form = SignInForm(request.POST, request=request)
    if not form.is_valid() or form.user is None:
        return _show(request, form, goal, status=422)
    throttle.forgive("sign-in", form.cleaned_data["email"])
    if two_factor.has_second_factor(form.user):
        return second.ask_for_second(request, form.user, goal)
    second.enter(request, form.user, second_factor=False)
    return redirect(goal)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    sessions.end_this(request)
    return redirect("dashboard:sign_in")


def _throttled(request: HttpRequest) -> int:
    """Count the try. Returns the seconds to wait, 0 when it may be made. The same for accounts that do not exist."""
    account = request.POST.get("email", "").strip().lower()[:254]
    client = network_of(client_ip(request))
    waits = (
        throttle.hit("sign-in", account, limit=_TRIES_AN_ACCOUNT, window=_WINDOW),
        throttle.hit("sign-in-from", client, limit=_TRIES_A_CLIENT, window=_WINDOW),
    )
    return max(waits)


def _show(
    request: HttpRequest, form: SignInForm, goal: str, *, wait: int = 0, status: int = 200
) -> HttpResponse:
    options, challenge = passkeys.question(request)
    context = {
        "form": form,
        "next": goal,
        "wait_minutes": -(-wait // 60),
        "options": options,
        "challenge": challenge,
    }
    return render(request, "dashboard/sign_in.html", context, status=status)
