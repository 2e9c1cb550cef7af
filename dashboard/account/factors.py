"""Setting up the second factor: authenticator app, passkeys, recovery codes. Each step needs a fresh proof."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import passkeys, sessions, two_factor
from accounts.models import Passkey
from dashboard.account.agents import device
from dashboard.account.forms import CodeForm
from dashboard.account.gate import account_view


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(step_up=True)
def add_app(request: HttpRequest, user: User) -> HttpResponse:
    """A QR code and the field for its first code."""
    try:
        begun = two_factor.begin_app(user)
    except ValueError:
        return redirect("dashboard:account")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if two_factor.wait_for(user):
            form.add_error("code", _("Too many tries. Wait a few minutes."))
        elif two_factor.confirm_app(user, form.cleaned_data["code"]):
            return _set_up(request, user, _("The authenticator app is set up."))
        else:
            form.add_error("code", _("This is not the code of now. Is the phone's clock right?"))
    context = {
        "form": form,
        "qr": two_factor.qr_code(two_factor.address_of(begun)),
        "secret": " ".join(begun.secret[i : i + 4] for i in range(0, len(begun.secret), 4)),
    }
    return render(request, "dashboard/account/add_app.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(step_up=True)
def remove_app(request: HttpRequest, user: User) -> HttpResponse:
    """Asks first."""
    if request.method == "POST":
        two_factor.remove_app(user)
        messages.success(request, _("The authenticator app is not asked for any more."))
        return redirect("dashboard:account")
    context = {
        "title": _("Remove the authenticator app?"),
        "text": _("Signing in will not ask for its codes any more."),
        "button": _("Remove it"),
    }
    return render(request, "dashboard/account/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(step_up=True)
def add_passkey(request: HttpRequest, user: User) -> HttpResponse:
    """The browser is asked for a new passkey; the POST brings it."""
    error = ""
    if request.method == "POST":
        try:
            passkeys.add(
                request, user, name=request.POST.get("name", "").strip() or device(_agent(request)),
                answer=request.POST.get("answer", ""), challenge=request.POST.get("challenge", ""),
            )  # fmt: skip
        except passkeys.BadPasskey:
            error = _("This passkey could not be added. Please try again.")
        else:
            return _set_up(request, user, _("The passkey is added."))
    options, challenge = passkeys.creation(request, user)
    context = {"options": options, "challenge": challenge, "error": error, "name": device(_agent(request))}
    return render(request, "dashboard/account/add_passkey.html", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(step_up=True)
def remove_passkey(request: HttpRequest, user: User, passkey_id: UUID) -> HttpResponse:
    """Asks first."""
    passkey = Passkey.objects.filter(user=user, pk=passkey_id).first()
    if passkey is None:
        raise Http404
    if request.method == "POST":
        passkeys.remove(user, passkey)
        messages.success(request, _("The passkey does not work here any more."))
        return redirect("dashboard:account")
    context = {
        "title": _("Remove the passkey “%(name)s”?") % {"name": passkey.name},
        "text": _(
            "It will not sign you in any more. Your device may still offer it: delete it there as well."
        ),
        "button": _("Remove it"),
    }
    return render(request, "dashboard/account/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(step_up=True)
def recovery_codes(request: HttpRequest, user: User) -> HttpResponse:
    """New recovery codes, shown once: in the answer to the POST that makes them."""
    if not two_factor.has_second_factor(user):
        return redirect("dashboard:account")
    if request.method == "POST":
        context = {"codes": two_factor.new_codes(user)}
        return render(request, "dashboard/account/codes.html", context)
    context_ = {
        "title": _("Make new recovery codes?"),
        "text": _(
            "You get ten codes, each for one sign-in without your second factor. Former ones stop working."
        ),
        "button": _("Make them"),
        "is_harmless": True,
    }
    return render(request, "dashboard/account/confirm.html", context_)


def _set_up(request: HttpRequest, user: User, words: str) -> HttpResponse:
    """After a factor was added: this session has one, sessions that began without are ended."""
    sessions.confirm(request, second_factor=True)
    sessions.end_all(user, but=request.session.session_key)
    messages.success(request, words)
    if not two_factor.codes_left(user):
        return redirect("dashboard:recovery_codes")
    return redirect("dashboard:account")


def _agent(request: HttpRequest) -> str:
    return request.META.get("HTTP_USER_AGENT", "")
