"""Who works for a merchant: invitations, roles, leaving. Every change is in the audit log."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import sessions
from accounts.mail import mail_person
from accounts.models import Invitation
from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Membership, Merchant, Role
from merchants.scope import merchant_transaction

VALID_FOR = timedelta(days=7)


class TeamError(Exception):
    """What was asked for cannot be."""


class LastOwner(TeamError):
    """A merchant always has an owner."""


class AlreadyMember(TeamError):
    """This address belongs to somebody of the team."""


class NoInvitation(TeamError):
    """The invitation was used, taken back, replaced or has run out; or there never was one."""


class WrongPerson(TeamError):
    """The invitation is for another address."""


def invite(merchant: Merchant, *, email: str, role: Role, by: User) -> Invitation:
    """Ask somebody to join. An open invitation of the same address is replaced: its link stops working.

    Raises ValidationError for an address that is none, and AlreadyMember.
    """
    address = email.strip().lower()
    validate_email(address)
    with merchant_transaction(merchant):
        if Membership.objects.filter(merchant=merchant, user__username=address).exists():
            raise AlreadyMember(address)
        _lock(merchant)
        _open(merchant).filter(email=address).update(revoked_at=timezone.now())
        invitation, token = _create(merchant, address, role, by)
        record_change("team.invited", public_id("inv", invitation.id), address, {"role": [None, role]})
        _mail(invitation, token, by)
    return invitation


def resend(merchant: Merchant, invitation_id: UUID, *, by: User) -> Invitation:
    """A new link, for seven days from now; the old one stops working. Raises NoInvitation."""
    with merchant_transaction(merchant):
        found = _take(merchant, invitation_id)
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
        invitation, token = _create(merchant, found.email, Role(found.role), by)
        record_change("team.invitation_resent", public_id("inv", invitation.id), found.email)
        _mail(invitation, token, by)
    return invitation


def revoke(merchant: Merchant, invitation_id: UUID) -> None:
    """Take an invitation back. Raises NoInvitation."""
    with merchant_transaction(merchant):
        found = _take(merchant, invitation_id)
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
        record_change("team.invitation_revoked", public_id("inv", found.id), found.email)


def pending(merchant: Merchant) -> list[Invitation]:
    """Invitations that nobody has answered, the newest first. Those that ran out are among them: they can be resent."""
    return list(_open(merchant).order_by("-created_at"))


def find_invitation(token: str) -> Invitation:
    """The live invitation of a link. Raises NoInvitation."""
    found = Invitation.objects.select_related("merchant").filter(digest=_digest(token)).first()
    if found is None or found.accepted_at or found.revoked_at or found.expires_at <= timezone.now():
        raise NoInvitation
    return found


def accept(invitation: Invitation, user: User) -> Membership:
    """The person joins, with the invitation's role. Raises WrongPerson and NoInvitation (somebody was quicker)."""
    if user.username != invitation.email:
        raise WrongPerson
    with merchant_transaction(invitation.merchant):
        return _join(invitation, user)


def accept_as_new(invitation: Invitation, *, name: str, password: str) -> User:
    """A new person joins. Raises ValidationError for a weak password, AlreadyMember when the address has an account."""
    user = User(username=invitation.email, email=invitation.email, first_name=name.strip()[:150])
    validate_password(password, user)
    user.set_password(password)
    with merchant_transaction(invitation.merchant):
        if User.objects.filter(username=invitation.email).exists():
            raise AlreadyMember(invitation.email)
        user.save()
        _join(invitation, user)
    return user


def change_role(merchant: Merchant, membership_id: int, role: Role) -> Membership:
    """Raises Membership.DoesNotExist and LastOwner."""
    with merchant_transaction(merchant):
        member = _member(merchant, membership_id)
        if member.role == role:
            return member
        _keep_an_owner(merchant, member)
        before, member.role = member.role, role
        member.save(update_fields=["role"])
        record_change("team.role_changed", _member_id(member), member.user.username, {"role": [before, role]})
    return member


def remove(merchant: Merchant, membership_id: int) -> Membership:
    """Take somebody out of the team, at once. Raises Membership.DoesNotExist and LastOwner."""
    with merchant_transaction(merchant):
        member = _member(merchant, membership_id)
        _keep_an_owner(merchant, member)
        record_change("team.removed", _member_id(member), member.user.username, {"role": [member.role, None]})
        Membership.objects.filter(pk=member.pk).delete()
        if not Membership.objects.filter(user=member.user).exists():
            sessions.end_all(member.user)
    return member


def members(merchant: Merchant) -> list[Membership]:
    """The team, by name: one query."""
    rows = Membership.objects.filter(merchant=merchant).select_related("user", "user__totp")
    return list(rows.prefetch_related("user__passkeys").order_by("user__first_name", "user__username"))


def require_two_factor(merchant: Merchant, required: bool) -> None:
    """Whether everybody of the team needs a second factor to see this merchant's data."""
    with merchant_transaction(merchant):
        before = merchant.two_factor_required
        if before == required:
            return
        Merchant.objects.filter(pk=merchant.pk).update(two_factor_required=required)
        merchant.two_factor_required = required
        record_change("team.two_factor_required", changes={"two_factor_required": [before, required]})


def _create(merchant: Merchant, address: str, role: Role, by: User) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    invitation = Invitation.objects.create(
        merchant=merchant, email=address, role=role, digest=_digest(token), invited_by=by,
        created_at=now, expires_at=now + VALID_FOR,
    )  # fmt: skip
    return invitation, token


def _mail(invitation: Invitation, token: str, by: User) -> None:
    merchant = invitation.merchant
    context = {
        "by": by.first_name or by.username,
        "role": invitation.role,
        "url": f"{settings.PUBLIC_URL}/app/invitation/{token}/",
    }
    subject = _("Invitation to the team of %(shop)s") % {"shop": merchant.name}
    mail_person(invitation.email, subject, "accounts/mail/invitation.txt", context, merchant=merchant)


def _join(invitation: Invitation, user: User) -> Membership:
    live = Invitation.objects.filter(
        pk=invitation.pk, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
    if not live.update(accepted_at=timezone.now()):
        raise NoInvitation
    member, _new = Membership.objects.get_or_create(
        user=user, merchant=invitation.merchant, defaults={"role": invitation.role}
    )
    record_change("team.joined", _member_id(member), user.username, {"role": [None, member.role]})
    return member


def _open(merchant: Merchant) -> QuerySet[Invitation]:
    return Invitation.objects.filter(merchant=merchant, accepted_at=None, revoked_at=None)


def _take(merchant: Merchant, invitation_id: UUID) -> Invitation:
    found = _open(merchant).select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if found is None:
        raise NoInvitation
    return found


def _lock(merchant: Merchant) -> None:
    """Two invitations of one address, or two changes of the owners, come one after the other."""
    list(Merchant.objects.select_for_update(no_key=True).filter(pk=merchant.pk).values_list("pk"))


def _member(merchant: Merchant, membership_id: int) -> Membership:
    _lock(merchant)
    return Membership.objects.select_related("user").get(merchant=merchant, pk=membership_id)


def _keep_an_owner(merchant: Merchant, leaving: Membership) -> None:
    others = Membership.objects.filter(merchant=merchant, role=Role.OWNER).exclude(pk=leaving.pk)
    if leaving.role == Role.OWNER and not others.exists():
        raise LastOwner


def _member_id(member: Membership) -> str:
    return f"mem_{member.pk}"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
