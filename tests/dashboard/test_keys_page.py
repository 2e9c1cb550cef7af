"""API keys in the dashboard: shown once, useless when revoked, and only one's own."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from merchants.ids import public_id
from merchants.models import ApiKey, AuditEntry, Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from tests.api_client import ApiClient

PAGE = "/app/nordwind/settings/keys/"


def made(client: Client, *scopes: str) -> str:
    """Make a key through the form; returns the secret that its page shows."""
    page = client.post(PAGE, {"name": "Backend", "scopes": scopes or ["orders:read"]}).content.decode()
    found = re.search(r"<code>(aw_\w+_[\w-]{20,})</code>", page)
    assert found, page
    return found[1]


def test_a_key_is_shown_once_works_and_may_only_what_was_ticked(merchant: Merchant, owner: Client) -> None:
    secret = made(owner, "orders:read")
    assert ApiClient(secret).get("orders").status_code == 200
    assert ApiClient(secret).get("shipments").status_code == 403
    page = owner.get(PAGE).content.decode()
    assert secret not in page
    assert secret[:12] in page
    assert "Read orders" in page
    with merchant_scope(merchant):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.label, entry.actor) == ("api_key.created", "Backend", "owner@nordwind.test")
    assert secret not in str(entry.changes)


def test_a_revoked_key_is_refused_at_once(merchant: Merchant, owner: Client) -> None:
    secret = made(owner)
    key = ApiKey.objects.get()
    url = f"{PAGE}{public_id('key', key.id)}/revoke/"
    assert "Revoke the key" in owner.get(url).content.decode()
    assert ApiClient(secret).get("orders").status_code == 200
    assert "does not work any more" in owner.post(url, follow=True).content.decode()
    assert ApiClient(secret).get("orders").status_code == 401
    page = owner.get(PAGE).content.decode()
    assert "No key yet" in page
    assert "Revoked keys" in page
    owner.post(url)
    with merchant_scope(merchant):
        assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "scopes": ["orders:read"]}, "id_name_error"),
        ({"name": "Backend"}, "Choose at least one thing"),
        ({"name": "Backend", "scopes": ["orders:read", "everything"]}, "everything is not one of"),
    ],
)
def test_a_form_that_is_not_complete_makes_no_key(
    merchant: Merchant, owner: Client, form: dict, words: str
) -> None:
    answer = owner.post(PAGE, form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_another_shops_key_is_neither_seen_nor_revoked(
    merchant: Merchant, stranger: Merchant, desk: Callable[..., Client]
) -> None:
    key, secret = create_api_key(merchant, name="Ours")
    client = desk(stranger)
    assert "Ours" not in client.get("/app/sudwind/settings/keys/").content.decode()
    url = f"/app/sudwind/settings/keys/{public_id('key', key.id)}/revoke/"
    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)
    assert ApiClient(secret).get("orders").status_code == 200


def test_more_keys_than_anybody_can_keep_apart_are_refused(
    merchant: Merchant, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.pages.keys.MOST_KEYS", 2)
    made(owner)
    made(owner)
    assert owner.post(PAGE, {"name": "Third", "scopes": ["orders:read"]}).status_code == 422
    assert ApiKey.objects.count() == 2
