"""`/app/invitation/<token>/`: joining a team, as a new person or with the account that one has."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import team
from accounts.models import Invitation
from dashboard import words
from dashboard.account import second
from dashboard.account.forms import JoinForm
from merchants import audit
from merchants.models import ActorKind


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The POST joins. Used, taken back, run out and made up look the same."""
    try:
        found = team.find_invitation(token)
    except team.NoInvitation:
        return _gone(request)
    user = request.user
    if isinstance(user, User):
        return _as_member(request, found, user)
    if User.objects.filter(username=found.email).exists():
        context = {"invitation": found, "role": words.ROLES[found.role], "next": request.path}
        return render(request, "dashboard/account/invitation_sign_in.html", context)
    return _as_new(request, found)


def _as_member(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    context = {"invitation": found, "role": words.ROLES[found.role], "person": user, "next": request.path}
    if user.username != found.email:
        return render(request, "dashboard/account/invitation_other.html", context, status=403)
    if request.method != "POST":
        return render(request, "dashboard/account/invitation_join.html", context)
    with audit.acting_as(audit.person(user)):
        try:
            team.accept(found, user)
        except team.NoInvitation:
            return _gone(request)
    return _welcome(request, found)


def _as_new(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None, user=User(username=found.email, email=found.email))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        with audit.acting_as(audit.Actor(ActorKind.PERSON, name=found.email)):
            try:
                user = team.accept_as_new(found, name=values["name"], password=values["password"])
            except team.TeamError:
                return _gone(request)
        second.enter(request, user, second_factor=False)
        return _welcome(request, found)
    context = {"invitation": found, "role": words.ROLES[found.role], "form": form}
    status = 422 if form.errors else 200
    return render(request, "dashboard/account/invitation_new.html", context, status=status)


def _welcome(request: HttpRequest, found: Invitation) -> HttpResponse:
    messages.success(request, _("Welcome to the team of %(shop)s.") % {"shop": found.merchant.name})
    return redirect("dashboard:overview", found.merchant.slug)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/account/invitation_gone.html", status=410)
