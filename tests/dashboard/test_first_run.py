"""The first account of a fresh installation."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from merchants.first import is_fresh, setup_link
from merchants.models import AuditEntry, Membership, Merchant, Role
from merchants.scope import merchant_scope

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Nordwind", "slug": "Nordwind", "locale": "de", "email": "Clara@Nordwind.test",
    "password": "lighthouse-9-keeper",
}  # fmt: skip


def link() -> str:
    out = StringIO()
    call_command("setup_link", stdout=out)
    return out.getvalue().strip().removeprefix("http://localhost:8000")


def test_nobody_yet_is_told_how_to_begin(browser_client: Client) -> None:
    page = browser_client.get("/app/")
    assert page.status_code == 200
    assert "manage.py setup_link" in page.content.decode()


def test_the_printed_link_makes_a_shop_its_owner_and_leads_to_the_list(browser_client: Client) -> None:
    address = link()
    assert "Begin" in browser_client.get(address).content.decode()
    answer = browser_client.post(address, FORM, follow=True)
    assert answer.redirect_chain[-1][0] == "/app/nordwind/settings/setup/"
    assert answer.status_code == 200
    membership = Membership.objects.get()
    assert (membership.user.username, membership.role) == ("clara@nordwind.test", Role.OWNER)
    assert membership.merchant.locale == "de"
    with merchant_scope(membership.merchant):
        assert AuditEntry.objects.get().action == "merchant.created"


def test_the_link_works_once(browser_client: Client) -> None:
    address = link()
    browser_client.post(address, FORM)
    assert Client().get(address).status_code == 404
    assert Client().post(address, {**FORM, "slug": "other", "email": "eve@x.test"}).status_code == 404
    assert Merchant.objects.count() == 1
    with pytest.raises(CommandError, match="account already"):
        call_command("setup_link")
    assert Client().get("/app/")["Location"].startswith("/app/sign-in/")


@pytest.mark.parametrize("token", ["x", "ImZpcnN0Ig:1abc:forged", "first"])
def test_a_made_up_link_is_not_found(browser_client: Client, token: str) -> None:
    assert is_fresh()
    assert browser_client.get(f"/app/first/{token}/").status_code == 404
    assert browser_client.post(f"/app/first/{token}/", FORM).status_code == 404
    assert not User.objects.exists()


def test_an_old_link_is_not_found(browser_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    address = setup_link().removeprefix("http://localhost:8000")
    monkeypatch.setattr("merchants.first.LINK_HOURS", -1)
    assert browser_client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("email", "clara"),
        ("slug", "a b"),
        ("slug", "sign-in"),
        ("name", ""),
        ("locale", "fr"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_makes_nothing(
    browser_client: Client, field: str, value: Any
) -> None:
    answer = browser_client.post(link(), {**FORM, field: value})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not Merchant.objects.exists()
    assert not User.objects.exists()
