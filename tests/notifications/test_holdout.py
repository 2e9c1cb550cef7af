"""The holdout: the same few for ever, chosen by chance, of messages that may be kept from somebody."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from events.models import Fact
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications import planning
from notifications.consent import commands
from notifications.consent.choices import Basis
from notifications.consent.commands import Said
from notifications.holdout import is_held_out, percent_of
from notifications.models import Channel, Message, MessageClass
from notifications.switches import Switch, set_switch
from notifications.touchpoints import TOUCHPOINTS
from orders.customers import put_customer
from orders.models import Customer, Order
from orders.schemas import CustomerIn
from tests.smtp_sink import SmtpSink

Log = Callable[..., list[Message]]
Work = Callable[[], Any]
SHOP = UUID(int=7)


def shopper(number: int, shop: UUID = SHOP) -> Customer:
    return Customer(id=UUID(int=number), merchant_id=shop)


def held(touchpoint: str, percent: float, shop: UUID = SHOP, people: int = 20_000) -> set[int]:
    return {number for number in range(people) if is_held_out(touchpoint, shopper(number, shop), percent)}


class TestChance:
    def test_the_holdout_has_the_size_that_was_asked_for(self) -> None:
        # 20,000 shoppers, 5 %: a standard deviation is 31.
        assert abs(len(held("care_guide", 5)) - 1000) < 4 * 31
        assert held("care_guide", 0) == set()
        assert len(held("care_guide", 100, people=100)) == 100

    def test_a_larger_share_only_adds_people(self) -> None:
        assert held("care_guide", 2) < held("care_guide", 5) < held("care_guide", 20)

    def test_touchpoints_and_shops_hold_out_different_people(self) -> None:
        both = held("care_guide", 5) & held("win_back", 5)
        assert 20 < len(both) < 90  # 5 % of 5 % of 20,000 are 50.
        assert 20 < len(held("care_guide", 5) & held("care_guide", 5, shop=UUID(int=8))) < 90

    def test_a_shopper_stays_who_they_are_from_order_to_order(self) -> None:
        for number in range(200):
            orders = [Order(id=uuid7(), merchant_id=SHOP, customer_id=UUID(int=number)) for _ in range(2)]
            answers = {is_held_out("care_guide", about, 30) for about in (shopper(number), *orders)}
            assert len(answers) == 1

    def test_whoever_has_no_customers_row_is_known_by_address(self) -> None:
        for number in range(200):
            email = f"a{number}@example.test"
            orders = [Order(id=uuid7(), merchant_id=SHOP, email=way) for way in (email, email.upper())]
            assert len({is_held_out("care_guide", order, 30) for order in orders}) == 1

    def test_only_service_and_marketing_are_ever_held_out(self, settings: Any) -> None:
        settings.HOLDOUT_PERCENT = 5
        assert {kind: percent_of(kind) for kind in MessageClass.values} == {
            "transactional": 0, "legal": 0, "service": 5, "marketing": 5,
        }  # fmt: skip
        assert percent_of(MessageClass.TRANSACTIONAL, 20) == 0
        assert percent_of(MessageClass.MARKETING, 20) == 20
        assert percent_of(MessageClass.MARKETING, 0) == 0


def planned(merchant: Merchant, count: int, message_class: str) -> list[Message]:
    set_switch(merchant, "welcome", Switch())
    people = [
        put_customer(merchant, CustomerIn(email=f"anna{n}@example.test", locale="en"))[0]
        for n in range(count)
    ]
    for one in people:
        commands.give(merchant, "email", one.email, "", Said("test"), basis=Basis.DOUBLE_OPT_IN)
    with merchant_transaction(merchant):
        messages = [
            planning.plan_for_customer(merchant, one, TOUCHPOINTS["welcome"], Channel.EMAIL, moment="first")
            for one in people
        ]
        for message in messages:
            message.message_class = message_class
        planning.store(messages)
    return messages


class TestSending:
    def test_the_held_out_get_nothing_and_it_is_written_down(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink, settings: Any
    ) -> None:
        settings.HOLDOUT_PERCENT = 50
        planned(merchant, 30, MessageClass.SERVICE)
        send_all()
        send_all()
        rows = log_of()
        kept = {m.recipient for m in rows if (m.state, m.reason) == ("skipped", "holdout")}
        sent = {m.recipient for m in rows if (m.state, m.reason) == ("sent", "")}
        assert len(kept) + len(sent) == 30
        assert kept
        assert sent == {address for mail in smtp_sink.mails for address in mail.recipients}
        with merchant_scope(merchant):
            told = Fact.objects.filter(type="message.skipped").values_list("data__reason", flat=True)
            assert list(told) == ["holdout"] * len(kept)

    @pytest.mark.parametrize("message_class", [MessageClass.TRANSACTIONAL, MessageClass.LEGAL])
    def test_what_is_needed_is_kept_from_nobody(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink, settings: Any,
        message_class: str,
    ) -> None:  # fmt: skip
        settings.HOLDOUT_PERCENT = 50
        planned(merchant, 12, message_class)
        send_all()
        assert {(m.state, m.reason) for m in log_of()} == {("sent", "")}

    def test_whoever_would_not_have_got_it_anyway_is_not_counted_as_held_out(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink, settings: Any
    ) -> None:
        settings.HOLDOUT_PERCENT = 50
        planned(merchant, 12, MessageClass.SERVICE)
        set_switch(merchant, "welcome", Switch(is_on=False))
        send_all()
        assert {(m.state, m.reason) for m in log_of()} == {("skipped", "switched_off")}
        assert smtp_sink.mails == []
