"""What a merchant sets on a touchpoint is what happens: moment, conditions, channels in order, reminder, versions."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_scope
from notifications import clocks
from notifications.choices import Reach
from notifications.conditions import Condition, Op
from notifications.models import EventKind, Message, MessageEvent, SuppressionReason, TouchpointVersion
from notifications.suppressions import suppress
from notifications.switches import Switch, as_built, set_switch, switches
from orders.schemas import CustomerIn
from tests import factories
from tests.notifications.twilio_sink import TwilioSink
from tests.smtp_sink import SmtpSink

Work = Callable[[], None]
Log = Callable[..., list[Message]]
DELIVERED, CONFIRMATION = "shipment_delivered", "order_confirmation"
REACHABLE = CustomerIn(email="anna@example.test", phone="+4915112345678", sms_consent=True)


def conditions(*rows: tuple[str, str, str]) -> tuple[Condition, ...]:
    return tuple(Condition(field, Op(op), tuple(values.split(","))) for field, op, values in rows)


@pytest.mark.parametrize(
    ("start", "delay", "at", "zone", "expected"),
    [
        # Three days after an evening, at ten o'clock there.
        ("2026-05-01T20:30Z", timedelta(days=3), time(10), "Europe/Berlin", "2026-05-04T08:00Z"),
        # The same moment is another day in Los Angeles than in Auckland.
        ("2026-05-01T20:30Z", timedelta(days=1), time(10), "America/Los_Angeles", "2026-05-02T17:00Z"),
        ("2026-05-01T20:30Z", timedelta(days=1), time(10), "Pacific/Auckland", "2026-05-02T22:00Z"),
        # Across the change to summer time, and at an hour that there is not on that day.
        ("2026-03-28T12:00Z", timedelta(days=1), time(10), "Europe/Berlin", "2026-03-29T08:00Z"),
        ("2026-03-28T12:00Z", timedelta(days=1), time(2, 30), "Europe/Berlin", "2026-03-29T01:30Z"),
        # At the next ten o'clock; it is just ten; two hours later at the earliest.
        ("2026-05-01T07:59Z", timedelta(), time(10), "Europe/Berlin", "2026-05-01T08:00Z"),
        ("2026-05-01T08:00Z", timedelta(), time(10), "Europe/Berlin", "2026-05-01T08:00Z"),
        ("2026-05-01T07:00Z", timedelta(hours=2), time(10), "Europe/Berlin", "2026-05-02T08:00Z"),
        ("2026-05-01T07:00Z", timedelta(hours=2), None, "Europe/Berlin", "2026-05-01T09:00Z"),
    ],
)  # fmt: skip
def test_a_moment_is_on_the_shoppers_clock(
    start: str, delay: timedelta, at: time | None, zone: str, expected: str
) -> None:
    found = clocks.moment(datetime.fromisoformat(start), delay, at, ZoneInfo(zone))
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("country", "postcode", "zone"),
    [
        ("US", "10001", "America/New_York"), ("US", "94105-1804", "America/Los_Angeles"),
        ("US", "60601", "America/Chicago"), ("US", "80202", "America/Denver"), ("US", "85001", "America/Phoenix"),
        ("US", "96813", "Pacific/Honolulu"), ("US", "99501", "America/Anchorage"), ("US", "33101", "America/New_York"),
        ("US", "", "Europe/Berlin"), ("CA", "V5K 0A1", "America/Vancouver"), ("CA", "h2y1c6", "America/Toronto"),
        ("AU", "6000", "Australia/Perth"), ("ES", "38001", "Atlantic/Canary"), ("ES", "28001", "Europe/Madrid"),
        ("GB", "SW1A 1AA", "Europe/London"), ("", "", "Europe/Berlin"), ("XX", "1", "Europe/Berlin"),
    ],
)  # fmt: skip
def test_the_clock_is_that_of_the_postcode_else_of_the_shop(country: str, postcode: str, zone: str) -> None:
    assert str(clocks.zone_of(Merchant(timezone="Europe/Berlin"), country, postcode)) == zone


def test_a_message_waits_for_its_day_and_hour(merchant: Merchant, drain_all: Work, log_of: Log) -> None:
    set_switch(merchant, DELIVERED, Switch(delay=timedelta(days=3), at=time(10)))
    parcel = factories.shipment(merchant, factories.order(merchant))
    at = datetime.now(UTC)
    factories.scan(merchant, parcel, "delivered", at)
    drain_all()
    [message] = log_of(touchpoint=DELIVERED)
    zone = ZoneInfo("Europe/Berlin")
    local = message.due_at.astimezone(zone)  # type: ignore[union-attr]
    assert (local.date() - at.astimezone(zone).date(), local.time()) == (timedelta(days=3), time(10))
    assert message.plan == {"version": 1, "at": "10:00", "zone": "Europe/Berlin"}


def test_conditions_that_are_not_met_are_a_reason(
    merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    set_switch(merchant, CONFIRMATION, Switch(conditions=conditions(("order_value", "at_least", "100"))))
    factories.order(merchant)
    factories.order(merchant, quantity=2)
    send_all()
    small, large = log_of()
    assert (small.state, small.reason, large.state) == ("skipped", "condition", "sent")
    assert small.plan["conditions"][0]["found"] == "89.0000"
    assert len(smtp_sink.mails) == 1


def test_what_changes_meanwhile_is_decided_when_it_goes_out(
    merchant: Merchant, send_all: Work, log_of: Log, later: Any, smtp_sink: SmtpSink
) -> None:
    """A win-back: three days after the order, unless something was ordered again."""
    set_switch(
        merchant, CONFIRMATION,
        Switch(delay=timedelta(days=3), conditions=conditions(("ordered_again", "is", "no"))),
    )  # fmt: skip
    first = factories.order(merchant, email="anna@example.test")
    alone = factories.order(merchant)
    send_all()
    assert {m.state for m in log_of()} == {"planned"}
    set_switch(
        merchant, CONFIRMATION, Switch(delay=timedelta(days=30))
    )  # what is under way keeps its conditions
    factories.order(merchant, email="anna@example.test")
    later(timedelta(days=3, minutes=1))
    send_all()
    assert [m.reason for m in log_of(order=first)] == ["condition"]
    assert [mail.recipients for mail in smtp_sink.mails] == [[alone.email]]


def test_any_fact_may_set_off_a_message(merchant: Merchant, send_all: Work, smtp_sink: SmtpSink) -> None:
    set_switch(merchant, CONFIRMATION, Switch(trigger=("shipment.shipped",)))
    order = factories.order(merchant)
    send_all()
    assert smtp_sink.mails == []
    factories.shipment(merchant, order)
    send_all()
    assert sum("Thank you for your order" in mail.text for mail in smtp_sink.mails) == 1


# --- channels in order ---


def test_the_first_channel_that_can_be_reached_is_the_only_one(
    merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink, twilio_sink: TwilioSink
) -> None:
    set_switch(merchant, CONFIRMATION, Switch(channels=("sms", "email"), reach=Reach.FIRST))
    factories.order(merchant, customer=REACHABLE)
    without = factories.order(merchant)
    send_all()
    assert len(twilio_sink.messages) == 1
    assert [mail.recipients for mail in smtp_sink.mails] == [[without.email]]
    assert len(log_of()) == 2


def test_a_channel_that_fails_hands_on_to_the_next_once(
    merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink, twilio_sink: TwilioSink
) -> None:
    set_switch(merchant, CONFIRMATION, Switch(channels=("email", "sms"), reach=Reach.FIRST))
    suppress(merchant, "email", "anna@example.test", SuppressionReason.MANUAL)
    factories.order(merchant, customer=REACHABLE)
    send_all()
    send_all()
    assert [(m.channel, m.state, m.reason) for m in log_of()] == [
        ("email", "skipped", "suppressed"), ("sms", "sent", ""),
    ]  # fmt: skip
    assert (len(twilio_sink.messages), smtp_sink.mails) == (1, [])


# --- reminders ---


@pytest.mark.parametrize("reaction", ["", "opened"])
def test_a_reminder_comes_once_unless_there_was_a_reaction(
    merchant: Merchant, send_all: Work, log_of: Log, later: Any, smtp_sink: SmtpSink, reaction: str
) -> None:
    set_switch(merchant, CONFIRMATION, Switch(remind_days=5, channels=("email",)))
    factories.order(merchant)
    send_all()
    first, planned = log_of()
    assert planned.due_at.date() - first.sent_at.date() == timedelta(days=5)  # type: ignore[union-attr]
    if reaction:
        with merchant_scope(merchant):
            MessageEvent.objects.create(
                merchant=merchant, message=first, kind=EventKind.OPENED, key=b"k",
                occurred_at=first.sent_at, received_at=first.sent_at,
            )  # fmt: skip
    for _ in range(3):
        later(timedelta(days=5, minutes=1))
        send_all()
    assert len(smtp_sink.mails) == (1 if reaction else 2)
    assert [m.reason for m in log_of()] == ["", "reacted" if reaction else ""]


# --- versions ---


def test_every_change_is_a_version_and_nothing_is_none(merchant: Merchant) -> None:
    set_switch(merchant, CONFIRMATION, Switch(delay=timedelta(hours=1)), based_on=0)
    assert set_switch(merchant, CONFIRMATION, Switch(delay=timedelta(hours=1)), based_on=1) is None
    set_switch(merchant, CONFIRMATION, Switch(delay=timedelta(hours=2)))
    with pytest.raises(Conflict):
        set_switch(merchant, CONFIRMATION, Switch(delay=timedelta(hours=3)), based_on=1)
    with merchant_scope(merchant):
        assert list(TouchpointVersion.objects.order_by("number").values_list("number", "is_current")) == [
            (1, False), (2, True),
        ]  # fmt: skip
        assert switches([CONFIRMATION])[CONFIRMATION].delay == timedelta(hours=2)
        assert switches([DELIVERED])[DELIVERED] == as_built(DELIVERED)
        assert AuditEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("switch", "param"),
    [
        (Switch(trigger=("message.sent",)), "trigger"), (Switch(trigger=("no.such",)), "trigger"),
        (Switch(remind_days=91), "remind_days"), (Switch(holdout=51), "holdout"),
        (Switch(channels=("email", "email")), "channels"), (Switch(channels=("pigeon",)), "channels"),
        (Switch(conditions=conditions(("country", "below", "DE"))), "conditions[0]"),
        (Switch(conditions=conditions(*[("country", "is", "DE")] * 13)), "conditions"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(merchant: Merchant, switch: Switch, param: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        set_switch(merchant, CONFIRMATION, switch)
    assert refused.value.param == param
    with merchant_scope(merchant):
        assert not TouchpointVersion.objects.exists()
