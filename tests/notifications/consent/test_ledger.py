"""The consent ledger: what was said is kept word for word, and what may be sent follows from it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.models import Fact
from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_scope
from notifications.consent import commands
from notifications.consent.choices import Basis
from notifications.consent.commands import Said
from notifications.consent.models import ConsentEntry
from notifications.consent.queries import consents, may_send
from notifications.consent.standing import Grant
from notifications.reasons import Reason
from tests.api_client import ApiClient

ANNA = "anna@example.com"
SHOP = Said("checkout", wording="Yes, write to me.", wording_version="3", country="de", ip="203.0.113.9")


def may(
    merchant: Merchant, *, kind: str = "marketing", topic: str = "offers", channel: str = "email",
    address: str = ANNA, country: str = "DE", days: int = 0,
) -> str:  # fmt: skip
    """The basis or the reason, as a word."""
    with merchant_scope(merchant):
        found = may_send(kind, topic, channel, address, country, timezone.now() + timedelta(days=days))
    return found.basis if isinstance(found, Grant) else found


@pytest.mark.parametrize(
    ("kind", "channel", "country", "expected"),
    [
        ("transactional", "email", "DE", "not_needed"), ("legal", "sms", "DE", "not_needed"),
        ("service", "email", "DE", "no_basis"), ("marketing", "email", "DE", "no_basis"),
        ("marketing", "email", "", "no_basis"), ("marketing", "email", "BR", "no_basis"),
        ("service", "email", "GB", "opt_out"), ("marketing", "email", "GB", "no_basis"),
        ("marketing", "email", "us", "opt_out"), ("marketing", "sms", "US", "no_basis"),
    ],
)  # fmt: skip
def test_without_a_word_of_theirs_the_country_decides(
    merchant: Merchant, kind: str, channel: str, country: str, expected: str
) -> None:
    address = ANNA if channel == "email" else "+491511234567"
    assert may(merchant, kind=kind, channel=channel, country=country, address=address) == expected


def test_an_agreement_counts_where_no_confirmation_is_asked_for(merchant: Merchant) -> None:
    commands.give(merchant, "email", "ANNA@Example.com", "offers", SHOP)
    assert may(merchant, country="FR") == "consent"
    assert may(merchant, country="DE") == Reason.UNCONFIRMED
    assert may(merchant, country="FR", topic="tips") == "no_basis"
    assert may(merchant, country="FR", address="ben@example.com") == "no_basis"


def test_who_confirms_from_the_mailbox_may_be_written_to_in_germany(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    asked = commands.request(merchant, "email", ANNA, "offers", SHOP)
    assert may(merchant) == Reason.UNCONFIRMED
    given = commands.confirm(merchant, asked.pk, Said("double_opt_in", ip="198.51.100.7"))
    assert may(merchant) == "double_opt_in"
    assert (given.wording, given.wording_version, given.request_id) == ("Yes, write to me.", "3", asked.pk)
    assert bytes(given.ip_digest or b"") == commands.ip_digest("198.51.100.7")
    assert commands.confirm(merchant, asked.pk, Said("double_opt_in")).pk == given.pk
    drain_all()
    with merchant_scope(merchant):
        assert ConsentEntry.objects.count() == 2
        facts = sorted(Fact.objects.values_list("type", flat=True))
    assert facts == ["consent.given", "consent.requested"]


def test_a_request_that_somebody_made_does_not_undo_an_objection(merchant: Merchant) -> None:
    commands.object_to(merchant, "email", ANNA, "", SHOP)
    commands.request(merchant, "email", ANNA, "offers", SHOP)
    assert may(merchant) == Reason.UNSUBSCRIBED


def test_a_customer_hears_of_similar_goods_until_they_object_and_buying_again_changes_nothing(
    merchant: Merchant,
) -> None:
    commands.give(merchant, "email", ANNA, "", SHOP, basis=Basis.EXISTING_CUSTOMER)
    assert may(merchant) == may(merchant, topic="reviews", kind="service") == "existing_customer"
    assert may(merchant, country="PL") == "no_basis"
    assert may(merchant, country="CA", days=700) == "existing_customer"
    assert may(merchant, country="CA", days=740) == "no_basis"
    commands.object_to(merchant, "email", ANNA, "reviews", Said("link"))
    assert may(merchant, topic="reviews") == Reason.UNSUBSCRIBED
    assert may(merchant, topic="offers") == "existing_customer"
    commands.give(merchant, "email", ANNA, "", SHOP, basis=Basis.EXISTING_CUSTOMER)
    assert may(merchant, topic="reviews") == Reason.UNSUBSCRIBED
    assert may(merchant, kind="transactional") == "not_needed"


def test_a_sale_is_no_basis_for_text_messages(merchant: Merchant) -> None:
    number = "+491511234567"
    commands.give(merchant, "sms", number, "", SHOP, basis=Basis.EXISTING_CUSTOMER)
    assert may(merchant, channel="sms", address=number, country="FR") == "no_basis"
    commands.give(merchant, "sms", "+49 151 1234567", "offers", SHOP)
    assert may(merchant, channel="sms", address=number, country="FR") == "consent"


def test_what_a_shop_reports_late_does_not_undo_what_came_after(merchant: Merchant) -> None:
    commands.withdraw(merchant, "email", ANNA, "", Said("one_click"))
    old = Said("import", at=timezone.now() - timedelta(days=400))
    commands.give(merchant, "email", ANNA, "", old, basis=Basis.DOUBLE_OPT_IN)
    assert may(merchant) == Reason.UNSUBSCRIBED
    commands.give(merchant, "email", ANNA, "offers", SHOP, basis=Basis.DOUBLE_OPT_IN)
    assert may(merchant) == "double_opt_in"
    assert may(merchant, topic="tips") == Reason.UNSUBSCRIBED


def test_an_objection_holds_after_the_person_was_erased(merchant: Merchant) -> None:
    commands.give(merchant, "email", ANNA, "", SHOP)
    commands.object_to(merchant, "email", ANNA, "", Said("link", url="https://x.test", proof={"a": 1}))
    assert commands.erase(merchant, "Anna@example.com") == 2
    with merchant_scope(merchant):
        for row in ConsentEntry.objects.all():
            assert (row.address, row.ip_digest, row.url, row.proof) == ("", None, "", {})
    assert may(merchant) == Reason.UNSUBSCRIBED


def test_one_merchants_ledger_is_not_anothers(merchant: Merchant, stranger: Merchant) -> None:
    asked = commands.request(stranger, "email", ANNA, "", SHOP)
    commands.give(stranger, "email", ANNA, "", SHOP, basis=Basis.DOUBLE_OPT_IN)
    assert may(merchant) == "no_basis"
    with pytest.raises(NotFound):
        commands.confirm(merchant, asked.pk, SHOP)
    assert commands.erase(merchant, ANNA) == 0
    assert may(stranger) == "double_opt_in"


@pytest.mark.parametrize(
    ("address", "topic", "hours"), [("a@b, c@d", "offers", 0), (ANNA, "gossip", 0), (ANNA, "offers", 1)]
)
def test_what_makes_no_sense_is_not_noted(merchant: Merchant, address: str, topic: str, hours: int) -> None:
    said = Said("api", at=timezone.now() + timedelta(hours=hours))
    with pytest.raises(Unprocessable):
        commands.give(merchant, "email", address, topic, said)
    with merchant_scope(merchant):
        assert not ConsentEntry.objects.exists()
        assert not Fact.objects.exists()


def test_where_a_batch_stands_is_one_query(merchant: Merchant, django_assert_num_queries: Any) -> None:
    addresses = [("email", f"p{number}@example.com") for number in range(30)]
    for channel, address in addresses:
        commands.give(merchant, channel, address, "offers", SHOP)
    with merchant_scope(merchant), django_assert_num_queries(1):
        known = consents(addresses)
    now = timezone.now()
    assert all(
        isinstance(known.may_send("marketing", "offers", c, a, "FR", now), Grant) for c, a in addresses
    )


def test_stop_withdraws_in_every_shop_that_the_telephone_agreed_with(
    merchant: Merchant, stranger: Merchant
) -> None:
    number = "+15125550100"
    for shop in (merchant, stranger):
        commands.give(shop, "sms", number, "offers", SHOP)
        assert may(shop, channel="sms", address=number, country="US") == "consent"
    assert commands.stop_number("+1 512 555 0100") == 2
    for shop in (merchant, stranger):
        assert may(shop, channel="sms", address=number, country="US") == Reason.UNSUBSCRIBED
    assert commands.stop_number("+15125550199") == commands.stop_number("nobody") == 0


# --- the API -----------------------------------------------------------------------------------------


def say(api: ApiClient, **fields: Any) -> Any:
    body = {"channel": "email", "address": ANNA, "state": "given", "basis": "consent", **fields}
    return api.post("consents", body)


def test_a_shop_writes_and_reads_the_ledger(api: ApiClient, merchant: Merchant) -> None:
    made = say(api, topic="offers", wording="Yes!", ip="203.0.113.9", occurred_at="2026-01-02T10:00:00Z")
    assert made.status_code == 201
    assert (made.json()["has_ip"], made.json()["occurred_at"]) == (True, "2026-01-02T10:00:00Z")
    assert "203.0.113.9" not in made.content.decode()
    stop = say(api, state="withdrawn", basis="", source="account page").json()
    listed = api.get("consents", address="ANNA@example.com").json()["data"]
    assert [row["id"] for row in listed] == [stop["id"], made.json()["id"]]
    assert api.get(f"consents/{stop['id']}").json()["source"] == "account page"
    assert api.get("consents", state="given", topic="offers", channel="sms").json()["data"] == []
    topics = api.get("consents/standing", address=ANNA, country="fr").json()
    assert topics["rule"] == "EU"
    assert {row["topic"]: row["reason"] for row in topics["topics"]}["tips"] == "unsubscribed"
    assert api.post("consents/erase", {"address": ANNA}).json() == {"erased": 2}
    assert api.get("consents", address=ANNA).json()["data"][0]["address"] == ""
    with merchant_scope(merchant):
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions >= {"consent.given", "consent.withdrawn", "consent.erased"}


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"basis": ""}, 422, "basis"), ({"basis": "opt_out"}, 400, "basis"), ({"topic": "x"}, 400, "topic"),
        ({"address": "a@b.test\nBcc: c@d.test"}, 422, "address"), ({"country": "Germany"}, 400, "country"),
        ({"channel": "sms", "address": "0151 123"}, 422, "address"),
        ({"channel": "sms", "address": "+491511234567", "state": "requested"}, 422, "channel"),
        ({"occurred_at": "2199-01-01T00:00:00Z"}, 422, "occurred_at"),
        ({"occurred_at": "2026-01-01T00:00:00"}, 400, "occurred_at"),
    ],
)  # fmt: skip
def test_what_a_shop_says_wrongly_is_refused(
    api: ApiClient, merchant: Merchant, fields: dict[str, str], status: int, param: str
) -> None:
    answer = say(api, **fields)
    assert (answer.status_code, answer.json()["param"]) == (status, param)
    assert api.get("consents").json()["data"] == []


def test_strangers_read_and_erase_nothing(api: ApiClient, strangers_api: ApiClient) -> None:
    made = say(api).json()["id"]
    assert strangers_api.get(f"consents/{made}").status_code == 404
    assert strangers_api.get("consents", address=ANNA).json()["data"] == []
    assert strangers_api.post("consents/erase", {"address": ANNA}).json() == {"erased": 0}
    assert api.get(f"consents/{made}").json()["address"] == ANNA
