"""What shoppers are told about a return, step by step, in their language; and what the buyer of a present is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.about_returns import about_returns
from notifications.context import load
from notifications.models import Message
from orders.models import Order, Product, Variant
from returns import commands, exchange_commands
from returns.logistics import labelling
from returns.models import Return
from returns.money.commands import confirm_refund
from returns.money.models import Refund
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Side
from tests.returns.conftest import delivered, line_ids, rules
from tests.smtp_sink import Mail, SmtpSink

SUBJECTS = {
    "en": {
        "asked_for": "We have your return", "question": "A question about your return",
        "approved": "Approved: your return", "on_its_way": "On its way to us", "received": "Received",
        "refund": "You get €89.00 back", "paid": "€89.00 has been sent back", "no": "could not approve",
        "cancelled": "Cancelled: your return", "expiring": "Please send your return", "expired": "is over",
        "pay": "Please pay €60.00", "sends": "We’re sending your exchange", "sold_out": "Sold out",
        "credit": "€89.00 of store credit", "label": "Your label for",
    },
    "de": {
        "asked_for": "ist angemeldet", "question": "Eine Frage zu Ihrer", "approved": "Genehmigt: Ihre",
        "on_its_way": "Unterwegs zu uns", "received": "Angekommen", "refund": "Sie bekommen 89,00 € zurück",
        "paid": "89,00 € sind auf dem Weg", "no": "wurde nicht genehmigt", "cancelled": "Storniert: Ihre",
        "expiring": "Bitte schicken Sie", "expired": "ist abgelaufen", "pay": "Bitte zahlen Sie 60,00 €",
        "sends": "Wir schicken Ihren Umtausch", "sold_out": "Ausverkauft", "credit": "89,00 € Guthaben",
        "label": "Ihr Etikett für",
    },
}  # fmt: skip
both = pytest.mark.parametrize("locale", ["en", "de"])


class Shopper:
    """Whoever reads what becomes of a return."""

    def __init__(self, merchant: Merchant, send_all: Callable[[], None], sink: SmtpSink) -> None:
        self.merchant, self.send_all, self.sink, self.locale = merchant, send_all, sink, "en"

    def order(self, locale: str = "en", **standard: Any) -> Order:
        self.locale = locale
        rules(self.merchant, **standard)
        order = delivered(self.merchant, locale=locale)
        self.mails()
        return order

    def ask(self, order: Order, by: Side = Side.SHOPPER, **fields: Any) -> Return:
        more = {name: fields.pop(name) for name in ("gift", "gift_email") if name in fields}
        line = RequestedLine(line_ids(order)["L1"], 1, "too_small")
        wanted = RequestedReturn([replace(line, **fields)], method="own", **more)
        return commands.request_return(self.merchant, order.id, wanted, by=by)

    def mails(self) -> list[Mail]:
        self.send_all()
        self.send_all()  # facts that were recorded by a subscriber
        mails, self.sink.mails = self.sink.mails, []
        return mails

    def reads(self, *told: str) -> list[Mail]:
        """Each of these mails came once, in this order, and nothing else."""
        mails = self.mails()
        plain = [mail.subject.replace("\xa0", " ") for mail in mails]
        assert len(plain) == len(told), plain
        for name in told:
            assert sum(SUBJECTS[self.locale][name] in subject for subject in plain) == 1, (name, plain)
        assert all(f'lang="{self.locale}"' in mail.html for mail in mails)
        return mails


@pytest.fixture
def shopper(merchant: Merchant, send_all: Callable[[], None], smtp_sink: SmtpSink) -> Shopper:
    return Shopper(merchant, send_all, smtp_sink)


@both
def test_each_step_is_told_once(shopper: Shopper, merchant: Merchant, locale: str) -> None:
    order = shopper.order(locale, refund_trigger="receipt")
    ret = shopper.ask(order)
    [mail] = shopper.reads("asked_for")
    page = f"returns/{public_id('ret', ret.id)}/"
    assert mail.recipients == [order.email]
    assert "/o/" in mail.text
    assert page in mail.text
    assert "1 × Sweater" in mail.text
    commands.ask(merchant, ret.id, "Which size <b>would</b> fit?")
    [mail] = shopper.reads("question")
    assert "Which size <b>would</b> fit?" in mail.text
    assert "<b>would" not in mail.html
    commands.approve(merchant, ret.id)
    commands.approve(merchant, ret.id)
    [mail] = shopper.reads("approved")
    assert ret.number in mail.text
    assert merchant.name in mail.text
    commands.mark_sent(merchant, ret.id)
    shopper.reads("on_its_way")
    commands.receive(merchant, ret.id)
    shopper.reads("received", "refund")
    with merchant_scope(merchant):
        refund = Refund.objects.get()
    confirm_refund(merchant, refund.pk, reference="re_1")
    [mail] = shopper.reads("paid")
    assert page in mail.text


@both
def test_a_label_is_told_when_it_is_there(shopper: Shopper, merchant: Merchant, locale: str) -> None:
    ret = shopper.ask(shopper.order(locale), by=Side.TEAM)
    labelling.supply(merchant, ret.id, b"%PDF-1.4 label")
    shopper.reads("approved", "label")


@both
def test_a_refusal_says_why(shopper: Shopper, merchant: Merchant, locale: str) -> None:
    ret = shopper.ask(shopper.order(locale))
    commands.reject(merchant, ret.id, "It was worn.")
    [mail] = shopper.reads("no")  # that it had been asked for is overtaken by now
    assert "It was worn." in mail.text


@both
def test_a_cancelled_one_is_told(shopper: Shopper, merchant: Merchant, locale: str) -> None:
    ret = shopper.ask(shopper.order(locale))
    commands.cancel(merchant, ret.id, by=Side.SHOPPER)
    shopper.reads("cancelled")


@both
def test_some_days_before_its_time_is_over_and_when_it_is(
    shopper: Shopper, merchant: Merchant, locale: str, later: Callable[[timedelta], None]
) -> None:
    ret = shopper.ask(shopper.order(locale), by=Side.TEAM)
    shopper.reads("approved")
    later(timedelta(days=22))
    shopper.reads()
    later(timedelta(days=2))
    shopper.reads("expiring")
    later(timedelta(days=5))
    commands.expire(merchant, ret.id)
    shopper.reads("expired")


def test_who_sent_it_is_not_reminded(
    shopper: Shopper,
    merchant: Merchant,
    later: Callable[[timedelta], None],
    log_of: Callable[..., list[Message]],
) -> None:
    ret = shopper.ask(shopper.order(), by=Side.TEAM)
    commands.mark_sent(merchant, ret.id)
    shopper.reads("approved", "on_its_way")
    later(timedelta(days=24))
    shopper.reads()
    assert [m.reason for m in log_of(touchpoint="return_expiring")] == ["overtaken"]


@both
def test_an_exchange_that_costs_more_is_paid_and_sent(
    shopper: Shopper, merchant: Merchant, locale: str
) -> None:
    sell_coats(merchant)
    ret = shopper.ask(
        shopper.order(locale), by=Side.TEAM, resolution="exchange_other", exchange_variant="v-COAT"
    )
    shopper.reads("approved")
    exchange_commands.set_payment_link(merchant, ret.id, "https://pay.example.test/1")
    [mail] = shopper.reads("pay")
    assert "https://pay.example.test/1" in mail.html
    exchange_commands.mark_paid(merchant, ret.id, reference="p1")
    commands.receive(merchant, ret.id)
    shopper.reads("received", "sends")
    exchange_commands.mark_sold_out(merchant, ret.id)
    assert any(SUBJECTS[locale]["sold_out"] in mail.subject for mail in shopper.mails())


@both
def test_a_present_is_told_to_who_returns_it_and_never_to_who_bought_it(
    shopper: Shopper, merchant: Merchant, locale: str, log_of: Callable[..., list[Message]]
) -> None:
    order = shopper.order(locale, refund_trigger="receipt")
    before = len(log_of(recipient=order.email))
    ret = shopper.ask(
        order, by=Side.TEAM, resolution="store_credit", gift=True, gift_email="ben@example.test"
    )
    commands.receive(merchant, ret.id)
    mails = shopper.reads("approved", "received", "credit")
    assert {tuple(mail.recipients) for mail in mails} == {("ben@example.test",)}
    assert all(order.first_name not in mail.text for mail in mails)
    assert len(log_of(recipient=order.email)) == before


def test_many_are_loaded_in_as_many_queries_as_one(
    shopper: Shopper, merchant: Merchant, drain_all: Callable[[], int], log_of: Callable[..., list[Message]]
) -> None:
    order = shopper.order()
    for _ in range(2):
        shopper.ask(order, by=Side.TEAM)
    drain_all()
    approved = log_of(touchpoint="return_approved")
    assert len(approved) == 2
    counts = []
    with merchant_scope(merchant):
        for some in (approved[:1], approved):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                load(merchant, some)
            counts.append(len(queries))
        with CaptureQueriesContext(connection) as none:
            assert about_returns({}) == {}
    assert counts[0] == counts[1]
    assert len(none) == 0


def sell_coats(merchant: Merchant) -> None:
    now = timezone.now()
    with merchant_scope(merchant):
        coat = Product.objects.create(
            merchant=merchant, external_id="Coat", title="Coat", created_at=now, updated_at=now
        )
        Variant.objects.create(
            merchant=merchant, product=coat, external_id="v-COAT", position=0, sku="COAT", title="T",
            price=Decimal(149), currency="EUR", inventory_quantity=5,
        )  # fmt: skip
