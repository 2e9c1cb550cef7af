"""What the class of a message decides at the moment of sending: consent, caps, quiet hours, and peace."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases import commands as cases
from cases.models import CaseKind
from cases.steps import Report
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications import feedback, holdout
from notifications.choices import Channel, MessageClass
from notifications.classes import RULES
from notifications.consent import commands
from notifications.consent.choices import Basis
from notifications.consent.commands import Said
from notifications.consent.preferences import set_preference
from notifications.consent.rules import Rules, set_rules
from notifications.models import EventKind, Message
from notifications.quiet import Hours, legal_hours, next_moment, text_hours
from orders import commands as orders
from orders.models import Order
from returns import commands as returns
from returns.claims import commands as claims
from returns.claims.models import Kind
from returns.claims.pool import cover
from returns.claims.steps import Asked
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Side
from returns.withdrawal.commands import declare
from returns.withdrawal.models import Source
from returns.withdrawal.steps import Declaration
from tests import factories
from tests.claims.test_claims import PHOTO
from tests.notifications.consent.conftest import Advertise
from tests.notifications.twilio_sink import TwilioSink
from tests.smtp_sink import SmtpSink
from tracking.models import Shipment

Work = Callable[[], Any]
Fate = Callable[[Message], tuple[str, str]]
NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")


def test_the_table_names_every_class_and_agrees_with_the_holdout(settings: Any) -> None:
    settings.HOLDOUT_PERCENT = 5
    assert set(RULES) == set(MessageClass.values)
    assert {kind for kind, row in RULES.items() if row.may_hold_out} == {
        kind for kind in MessageClass.values if holdout.percent_of(kind)
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("transactional", ("sent", "")), ("legal", ("sent", "")), ("service", ("skipped", "no_basis")),
     ("marketing", ("skipped", "no_basis"))],
)  # fmt: skip
def test_without_a_basis_only_what_belongs_to_the_order_goes_out(
    merchant: Merchant, anna: Order, advertise: Advertise, fate: Fate, send_all: Work, smtp_sink: SmtpSink,
    kind: str, expected: tuple[str, str],
) -> None:  # fmt: skip
    ben = factories.order(merchant, email="ben@example.test")
    message = advertise(ben, kind=kind)
    send_all()
    assert fate(message) == expected
    with merchant_scope(merchant):
        assert Message.objects.get(touchpoint="order_confirmation", order=ben).state == "sent"


def test_the_message_keeps_the_basis_that_it_went_out_on(
    merchant: Merchant, anna: Order, advertise: Advertise, send_all: Work, smtp_sink: SmtpSink
) -> None:
    message = advertise(anna)
    send_all()
    with merchant_scope(merchant):
        kept = Message.objects.get(pk=message.pk).plan["basis"]
    assert (kept["basis"], kept["rule"]) == ("double_opt_in", "DE")
    assert kept["entry"]


# --- caps --------------------------------------------------------------------------------------------


def test_nobody_gets_more_than_the_cap_in_its_days_and_orders_are_never_counted(
    merchant: Merchant, anna: Order, advertise: Advertise, fate: Fate, send_all: Work, smtp_sink: SmtpSink,
    later: Callable[[timedelta], None],
) -> None:  # fmt: skip
    set_rules(merchant, replace(Rules(), caps={"marketing": (2, 7)}))
    three = [advertise(anna, str(number)) for number in range(3)]
    other = advertise(anna, "service", kind="service")
    send_all()
    assert sorted(fate(message) for message in three) == [("sent", ""), ("sent", ""), ("skipped", "capped")]
    assert fate(other) == ("sent", "")
    with merchant_scope(merchant):
        assert Message.objects.get(touchpoint="order_confirmation").state == "sent"
    later(timedelta(days=8))
    again = advertise(anna, "again")
    send_all()
    assert fate(again) == ("sent", "")


# --- quiet hours -------------------------------------------------------------------------------------


def test_what_comes_in_quiet_times_waits_for_their_end_and_is_not_dropped(
    merchant: Merchant, anna: Order, advertise: Advertise, fate: Fate, send_all: Work, smtp_sink: SmtpSink,
    later: Callable[[timedelta], None],
) -> None:  # fmt: skip
    now = timezone.now().astimezone(BERLIN)
    start, end = now - timedelta(hours=1), now + timedelta(hours=2)
    set_preference(
        merchant, "anna@example.test", language="de",
        quiet=(start.time().replace(microsecond=0), end.time().replace(second=0, microsecond=0)),
    )  # fmt: skip
    message = advertise(anna)
    send_all()
    assert fate(message) == ("planned", "")
    with merchant_scope(merchant):
        row = Message.objects.get(pk=message.pk)
        assert Message.objects.get(touchpoint="order_confirmation").state == "sent"
    assert row.attempts == 0
    assert row.due_at is not None
    assert abs(row.due_at - end.replace(second=0, microsecond=0)) < timedelta(minutes=1)
    later(timedelta(hours=2, minutes=1))
    send_all()
    assert fate(message) == ("sent", "")
    with merchant_scope(merchant):
        assert Message.objects.get(pk=message.pk).locale == "de"


def utc(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "zone", "quiet", "expected"),
    [
        ("2026-06-01T12:00", BERLIN, ("21:00", "08:00"), "2026-06-01T12:00"),
        ("2026-06-01T23:00", BERLIN, ("21:00", "08:00"), "2026-06-02T08:00"),
        ("2026-06-01T03:00", BERLIN, ("21:00", "08:00"), "2026-06-01T08:00"),
        ("2026-06-01T13:00", BERLIN, ("12:00", "14:00"), "2026-06-01T14:00"),
        (
            "2026-03-29T01:30",
            BERLIN,
            ("01:00", "02:30"),
            "2026-03-29T03:30",
        ),  # 2:30 does not exist that night
    ],
)
def test_quiet_hours_end_by_the_shoppers_clock(
    at: str, zone: ZoneInfo, quiet: tuple[str, str], expected: str
) -> None:
    times = (time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1]))
    assert next_moment(utc(at, zone), Hours([zone], [times])) == utc(expected, zone)


@pytest.mark.parametrize(
    ("state", "at", "expected"),
    [
        ("NY", "2026-06-01T20:30", "2026-06-01T20:30"), ("Florida", "2026-06-01T20:30", "2026-06-02T08:00"),
        ("CT", "2026-06-01T08:30", "2026-06-01T09:00"), ("RI", "2026-06-06T09:30", "2026-06-06T10:00"),
        ("RI", "2026-06-05T18:00", "2026-06-06T10:00"), ("TX", "2026-06-07T11:00", "2026-06-07T12:00"),
        ("", "2026-06-01T08:30", "2026-06-01T09:00"), ("", "2026-06-07T17:30", "2026-06-08T09:00"),
    ],
)  # fmt: skip
def test_the_law_of_the_state_decides_when_a_text_message_may_advertise(
    state: str, at: str, expected: str
) -> None:
    hours = Hours([NEW_YORK], allowed=legal_hours("US", state))
    assert next_moment(utc(at, NEW_YORK), hours) == utc(expected, NEW_YORK)


def test_every_state_has_hours_for_every_day_and_elsewhere_there_is_no_such_law() -> None:
    for states in text_hours().values():
        for row in states.values():
            assert sorted(row) == list(range(7))
            assert all(start < end for start, end in row.values())
    assert legal_hours("DE", "") == {}


_times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), quiet=st.lists(st.tuples(_times, _times), max_size=2),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)  # fmt: skip
def test_what_is_found_is_never_quiet_and_never_in_the_past(
    at: datetime, quiet: list[tuple[time, time]], zone: str
) -> None:
    hours = Hours([ZoneInfo(zone)], [pair for pair in quiet if pair[0] != pair[1]])
    asked = at.replace(tzinfo=UTC)
    found = next_moment(asked, hours)
    assert found is None or found >= asked
    if found is not None:
        assert next_moment(found, hours) == found


def test_a_text_message_that_advertises_needs_its_own_agreement_and_waits_for_the_day(
    merchant: Merchant, anna: Order, advertise: Advertise, fate: Fate, send_all: Work, smtp_sink: SmtpSink,
    twilio_sink: TwilioSink,
) -> None:  # fmt: skip
    with merchant_scope(merchant):
        Order.objects.filter(pk=anna.pk).update(phone="+15125550100", sms_consent=True, country="US")
    set_rules(merchant, replace(Rules(), quiet={}))
    order = Order(pk=anna.pk, merchant=merchant, email=anna.email, phone="+15125550100", locale="en")
    refused = advertise(order, "1", channel=Channel.SMS)
    send_all()
    assert fate(refused) == ("skipped", "no_basis")
    commands.give(merchant, "sms", "+15125550100", "offers", Said("checkout"), basis=Basis.CONSENT)
    agreed = advertise(order, "2", channel=Channel.SMS)
    send_all()
    with merchant_scope(merchant):
        row = Message.objects.get(pk=agreed.pk)
    local = timezone.now().astimezone(NEW_YORK)
    opens, closes = legal_hours("US", "")[local.weekday()]
    assert row.state == ("sent" if opens <= local.time() < closes else "planned")
    assert row.reason == ""


# --- peace -------------------------------------------------------------------------------------------


def arrived(merchant: Merchant, order: Order) -> Shipment:
    parcel = factories.shipment(merchant, order)
    factories.scan(merchant, parcel, "delivered", timezone.now())
    return parcel


def line_of(order: Order) -> UUID:
    with merchant_scope(order.merchant):
        found: UUID = order.lines.get().pk
    return found


def trouble(kind: str, merchant: Merchant, order: Order, sent: Message) -> None:
    """Let something go wrong."""
    match kind:
        case "case_open":
            parcel = arrived(merchant, order)
            cases.open_case(merchant, order.pk, parcel.pk, Report(CaseKind.DAMAGED, "It is broken.", {}, ()))
        case "return_open":
            arrived(merchant, order)
            wanted = RequestedReturn([RequestedLine(line_of(order), 1, "too_small")])
            returns.request_return(merchant, order.pk, wanted, by=Side.SHOPPER)
        case "claim_open":
            cover(merchant, order.pk)
            parcel = arrived(merchant, order)
            claims.claim(merchant, order.pk, parcel.pk, Asked(Kind.DAMAGED, photos=PHOTO))
        case "withdrawn":
            declare(merchant, Declaration(timezone.now(), Source.LINK, order_id=order.pk))
        case "parcel_late":
            parcel = factories.shipment(merchant, order)
            factories.scan(merchant, parcel, "exception", timezone.now())
        case "troubled_order":
            orders.cancel_order(merchant, order.pk)
        case "complained":
            told = feedback.Told(sent.pk, EventKind.COMPLAINED, timezone.now(), "postmark", "1")
            feedback.take([(merchant.pk, told)])


@pytest.mark.parametrize(
    "kind", ["case_open", "claim_open", "return_open", "withdrawn", "parcel_late", "troubled_order"]
)
def test_nothing_is_offered_while_something_is_wrong_whatever_order_it_is_about(
    merchant: Merchant, anna: Order, advertise: Advertise, fate: Fate, send_all: Work, smtp_sink: SmtpSink,
    kind: str,
) -> None:  # fmt: skip
    bad = factories.order(merchant, email="anna@example.test")
    before, ben = advertise(anna, "before"), factories.order(merchant, email="ben@example.test")
    send_all()
    assert fate(before) == ("sent", "")
    commands.give(merchant, "email", "ben@example.test", "", Said("x"), basis=Basis.DOUBLE_OPT_IN)
    trouble(kind, merchant, bad, before)
    hers, other = advertise(anna, "after"), advertise(ben, "after")
    send_all()
    assert fate(hers) == ("skipped", "return_open" if kind == "withdrawn" else kind)
    assert fate(other) == ("sent", "")


def test_who_reported_spam_is_left_alone_over_the_other_address_too(
    merchant: Merchant, anna: Order, advertise: Advertise, fate: Fate, send_all: Work, smtp_sink: SmtpSink
) -> None:
    sent = advertise(anna)
    send_all()
    trouble("complained", merchant, anna, sent)
    after = advertise(anna, "after")
    send_all()
    assert fate(after)[0] == "skipped"
    assert fate(after)[1] in ("suppressed", "complained")


def test_the_queries_of_a_batch_do_not_grow_with_it(
    merchant: Merchant, anna: Order, advertise: Advertise, django_assert_max_num_queries: Any
) -> None:
    from notifications import context

    counts = []
    for size in (1, 12):
        batch = []
        for number in range(size):
            order = factories.order(merchant)
            commands.give(merchant, "email", order.email, "", Said("x"), basis=Basis.DOUBLE_OPT_IN)
            batch.append(advertise(order, str(number)))
        with merchant_scope(merchant), django_assert_max_num_queries(40) as queries:
            context.load(merchant, batch)
        counts.append(len(queries))
    assert counts[0] == counts[1]
