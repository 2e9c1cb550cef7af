"""Requests for reviews and surveys: when they are asked, of whom they are not, and where their answers lead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cases import commands as cases
from cases.models import CaseKind
from cases.models import Side as By
from cases.steps import Report
from merchants import commands as merchants
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications.conditions import Condition, Op
from notifications.consent import commands as consent
from notifications.consent.choices import Basis
from notifications.consent.commands import Said
from notifications.consent.rules import rules, set_rules
from notifications.followups.models import RuleKind
from notifications.models import Message
from notifications.switches import set_switch, switches
from orders.connectors.base import ShopRefund
from orders.models import Order
from orders.refunds import record_refund
from orders.schemas import LineIn
from returns import commands as returns
from returns.money.commands import confirm_refund
from returns.money.models import Refund
from returns.receiving import InspectedLine
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Side
from tests import factories
from tests.notifications.test_follow_ups import rule, tell, waiting, wants
from tests.returns.conftest import line_ids
from tests.smtp_sink import SmtpSink
from tracking.schemas import ShipmentLineIn

NOW = timezone.now()
REVIEW = "https://nordwind.test/review?o={order}&l={language}"
SURVEY = "https://nordwind.test/s/{survey}?o={order}&a={answer}"
SURVEYS = ("survey_delivery", "survey_shop", "survey_return", "survey_support")


def pages(merchant: Merchant, review: str = REVIEW, survey: str = SURVEY) -> None:
    with merchant_scope(merchant):
        now = rules()
    set_rules(merchant, replace(now, review_url=review, survey_url=survey, quiet={}, caps={}))


def agreed(merchant: Merchant, order: Order) -> None:
    consent.give(merchant, "email", order.email, "", Said("checkout"), basis=Basis.DOUBLE_OPT_IN)


def ordered(merchant: Merchant, *skus: str, locale: str = "en") -> Order:
    lines = [LineIn(title=sku, sku=sku, quantity=1, unit_price=Decimal(20), external_id=sku) for sku in skus]
    order = factories.order(merchant, locale=locale, lines=lines, placed_at=NOW - timedelta(days=6))
    agreed(merchant, order)
    return order


def delivered(merchant: Merchant, order: Order, days_ago: float, *skus: str) -> None:
    at = NOW - timedelta(days=days_ago)
    lines = [ShipmentLineIn(line=sku, quantity=1) for sku in skus]
    parcel = factories.shipment(merchant, order, shipped_at=at - timedelta(days=1), lines=lines)
    factories.scan(merchant, parcel, "delivered", at)


def days(at: datetime) -> float:
    return round((at - NOW).total_seconds() / 86400, 2)


def test_all_of_an_order_has_to_be_there_and_its_products_say_when(
    merchant: Merchant, drain_all: Callable[[], Any]
) -> None:
    wants(merchant, "review_request", "survey_delivery", "survey_shop")
    rule(merchant, RuleKind.REVIEW, "boots", 60)
    rule(merchant, RuleKind.REVIEW, "soap", 20)
    split, plain = ordered(merchant, "boots", "soap"), ordered(merchant, "cup")
    delivered(merchant, split, 4, "soap")
    drain_all()
    assert waiting(merchant) == {}
    delivered(merchant, split, 1, "boots")
    delivered(merchant, plain, 2)
    drain_all()
    found = {key: days(at) for key, at in waiting(merchant).items()}
    asked = {key: found.pop(key) for key in list(found) if key[0] == "survey_shop"}
    assert set(asked.values()) <= {28.0, 29.0}  # of two people, once a year
    assert asked
    assert found == {
        ("review_request", str(split.id)): 59.0, ("survey_delivery", str(split.id)): 1.0,
        ("review_request", str(plain.id)): 12.0, ("survey_delivery", str(plain.id)): 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_review_is_asked_for_once_on_the_shops_page(
    merchant: Merchant,
    drain_all: Callable[[], Any],
    send_all: Any,
    smtp_sink: SmtpSink,
    later: Any,
    locale: str,
) -> None:
    wants(merchant, "review_request")
    order = ordered(merchant, "cup", locale=locale)
    delivered(merchant, order, 1)
    send_all()
    smtp_sink.mails = []
    pages(merchant)
    tell(merchant, later, 20)
    send_all()
    [mail] = smtp_sink.mails
    assert f"https://nordwind.test/review?o=%23{order.number[1:]}&l={locale}" in mail.text
    assert {"en": "How do you like it?", "de": "Wie gefällt es Ihnen?"}[locale] in mail.text
    delivered(merchant, order, 0)
    drain_all()
    assert len([m for m in tell(merchant, later, 90) if m.touchpoint == "review_request"]) == 1


def test_without_a_page_nothing_is_asked_and_the_log_says_why(
    merchant: Merchant, send_all: Any, log_of: Callable[..., list[Message]], later: Any
) -> None:
    wants(merchant, "review_request", "survey_delivery")
    delivered(merchant, ordered(merchant, "cup"), 1)
    send_all()
    tell(merchant, later, 20)
    send_all()
    assert {(m.touchpoint, m.state, m.reason) for m in log_of(message_class="service")} == {
        ("review_request", "skipped", "no_page"), ("survey_delivery", "skipped", "no_page"),
    }  # fmt: skip


def test_what_is_returned_is_not_asked_about(merchant: Merchant, send_all: Any, later: Any) -> None:
    wants(merchant, "review_request")
    order = ordered(merchant, "cup")
    delivered(merchant, order, 1)
    send_all()
    wanted = RequestedReturn([RequestedLine(line_ids(order)["cup"], 1, "too_small")], method="own")
    returns.request_return(merchant, order.id, wanted, by=Side.TEAM)
    assert not [m for m in tell(merchant, later, 90) if m.touchpoint == "review_request"]


def test_the_shops_conditions_hold_for_the_order(merchant: Merchant, send_all: Any, later: Any) -> None:
    with merchant_scope(merchant):
        switch = switches(["survey_delivery"])["survey_delivery"]
    asked = (Condition("sku", Op.IS, ("cup",)),)
    set_switch(
        merchant, "survey_delivery", replace(switch, is_on=True, channels=("email",), conditions=asked)
    )
    for sku in ("cup", "pot"):
        delivered(merchant, ordered(merchant, sku), 1)
    send_all()
    [message] = [m for m in tell(merchant, later, 20) if m.touchpoint == "survey_delivery"]
    with merchant_scope(merchant):
        assert message.order is not None
        assert message.order.lines.get().sku == "cup"


@pytest.mark.parametrize("locale", ["en", "de"])
def test_surveys_follow_a_delivery_a_return_and_an_answer(
    merchant: Merchant, send_all: Any, smtp_sink: SmtpSink, later: Any, locale: str
) -> None:
    wants(merchant, *SURVEYS)
    pages(merchant)
    order, second = ordered(merchant, "cup", "pot", locale=locale), ordered(merchant, "hat", locale=locale)
    for each in (order, second):
        delivered(merchant, each, 1)
    wanted = RequestedReturn([RequestedLine(line_ids(order)["cup"], 1, "too_small")], method="own")
    ret = returns.request_return(merchant, order.id, wanted, by=Side.TEAM)
    returns.approve(merchant, ret.id)
    returns.receive(merchant, ret.id)
    with merchant_scope(merchant):
        line = ret.lines.get()
    returns.inspect(merchant, ret.id, [InspectedLine(line.id, 1, "good", "A", "restock", "")])
    with merchant_scope(merchant):
        refund = Refund.objects.get()
    confirm_refund(merchant, refund.pk)
    told = ShopRefund(external_id="R1", order_external_id="", amount=Decimal(20))
    with merchant_transaction(merchant):
        record_refund(merchant, Order.objects.get(pk=order.pk), told, notify=True)
    case = cases.open_case(merchant, second.id, None, Report(CaseKind.DAMAGED, "Where is the manual?"))
    cases.answer(merchant, case.id, "Here.")
    cases.close(merchant, case.id, side=By.TEAM)
    send_all()
    send_all()
    later(timedelta(days=2))
    send_all()
    smtp_sink.mails = [mail for mail in smtp_sink.mails if "nordwind.test/s/" in mail.text]
    [returned] = [mail for mail in smtp_sink.mails if "/s/return" in mail.text]
    [helped] = [mail for mail in smtp_sink.mails if "/s/support" in mail.text]
    number = order.number.replace("#", "%23")
    best, worst = {"en": ("Very easy", "Very difficult"), "de": ("Sehr einfach", "Sehr schwierig")}[locale]
    assert f"{best}: https://nordwind.test/s/return?o={number}&a=5" in returned.text
    assert f"{worst}: https://nordwind.test/s/return?o={number}&a=1" in returned.text
    assert ret.number in returned.text
    assert [helped.text.count(f"&a={answer}") for answer in range(1, 6)] == [1] * 5


def test_the_pages_are_said_among_the_rules(merchant: Merchant) -> None:
    client, url = Client(), "/app/nordwind/settings/message_rules/"
    member = merchants.add_member(merchant, email="o@nordwind.test", password="x" * 12, role="owner")
    client.force_login(member.user)
    given = {"topics": ["tips", "reviews"], "review_url": REVIEW, "survey_url": "https://nordwind.test/s"}
    page = client.post(url, given)
    assert page.status_code == 422
    assert "it says which answer was chosen" in page.content.decode()
    assert client.post(url, {**given, "survey_url": "javascript:alert({answer})"}).status_code == 422
    assert client.post(url, {**given, "survey_url": SURVEY}).status_code == 302
    with merchant_scope(merchant):
        assert (rules().review_url, rules().survey_url) == (REVIEW, SURVEY)
    assert "{answer}" in client.get(url).content.decode()
