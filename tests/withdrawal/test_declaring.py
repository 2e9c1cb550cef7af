"""Declaring a withdrawal on the portal: recorded first, refused never, and the answer tells a stranger nothing."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from notifications.models import Message
from notifications.sending import send_due
from orders.models import Order
from orders.queries import token_of
from returns.withdrawal.models import ChainEntry, Status, Withdrawal
from tests import factories
from tests.smtp_sink import SmtpSink

FORM = "/p/nordwind/withdraw/"
Drain = Callable[[], int]


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return factories.order(merchant, email="anna@example.test", quantity=3)


@pytest.fixture
def client() -> Client:
    return Client()


def typed(order: Order, **fields: Any) -> dict[str, Any]:
    return {"name": "Anna Weber", "contract": order.number, "email": "anna@example.test", **fields}


def declared() -> list[Withdrawal]:
    with platform_scope("reading in a test"):
        return list(Withdrawal.objects.select_related("merchant").order_by("created_at", "id"))


def facts(drain_all: Drain) -> list[str]:
    drain_all()
    drain_all()  # what a subscriber told itself
    with platform_scope("reading in a test"):
        return [f.type for f in Fact.objects.order_by("position") if f.type.startswith("withdrawal.")]


def test_a_guest_withdraws_and_has_the_receipt_at_once_on_the_page_and_by_mail(
    order: Order, client: Client, drain_all: Drain, smtp_sink: SmtpSink
) -> None:
    before = datetime.now(UTC)
    sent = client.post(FORM, typed(order), headers={"accept-language": "de"})
    [row] = declared()
    assert before < row.declared_at < datetime.now(UTC)
    assert (row.status, row.order_id, row.is_whole) == (Status.UNMATCHED, None, True)
    assert sent.status_code == 303
    page = client.get(sent["Location"], headers={"accept-language": "de"}).content.decode()
    for part in ("Anna Weber", order.number, row.number, f'datetime="{row.declared_at.isoformat()}"'):
        assert part in page
    assert facts(drain_all) == ["withdrawal.declared", "withdrawal.matched"]
    send_due()
    receipt = next(mail for mail in smtp_sink.mails if mail.recipients == ["anna@example.test"])
    assert receipt.subject == f"Ihr Widerruf {row.number} ist eingegangen"
    assert "Sie bestätigt den Eingang und nichts weiter." in receipt.text
    assert row.declared_at.strftime("%Y") in receipt.text
    assert sent["Location"] in receipt.text
    with platform_scope("reading in a test"):
        digest = bytes(ChainEntry.objects.get(kind="declared").digest).hex()
        assert Message.objects.get(touchpoint="withdrawal_receipt").message_class == "legal"
    assert digest in receipt.text.replace(" ", "")
    notice = next(mail for mail in smtp_sink.mails if mail.recipients == ["hallo@nordwind.test"])
    assert row.number in notice.subject
    [row] = declared()
    assert (row.status, row.order_id, row.finding) == (Status.OPEN, order.id, "in_time")
    assert row.refund_due_at == row.declared_at + timedelta(days=14)


def test_a_stranger_who_guesses_a_number_sees_what_one_sees_who_made_it_up(
    order: Order, client: Client, drain_all: Drain
) -> None:
    """Complaint 3. R24: the same status, the same page but for what was typed, however true it is."""
    pages = []
    for number, email in ((order.number, "mallory@example.test"), ("#99999", "mallory@example.test")):
        sent = client.post(FORM, typed(order, contract=number, email=email))
        page = client.get(sent["Location"]).content.decode()
        row = declared()[-1]
        for own in (row.number, number, sent["Location"], row.declared_at.isoformat()):
            page = page.replace(own, "")
        page = re.sub(r'nonce="[^"]*"|<time.*?</time>|<dd class="number small">.*?</dd>', "", page)
        pages.append((sent.status_code, page))
    assert pages[0] == pages[1]
    drain_all()
    assert [row.status for row in declared()] == ["unmatched", "unmatched"]
    assert [row.order_id for row in declared()] == [None, None]


@pytest.mark.parametrize(
    ("fields", "mark"),
    [
        ({"email": "not an address"}, ""),
        ({"contract": "no such order"}, ""),
        ({"name": "", "email": ""}, ""),
        ({"website": "https://spam.test"}, "trap"),
        ({"name": "A" * 5000, "contract": "\0#1"}, ""),
    ],
)
def test_nothing_that_is_typed_is_refused(
    order: Order, client: Client, drain_all: Drain, fields: dict[str, str], mark: str
) -> None:
    sent = client.post(FORM, typed(order, **fields))
    assert sent.status_code == 303
    [row] = declared()
    assert row.marks == ([mark] if mark else [])
    assert client.get(sent["Location"]).status_code == 200
    drain_all()


def test_the_eleventh_of_an_hour_is_recorded_too_and_the_address_is_not_flooded(
    order: Order, client: Client, drain_all: Drain
) -> None:
    for _ in range(11):
        assert client.post(FORM, typed(order)).status_code == 303
    drain_all()
    rows = declared()
    assert [row.marks for row in rows] == [[]] * 5 + [["often", "flood"]] * 6
    with platform_scope("reading in a test"):
        receipts = Message.objects.filter(touchpoint="withdrawal_receipt")
        assert sorted(receipts.values_list("reason", flat=True)) == [""] * 5 + ["flood"] * 6


def test_a_form_from_another_page_or_sent_in_an_instant_is_recorded_with_a_mark(
    order: Order, client: Client
) -> None:
    shown = re.search(r'name="shown" value="([^"]+)"', client.get(FORM).content.decode())
    assert shown
    client.post(FORM, typed(order, shown=shown[1]), headers={"origin": "https://shop.test"})
    assert declared()[0].marks == ["fast", "foreign"]


def test_looking_changes_nothing(order: Order, client: Client, drain_all: Drain) -> None:
    """R23: programs that open every link of a mail declare nothing."""
    own = f"/p/nordwind/o/{token_of(order)}/withdraw/"
    for path in (FORM, own):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert client.post(FORM, {}).status_code == 422
    assert declared() == []
    assert facts(drain_all) == []


def test_the_orders_link_fills_the_form_in_and_proves_the_order(
    merchant: Merchant, order: Order, client: Client, drain_all: Drain
) -> None:
    """Complaint 4: nothing has to be typed; a link that opens nothing leads to the empty form all the same."""
    own = f"/p/nordwind/o/{token_of(order)}/withdraw/"
    page = client.get(own).content.decode()
    for part in ("Withdraw from contract", "Confirm withdrawal", 'value="Anna Weber"', order.number):
        assert part in page
    assert "anna@example.test" in page
    with merchant_scope(merchant):
        line = order.lines.get()
    nothing_chosen = client.post(own, typed(order, scope="part"))
    assert nothing_chosen.status_code == 422
    assert declared() == []
    part = {"scope": "part", "line": str(line.id), f"count-{line.id}": "2", "email": "else@example.test"}
    assert client.post(own, typed(order, **part)).status_code == 303
    [row] = declared()
    assert (row.status, row.order_id, row.is_whole, row.source) == ("open", order.id, False, "link")
    with merchant_scope(merchant):
        assert [(each.line_id, each.quantity) for each in row.lines.all()] == [(line.id, 2)]
    assert facts(drain_all) == ["withdrawal.declared", "withdrawal.matched"]


def test_a_link_that_opens_nothing_still_leads_to_the_form(merchant: Merchant, client: Client) -> None:
    assert 'action="/p/nordwind/withdraw/"' in client.get("/p/nordwind/o/nothing/withdraw/").content.decode()


def test_every_page_of_the_portal_leads_there(order: Order, client: Client) -> None:
    """Complaint 1: it is there by itself, in both languages, and only the merchant turns it off."""
    token = token_of(order)
    for path in ("", "link/", f"t/{token}/", f"o/{token}/", "t/nothing/", "nowhere/", "withdraw/"):
        page = client.get(f"/p/nordwind/{path}", headers={"accept-language": "de"}).content.decode()
        footer = page[page.index("<footer>") :]
        assert '<a href="/p/nordwind/withdraw/">' in footer
        assert "Vertrag widerrufen" in footer or "Withdraw from contract" in footer
    Merchant.objects.update(withdrawal_for="off")
    assert client.get(FORM).status_code == 404
    assert client.post(FORM, typed(order)).status_code == 404
    assert "withdraw" not in client.get("/p/nordwind/").content.decode()


def test_what_is_in_the_chain_cannot_be_changed_in_the_database(order: Order, client: Client) -> None:
    client.post(FORM, typed(order))
    with (
        platform_scope("changing in a test"),
        pytest.raises(IntegrityError, match="written once"),
        transaction.atomic(),
    ):
        ChainEntry.objects.update(recorded_at=timezone.now())
