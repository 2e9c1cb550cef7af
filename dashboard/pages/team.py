"""Settings › Team: who works here with which role, who was invited, and what each role may."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import sessions, team
from accounts.models import Invitation
from dashboard import words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from dashboard.shell import page
from merchants.ids import public_id
from merchants.models import Membership, Role
from merchants.permissions import MATRIX, Permission

ROLE_CHOICES = [(role, words.ROLES[role]) for role in Role.values]


class InviteForm(forms.Form):
    """Whom to ask, and as what."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLE_CHOICES, initial=Role.SUPPORT)


@require_safe
@merchant_view(needs=Permission.TEAM)
def members(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The team, open invitations and the matrix of roles."""
    context = {
        "members": [_member_row(seat, member) for member in team.members(seat.merchant)],
        "invitations": [_invitation_row(invitation) for invitation in team.pending(seat.merchant)],
        "role_choices": ROLE_CHOICES,
        "permissions": list(words.PERMISSIONS.items()),
        "matrix": [
            (words.ROLES[role], [permission in allowed for permission in words.PERMISSIONS])
            for role, allowed in MATRIX.items()
        ],
    }
    return settings_page(request, seat, "team", "dashboard/settings/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.TEAM, step_up=True)
def invite(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The POST sends the invitation."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            team.invite(seat.merchant, email=values["email"], role=Role(values["role"]), by=seat.user)
        except team.AlreadyMember:
            form.add_error("email", _("This person is in the team already."))
        except ValidationError as error:
            form.add_error("email", error)
        else:
            messages.success(request, _("An invitation goes to %(email)s.") % {"email": values["email"]})
            return redirect("dashboard:team", seat.merchant.slug)
    status = 422 if form.errors else 200
    context = {"form": form}
    return settings_page(request, seat, "team", "dashboard/settings/invite.html", context, status=status)


@require_POST
@merchant_view(needs=Permission.TEAM, step_up=True)
def change_role(request: HttpRequest, seat: Seat, member_id: str) -> HttpResponse:
    """`role` is the new one."""
    role = request.POST.get("role", "")
    if role not in Role.values:
        messages.error(request, _("Choose one of the roles."))
        return redirect("dashboard:team", seat.merchant.slug)
    try:
        member = team.change_role(seat.merchant, _number(member_id), Role(role))
    except Membership.DoesNotExist:
        raise Http404 from None
    except team.LastOwner:
        messages.error(request, _("A shop always has an owner: make somebody else one first."))
    else:
        text = _("%(person)s has the role “%(role)s” now.")
        messages.success(request, text % {"person": _name(member), "role": words.ROLES[role]})
    return redirect("dashboard:team", seat.merchant.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.TEAM, step_up=True)
def remove(request: HttpRequest, seat: Seat, member_id: str) -> HttpResponse:
    """Asks first; the POST takes the person out of the team at once."""
    member = Membership.objects.select_related("user").filter(
        merchant=seat.merchant, pk=_number(member_id)
    ).first()  # fmt: skip
    if member is None:
        raise Http404
    if request.method == "POST":
        try:
            team.remove(seat.merchant, member.pk)
        except team.LastOwner:
            messages.error(request, _("A shop always has an owner: make somebody else one first."))
            return redirect("dashboard:team", seat.merchant.slug)
        messages.success(request, _("%(person)s is not in the team any more.") % {"person": _name(member)})
        is_self = member.user_id == seat.user.pk
        return redirect("dashboard:home") if is_self else redirect("dashboard:team", seat.merchant.slug)
    context = {
        "title": _("Take %(person)s out of the team?") % {"person": _name(member)},
        "text": _("They see nothing of this shop any more, at once. What they did stays in the audit log."),
        "button": _("Take out of the team"),
        "keep": _("Keep in the team"),
        "back": f"/app/{seat.merchant.slug}/settings/team/",
    }
    return page(request, seat, "dashboard/confirm.html", context, section="settings")


@require_POST
@merchant_view(needs=Permission.TEAM, step_up=True)
def resend(request: HttpRequest, seat: Seat, invitation_id: str) -> HttpResponse:
    """A new link; the old one stops working."""
    try:
        sent = team.resend(seat.merchant, id_or_404("inv", invitation_id), by=seat.user)
    except team.NoInvitation:
        raise Http404 from None
    text = _("A new link goes to %(email)s. The old one does not work any more.")
    messages.success(request, text % {"email": sent.email})
    return redirect("dashboard:team", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.TEAM, step_up=True)
def revoke(request: HttpRequest, seat: Seat, invitation_id: str) -> HttpResponse:
    """Take an invitation back."""
    try:
        team.revoke(seat.merchant, id_or_404("inv", invitation_id))
    except team.NoInvitation:
        raise Http404 from None
    messages.success(request, _("The invitation is taken back."))
    return redirect("dashboard:team", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.TEAM, step_up=True)
def two_factor(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`required` is 1 or 0. Only somebody who signed in with a second factor can ask it of the others."""
    required = request.POST.get("required") == "1"
    if required and not sessions.has_second_factor(request):
        messages.error(request, _("Set up your own second factor first, under your account."))
    else:
        team.require_two_factor(seat.merchant, required)
        done = _("Everybody now needs a second factor.") if required else _("A password is enough again.")
        messages.success(request, done)
    return redirect("dashboard:team", seat.merchant.slug)


def _member_row(seat: Seat, member: Membership) -> dict[str, Any]:
    device = getattr(member.user, "totp", None)
    base = f"/app/{seat.merchant.slug}/settings/team/{member.pk}"
    return {
        "member": member,
        "name": _name(member),
        "is_self": member.user_id == seat.user.pk,
        "has_second_factor": bool(device and device.confirmed_at) or bool(member.user.passkeys.all()),
        "role_url": f"{base}/role/",
        "remove_url": f"{base}/remove/",
    }


def _invitation_row(invitation: Invitation) -> dict[str, Any]:
    return {
        "invitation": invitation,
        "id": public_id("inv", invitation.id),
        "role": words.ROLES[invitation.role],
        "is_over": invitation.expires_at <= timezone.now(),
    }


def _name(member: Membership) -> str:
    return member.user.first_name or member.user.username


def _number(text: str) -> int:
    """The id in a path. Raises Http404 for one that is none."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Http404
    return int(text)
