"""Languages, region and legal links: what is taken, and what shoppers see of it."""

from typing import Any

import pytest
from django.test import Client

from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope

PAGE = "/app/nordwind/settings/legal/"
FORM: dict[str, Any] = {
    "locale": "de", "languages": ["de"], "country": "AT", "timezone": "Europe/Vienna", "currency": "EUR",
    "legal_name": "Nordwind GmbH", "postal_address": "Ring 1\n1010 Wien", "support_email": "hallo@nordwind.test",
    "support_phone": "+43 1 234", "website": "nordwind.test", "help_url": "", "withdraw_url": "",
    "withdrawal_for": "all",
    "imprint_url": "https://nordwind.test/impressum", "privacy_url": "http://nordwind.test/privacy",
}  # fmt: skip


def test_everything_is_saved_and_noted_once(merchant: Merchant, owner: Client) -> None:
    assert owner.post(PAGE, FORM).status_code == 302
    merchant.refresh_from_db()
    assert (merchant.locale, merchant.languages, merchant.country) == ("de", ["de"], "AT")
    assert merchant.website == "https://nordwind.test"
    with merchant_scope(merchant):
        entry = AuditEntry.objects.get()
    assert entry.changes["country"] == ["DE", "AT"]
    assert "currency" not in entry.changes
    assert 'value="https://nordwind.test/impressum"' in owner.get(PAGE).content.decode()


def test_a_region_ends_with_its_country(merchant: Merchant, owner: Client) -> None:
    """Berlin's code is also Bern's: its holidays would have been kept in Switzerland."""
    Merchant.objects.filter(pk=merchant.pk).update(region="BE")
    assert owner.post(PAGE, {**FORM, "country": "DE"}).status_code == 302
    merchant.refresh_from_db()
    assert merchant.region == "BE"
    assert owner.post(PAGE, {**FORM, "country": "CH"}).status_code == 302
    merchant.refresh_from_db()
    assert (merchant.country, merchant.region) == ("CH", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("imprint_url", "javascript:alert(1)"),
        ("privacy_url", "ftp://nordwind.test/x"),
        ("help_url", "data:text/html,x"),
        ("website", "https://"),
        ("timezone", "Europe/Atlantis"),
        ("timezone", "../../etc/passwd"),
        ("country", "ZZ"),
        ("country", "Germany"),
        ("currency", "EURO"),
        ("currency", "XXX"),
        ("languages", ["fr"]),
        ("languages", []),
        ("locale", "en"),  # not among those that are offered
        ("support_email", "not an address"),
        ("legal_name", "x" * 201),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_saved(
    merchant: Merchant, owner: Client, field: str, value: Any
) -> None:
    answer = owner.post(PAGE, {**FORM, field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert "Ring 1" in page
    merchant.refresh_from_db()
    assert (merchant.country, merchant.timezone) == ("DE", "Europe/Berlin")


def test_a_language_that_is_not_offered_is_not_spoken_in_the_portal(
    merchant: Merchant, owner: Client, browser_client: Client
) -> None:
    german = {"headers": {"Accept-Language": "de"}}
    assert browser_client.get("/p/nordwind/", **german)["Content-Language"] == "de"
    owner.post(PAGE, {**FORM, "locale": "en", "languages": ["en"]})
    for url in ("/p/nordwind/", "/p/nordwind/?lang=de"):
        answer = browser_client.get(url, **german)
        assert answer["Content-Language"] == "en"
        assert "Deutsch" not in answer.content.decode()
