"""A case from report to end: one at a time, told in facts, opened by itself after a day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from cases import commands
from cases.models import Case, CaseEntry, CaseKind, CaseStatus, Outcome, Side
from cases.promise import answer_by
from cases.steps import MOST_PHOTOS, MOVES, Report
from cases.tasks import open_waiting_cases
from events.models import Fact
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_scope, platform_scope
from notifications.sending import send_due
from orders.models import Order
from tests import factories
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink
from tracking.models import Shipment

DAMAGED = Report(CaseKind.DAMAGED, "The handle has come off.")


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return factories.order(merchant)


@pytest.fixture
def parcel(merchant: Merchant, order: Order) -> Shipment:
    return factories.shipment(merchant, order)


def facts_of(drain_all: Callable[[], int]) -> list[str]:
    drain_all()
    with platform_scope("reading facts in a test"):
        return [f.type for f in Fact.objects.order_by("position") if f.type.startswith("case.")]


def test_a_report_becomes_a_case_with_its_goods_and_photos(
    merchant: Merchant, order: Order, parcel: Shipment, drain_all: Callable[[], int]
) -> None:
    with merchant_scope(merchant):
        line = order.lines.get()
    report = Report(CaseKind.DAMAGED, " The handle\r\nhas come off. ", {line.id: 1}, [b"jpeg"])
    case = commands.open_case(merchant, order.id, parcel.id, report)
    assert (case.status, case.kind) == (CaseStatus.OPEN, "damaged")
    assert case.answer_by == answer_by(merchant, case.opened_at)
    with merchant_scope(merchant):
        assert case.lines.get().line_id == line.id
        entry = case.entries.get()
        assert entry.text == "The handle\nhas come off."
        assert bytes(entry.photos.get().image) == b"jpeg"
    assert facts_of(drain_all) == ["case.opened"]


def test_the_same_problem_is_one_case_until_it_is_closed(
    merchant: Merchant, order: Order, parcel: Shipment, drain_all: Callable[[], int]
) -> None:
    first = commands.open_case(merchant, order.id, parcel.id, DAMAGED)
    again = commands.open_case(merchant, order.id, parcel.id, DAMAGED)  # the form was sent twice
    more = commands.open_case(merchant, order.id, parcel.id, Report(CaseKind.DAMAGED, "The lid, too."))
    assert {first.id, again.id, more.id} == {first.id}
    other = commands.open_case(merchant, order.id, parcel.id, Report(CaseKind.WRONG_ITEM))
    commands.close(merchant, first.id, side=Side.TEAM)
    later = commands.open_case(merchant, order.id, parcel.id, DAMAGED)
    assert len({first.id, other.id, later.id}) == 3
    assert facts_of(drain_all) == ["case.opened", "case.replied", "case.opened", "case.closed", "case.opened"]


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_make_one_case() -> None:
    merchant = factories.merchant()
    order = factories.order(merchant)
    parcel, start, found = factories.shipment(merchant, order), Barrier(2), []

    def report() -> None:
        start.wait()
        found.append(commands.open_case(merchant, order.id, parcel.id, DAMAGED).id)
        connection.close()

    threads = [Thread(target=report) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1


def test_a_missed_parcel_waits_a_day_and_then_opens_by_itself(
    merchant: Merchant, order: Order, parcel: Shipment, drain_all: Callable[[], int]
) -> None:
    case = commands.wait_a_day(merchant, order.id, parcel.id)
    assert commands.wait_a_day(merchant, order.id, parcel.id).id == case.id
    open_waiting_cases()
    with merchant_scope(merchant):
        case.refresh_from_db()
        assert case.status == CaseStatus.WAITING
        Case.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    open_waiting_cases()
    with merchant_scope(merchant):
        case.refresh_from_db()
        assert (case.status, case.due_at) == (CaseStatus.OPEN, None)
        assert [e.kind for e in case.entries.all()] == ["waiting", "opened"]
    assert facts_of(drain_all) == ["case.announced", "case.opened"]


def test_what_turned_up_within_the_day_never_opens(
    merchant: Merchant, order: Order, parcel: Shipment, drain_all: Callable[[], int]
) -> None:
    case = commands.wait_a_day(merchant, order.id, parcel.id)
    commands.close(merchant, case.id, side=Side.SHOPPER, outcome=Outcome.FOUND)
    commands.open_waiting(merchant, case.id)
    with merchant_scope(merchant):
        case.refresh_from_db()
    assert (case.status, case.outcome, case.due_at) == (CaseStatus.CLOSED, "found", None)
    assert facts_of(drain_all) == ["case.announced", "case.closed"]


def test_it_goes_back_and_forth_until_somebody_ends_it(
    merchant: Merchant, order: Order, parcel: Shipment, drain_all: Callable[[], int]
) -> None:
    case = commands.open_case(merchant, order.id, parcel.id, DAMAGED)
    assert commands.answer(merchant, case.id, "Can you send a photo?").status == CaseStatus.ANSWERED
    assert commands.reply(merchant, case.id, "Here it is.", [b"jpeg"]).status == CaseStatus.OPEN
    commands.reply(merchant, case.id, "Thank you!")
    assert commands.reply(merchant, case.id, "Thank you!").status == CaseStatus.OPEN  # sent twice
    assert commands.close(merchant, case.id, side=Side.TEAM).outcome == "solved"
    assert commands.close(merchant, case.id, side=Side.TEAM).status == CaseStatus.CLOSED
    assert commands.reopen(merchant, case.id).status == CaseStatus.OPEN
    assert facts_of(drain_all) == [
        "case.opened", "case.answered", "case.replied", "case.replied", "case.closed", "case.reopened"
    ]  # fmt: skip


def test_what_does_not_fit_is_refused_and_leaves_nothing(
    merchant: Merchant, stranger: Merchant, order: Order, parcel: Shipment
) -> None:
    with merchant_scope(merchant):
        line = order.lines.get()
    foreign = factories.order(stranger)
    for wrong, error in [
        (lambda: commands.open_case(merchant, foreign.id, None, DAMAGED), NotFound),
        (lambda: commands.open_case(stranger, foreign.id, parcel.id, DAMAGED), NotFound),
        (lambda: commands.open_case(merchant, order.id, None, Report(CaseKind.DAMAGED, "x" * 4001)), Unprocessable),
        (lambda: commands.open_case(merchant, order.id, None, Report(CaseKind.DAMAGED, lines={line.id: 2})),
         Unprocessable),
        (lambda: commands.open_case(merchant, order.id, None,
                                    Report(CaseKind.DAMAGED, photos=[b"x"] * (MOST_PHOTOS + 1))), Unprocessable),
    ]:  # fmt: skip
        with pytest.raises(error):
            wrong()
    with platform_scope("counting in a test"):
        assert Case.objects.count() == 0
        assert CaseEntry.objects.count() == 0


def test_a_closed_case_is_not_answered_and_not_beside_another_one(
    merchant: Merchant, order: Order, parcel: Shipment
) -> None:
    case = commands.open_case(merchant, order.id, parcel.id, DAMAGED)
    commands.close(merchant, case.id, side=Side.TEAM)
    with pytest.raises(Conflict):
        commands.answer(merchant, case.id, "Late")
    commands.open_case(merchant, order.id, parcel.id, DAMAGED)
    with pytest.raises(Conflict):
        commands.reopen(merchant, case.id)
    with pytest.raises(Conflict):
        commands.reply(merchant, case.id, "Still here")
    with merchant_scope(merchant):
        case.refresh_from_db()
        assert case.status == CaseStatus.CLOSED
        assert case.entries.count() == 2


def test_every_status_has_its_moves() -> None:
    assert MOVES.keys() == set(CaseStatus.values)


def test_an_answer_is_promised_for_a_working_evening(merchant: Merchant) -> None:
    friday = datetime(2026, 11, 27, 15, tzinfo=UTC)
    assert answer_by(merchant, friday) == datetime(2026, 11, 30, 17, tzinfo=UTC)
    merchant.case_answer_days = 2
    assert answer_by(merchant, friday) == datetime(2026, 12, 1, 17, tzinfo=UTC)


# --- told by mail ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("locale", "words"), [("en", "looking into it"), ("de", "kümmern uns darum")])
def test_the_shopper_is_told_that_it_came_and_what_the_answer_is(
    merchant: Merchant, drain_all: Callable[[], int], smtp_sink: SmtpSink, locale: str, words: str
) -> None:
    order = factories.order(merchant, locale=locale)
    case = commands.open_case(merchant, order.id, None, DAMAGED)
    drain_all()
    send_due()
    commands.answer(merchant, case.id, "A new one is on its way.\nKeep <the> old one.")
    drain_all()
    send_due()
    texts = [mail.text for mail in smtp_sink.mails]
    opened = next(text for text in texts if words in text)
    assert "The handle has come off." in opened
    answered = next(text for text in texts if "A new one is on its way." in text)
    assert "Keep <the> old one." in answered
    assert f"/cases/{public_id('cas', case.id)}/" in answered


# --- the API -----------------------------------------------------------------------------------------


def test_cases_are_read_over_the_api(
    merchant: Merchant, order: Order, parcel: Shipment, api: ApiClient, strangers_api: ApiClient,
    django_assert_num_queries: Any,
) -> None:  # fmt: skip
    with merchant_scope(merchant):
        line = order.lines.get()
    made = commands.open_case(
        merchant, order.id, parcel.id, Report(CaseKind.DAMAGED, "Broken", {line.id: 1}, [b"x"])
    )
    for kind in (CaseKind.WRONG_ITEM, CaseKind.MISSING_ITEM):
        commands.open_case(merchant, order.id, parcel.id, Report(kind))
    commands.close(merchant, made.id, side=Side.TEAM)
    listed = api.get("cases").json()["data"]
    assert [row["kind"] for row in listed] == ["missing_item", "wrong_item", "damaged"]
    assert [row["status"] for row in api.get("cases", status="closed").json()["data"]] == ["closed"]
    assert api.get("cases", order_id=listed[0]["order_id"], kind="wrong_item").json()["data"] == [listed[1]]
    shown = api.get(f"cases/{listed[2]['id']}").json()
    assert shown["lines"] == [{"line": "L1", "line_id": shown["lines"][0]["line_id"], "quantity": 1}]
    assert [(e["kind"], e["side"], e["text"], e["photos"]) for e in shown["entries"]] == [
        ("opened", "shopper", "Broken", 1), ("closed", "team", "", 0),
    ]  # fmt: skip
    assert api.get("cases", status="lost").status_code == 400
    assert strangers_api.get("cases").json()["data"] == []
    assert strangers_api.get(f"cases/{listed[2]['id']}").status_code == 404
