"""`/app/account/`: who I am, how I sign in, where I am signed in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import sessions, two_factor
from accounts.models import SignedIn
from dashboard.access import seats_of
from dashboard.account.agents import device
from dashboard.account.gate import account_view
from dashboard.account.new_shop import may_make_shops


class NameForm(forms.Form):
    """What colleagues see."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


@dataclass(frozen=True)
class Place:
    """A session as the page shows it."""

    id: UUID
    device: str
    address: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


@require_http_methods(["GET", "HEAD", "POST"])
@account_view()
def account(request: HttpRequest, user: User) -> HttpResponse:
    """The POST changes the name."""
    form = NameForm(request.POST or None, initial={"name": user.first_name})
    if request.method == "POST" and form.is_valid():
        User.objects.filter(pk=user.pk).update(first_name=form.cleaned_data["name"])
        messages.success(request, _("Your name is saved."))
        return redirect("dashboard:account")
    mine = seats_of(user)
    context = {
        "form": form,
        "person": user,
        "mine": mine,
        "may_make_shops": may_make_shops(user, mine),
        "requiring": [m.merchant for m in mine if m.merchant.two_factor_required],
        "has_app": two_factor.has_app(user),
        "passkeys": list(user.passkeys.order_by("created_at")),
        "codes_left": two_factor.codes_left(user),
        "places": [_place(request, row) for row in sessions.sessions_of(user)[:50]],
    }
    context["has_second_factor"] = bool(context["has_app"] or context["passkeys"])
    return render(request, "dashboard/account/overview.html", context, status=422 if form.errors else 200)


@require_POST
@account_view()
def end_session(request: HttpRequest, user: User, session_id: UUID) -> HttpResponse:
    """Sign out elsewhere."""
    if not sessions.end(user, session_id):
        raise Http404
    messages.success(request, _("That session has ended."))
    return redirect("dashboard:account")


@require_POST
@account_view()
def end_others(request: HttpRequest, user: User) -> HttpResponse:
    """Sign out everywhere but here."""
    sessions.end_all(user, but=request.session.session_key)
    messages.success(request, _("You are signed in here only."))
    return redirect("dashboard:account")


def _place(request: HttpRequest, row: SignedIn) -> Place:
    return Place(
        id=row.id,
        device=device(row.agent),
        address=row.address,
        began_at=row.began_at,
        seen_at=row.seen_at,
        is_this=row.session_key == request.session.session_key,
    )
