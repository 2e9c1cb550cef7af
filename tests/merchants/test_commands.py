"""Making merchants and their team."""

import re
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from merchants import commands
from merchants.models import Membership, Merchant, Role

pytestmark = pytest.mark.django_db
PASSWORD = "lighthouse-9-keeper"


def create(*words: str) -> str:
    out = StringIO()
    call_command("create_merchant", *words, stdout=out)
    return out.getvalue()


def test_the_command_makes_a_merchant_whose_owner_can_sign_in_with_the_password_shown() -> None:
    printed = create("nordwind", "Nordwind", "--owner", "Clara@Nordwind.test", "--locale", "de")
    password = re.search(r"shown once\): (\S+)", printed)
    assert password is not None
    user = authenticate(username="clara@nordwind.test", password=password[1])
    membership = Membership.objects.get(user=user)
    assert (membership.merchant.slug, membership.merchant.locale, membership.role) == (
        "nordwind",
        "de",
        "owner",
    )


def test_a_password_that_was_given_is_not_printed() -> None:
    assert PASSWORD not in create(
        "nordwind", "Nordwind", "--owner", "clara@nordwind.test", "--password", PASSWORD
    )


def test_an_owner_of_two_merchants_keeps_the_password() -> None:
    create("nordwind", "Nordwind", "--owner", "clara@nordwind.test", "--password", PASSWORD)
    printed = create("sudwind", "Südwind", "--owner", "clara@nordwind.test")
    assert "keeps its password" in printed
    user = authenticate(username="clara@nordwind.test", password=PASSWORD)
    assert Membership.objects.filter(user=user).count() == 2


@pytest.mark.parametrize(
    "words",
    [
        ("nordwind", "Taken", "--owner", "a@b.test"),
        ("sign-in", "Reserved", "--owner", "a@b.test"),
        ("no slug", "Bad", "--owner", "a@b.test"),
        ("fresh", "", "--owner", "a@b.test"),
        ("fresh", "Fresh", "--owner", "nobody"),
        ("fresh", "Fresh", "--owner", "a@b.test", "--password", "short"),
        ("fresh", "Fresh", "--owner", "a@b.test", "--locale", "xx"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(words: tuple[str, ...]) -> None:
    create("nordwind", "Nordwind", "--owner", "clara@nordwind.test")
    with pytest.raises(CommandError):
        create(*words)
    assert Merchant.objects.count() == Membership.objects.count() == 1


def test_adding_a_member_again_changes_the_role() -> None:
    merchant = commands.create_merchant(slug="nordwind", name="Nordwind")
    commands.add_member(merchant, email="a@b.test", password=PASSWORD)
    commands.add_member(merchant, email="A@b.test", role=Role.ANALYST)
    assert Membership.objects.get().role == "analyst"


def test_a_new_person_needs_a_password() -> None:
    merchant = commands.create_merchant(slug="nordwind", name="Nordwind")
    with pytest.raises(ValidationError):
        commands.add_member(merchant, email="a@b.test")
    assert not Membership.objects.exists()
