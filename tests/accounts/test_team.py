"""Who works for a merchant: invitations that work once, roles, and a merchant that always has an owner."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts import team
from accounts.models import Invitation, StaffMail
from merchants.models import AuditEntry, Membership, Merchant, Role
from merchants.scope import merchant_scope
from tests.accounts.conftest import PASSWORD
from tests.smtp_sink import Mail

Mails = Callable[[], list[Mail]]


def token_of(mail: Mail) -> str:
    """The token in an invitation's mail."""
    found = re.search(r"/app/invitation/([\w-]+)/", mail.text)
    assert found is not None
    return found[1]


def audit(merchant: Merchant) -> list[tuple[str, str]]:
    with merchant_scope(merchant):
        return list(AuditEntry.objects.order_by("occurred_at", "id").values_list("action", "label"))


def role_of(user: User) -> str:
    return Membership.objects.get(user=user).role


def test_an_invited_person_joins_with_the_role_of_the_invitation(
    merchant: Merchant, clara: User, mails: Mails
) -> None:
    team.invite(merchant, email=" Dora@Nordwind.test ", role=Role.ANALYST, by=clara)
    (mail,) = mails()
    assert mail.recipients == ["dora@nordwind.test"]
    assert "Nordwind" in mail.subject
    found = team.find_invitation(token_of(mail))
    dora = team.accept_as_new(found, name="Dora Lang", password=PASSWORD)
    assert role_of(dora) == Role.ANALYST
    assert dora.check_password(PASSWORD)
    assert audit(merchant) == [("team.invited", "dora@nordwind.test"), ("team.joined", "dora@nordwind.test")]


def test_an_invitation_works_once(merchant: Merchant, clara: User, mails: Mails) -> None:
    team.invite(merchant, email="dora@nordwind.test", role=Role.ANALYST, by=clara)
    token = token_of(mails()[0])
    found = team.find_invitation(token)
    dora = team.accept_as_new(found, name="Dora", password=PASSWORD)
    team.change_role(merchant, Membership.objects.get(user=dora).pk, Role.WAREHOUSE)
    with pytest.raises(team.NoInvitation):
        team.find_invitation(token)
    with pytest.raises(team.NoInvitation):
        team.accept(found, dora)  # Two tabs that both have the page open.
    assert role_of(dora) == Role.WAREHOUSE


def test_an_invitation_runs_out_after_seven_days(merchant: Merchant, clara: User, mails: Mails) -> None:
    invitation = team.invite(merchant, email="dora@nordwind.test", role=Role.ANALYST, by=clara)
    token = token_of(mails()[0])
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(team.NoInvitation):
        team.find_invitation(token)
    assert invitation.expires_at - invitation.created_at == timedelta(days=7)


def test_a_resent_invitation_makes_the_first_link_useless(
    merchant: Merchant, clara: User, mails: Mails
) -> None:
    first = team.invite(merchant, email="dora@nordwind.test", role=Role.ANALYST, by=clara)
    team.resend(merchant, first.pk, by=clara)
    old, new = (token_of(mail) for mail in mails())
    with pytest.raises(team.NoInvitation):
        team.find_invitation(old)
    assert team.find_invitation(new).role == Role.ANALYST
    assert [i.email for i in team.pending(merchant)] == ["dora@nordwind.test"]


def test_a_revoked_invitation_opens_nothing(merchant: Merchant, clara: User, mails: Mails) -> None:
    invitation = team.invite(merchant, email="dora@nordwind.test", role=Role.ANALYST, by=clara)
    team.revoke(merchant, invitation.pk)
    with pytest.raises(team.NoInvitation):
        team.find_invitation(token_of(mails()[0]))
    with pytest.raises(team.NoInvitation):
        team.revoke(merchant, invitation.pk)


def test_an_invitation_is_for_one_address(merchant: Merchant, clara: User, ben: User, mails: Mails) -> None:
    team.invite(merchant, email="dora@nordwind.test", role=Role.OWNER, by=clara)
    found = team.find_invitation(token_of(mails()[0]))
    with pytest.raises(team.WrongPerson):
        team.accept(found, ben)
    assert role_of(ben) == Role.SUPPORT


def test_another_merchants_invitation_is_out_of_reach(
    merchant: Merchant, stranger: Merchant, clara: User
) -> None:
    invitation = team.invite(merchant, email="dora@nordwind.test", role=Role.ANALYST, by=clara)
    with pytest.raises(team.NoInvitation):
        team.revoke(stranger, invitation.pk)
    with pytest.raises(team.NoInvitation):
        team.resend(stranger, invitation.pk, by=clara)
    assert len(team.pending(merchant)) == 1


def test_members_are_not_invited_again_and_weak_passwords_let_nobody_in(
    merchant: Merchant, clara: User, ben: User, mails: Mails
) -> None:
    with pytest.raises(team.AlreadyMember):
        team.invite(merchant, email="BEN@nordwind.test", role=Role.OWNER, by=clara)
    with pytest.raises(ValidationError):
        team.invite(merchant, email="no address", role=Role.OWNER, by=clara)
    team.invite(merchant, email="dora@nordwind.test", role=Role.ANALYST, by=clara)
    found = team.find_invitation(token_of(mails()[0]))
    with pytest.raises(ValidationError):
        team.accept_as_new(found, name="Dora", password="password12")
    assert not User.objects.filter(username="dora@nordwind.test").exists()
    assert team.find_invitation(token_of(mails()[0])).pk == found.pk  # It is not used up by that.


def test_the_last_owner_stays_an_owner(merchant: Merchant, clara: User, ben: User) -> None:
    hers, his = Membership.objects.get(user=clara), Membership.objects.get(user=ben)
    with pytest.raises(team.LastOwner):
        team.change_role(merchant, hers.pk, Role.MANAGER)
    with pytest.raises(team.LastOwner):
        team.remove(merchant, hers.pk)
    team.change_role(merchant, his.pk, Role.OWNER)
    team.remove(merchant, hers.pk)
    assert list(Membership.objects.values_list("user__username", "role")) == [("ben@nordwind.test", "owner")]


def test_the_link_is_not_in_the_database_once_its_mail_went_out(
    merchant: Merchant, clara: User, mails: Mails
) -> None:
    team.invite(merchant, email="dora@nordwind.test", role=Role.ANALYST, by=clara)
    waiting = StaffMail.objects.get()
    assert waiting.due_at is not None
    token = token_of(mails()[0])
    sent = StaffMail.objects.get()
    assert (sent.text, sent.due_at) == ("", None)
    assert token.encode() not in bytes(Invitation.objects.get().digest)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_once_leave_one(
    merchant: Merchant, clara: User, ben: User
) -> None:
    Membership.objects.update(role=Role.OWNER)
    ready, refused = threading.Barrier(2), []

    def remove(membership_id: int) -> None:
        ready.wait()
        try:
            team.remove(merchant, membership_id)
        except team.LastOwner:
            refused.append(membership_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=(m.pk,)) for m in Membership.objects.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.get().role == Role.OWNER
