"""The rules of `tracking/resolve.py`, one example each, and what holds for any set of scans."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.resolve import BY_RECIPIENT, ScanFacts, ShipmentState, resolve
from tracking.statuses import (
    SUBSTATUSES,
    TERMINAL,
    Blame,
    Status,
    action_required,
    blame,
    is_terminal,
    rank,
)

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
NOW = START + timedelta(days=20)


def scan(hours: float, what: str, key: str = "") -> ScanFacts:
    """A scan `hours` after the start; `what` is a status or the code of a sub-status."""
    row = SUBSTATUSES.get(what)
    status = row.status if row else Status(what)
    at = START + timedelta(hours=hours)
    return ScanFacts(at, status, what if row else "", key or f"{hours}:{what}")


def state_of(*steps: tuple[float, str]) -> ShipmentState:
    return resolve([scan(hours, what) for hours, what in steps], now=NOW)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def test_without_scans_a_parcel_is_pending() -> None:
    assert state_of() == ShipmentState()


def test_a_plain_journey_ends_delivered_with_its_times() -> None:
    state = state_of(
        (0, "info.label_created"),
        (5, "transit.picked_up"),
        (30, "ofd.on_vehicle"),
        (34, "delivered.signed"),
    )
    assert state == ShipmentState(
        status=Status.DELIVERED,
        substatus="delivered.signed",
        status_at=at(34),
        shipped_at=at(5),
        out_for_delivery_at=at(30),
        delivered_at=at(34),
        last_scan_at=at(34),
    )


def test_status_at_is_when_the_status_began_and_not_its_last_repetition() -> None:
    state = state_of((1, "transit.picked_up"), (9, "transit.departure"))
    assert (state.status_at, state.last_scan_at) == (at(1), at(9))
    assert state.substatus == "transit.departure"


def test_a_late_scan_belongs_to_the_history_only() -> None:
    before = state_of((5, "in_transit"), (34, "delivered"))
    after = state_of((5, "in_transit"), (34, "delivered"), (20, "transit.arrival"))
    assert after == before


def test_a_scan_dated_after_the_delivery_does_not_move_it() -> None:
    state = state_of((34, "delivered"), (40, "in_transit"), (41, "exception.lost"))
    assert (state.status, state.delivered_at, state.problem) == (Status.DELIVERED, at(34), False)
    assert state.last_scan_at == at(41)


def test_return_to_sender_corrects_a_delivery() -> None:
    state = state_of((34, "delivered"), (60, "returning"))
    assert (state.status, state.returning, state.problem) == (Status.RETURNING, True, True)
    assert state.delivered_at is None
    state = state_of((34, "delivered"), (60, "returning"), (90, "returned"))
    assert (state.status, state.returning, state.problem) == (Status.RETURNED, True, False)


def test_returned_is_never_left() -> None:
    state = state_of((5, "returned"), (6, "delivered.recipient"), (7, "returning"), (8, "in_transit"))
    assert (state.status, state.status_at) == (Status.RETURNED, at(5))


def test_a_cancelled_parcel_stays_cancelled_when_it_is_only_moved() -> None:
    assert state_of((1, "cancelled"), (5, "in_transit")).status == Status.CANCELLED


@pytest.mark.parametrize("fact", ["delivered", "returning", "returned"])
def test_facts_beat_a_cancelled_label(fact: str) -> None:
    assert state_of((1, "cancelled"), (5, "in_transit"), (30, fact)).status == fact


def test_a_lost_parcel_that_is_scanned_again_is_found() -> None:
    lost = state_of((1, "in_transit"), (50, "exception.lost"))
    assert (lost.status, lost.problem) == (Status.EXCEPTION, True)
    found = state_of((1, "in_transit"), (50, "exception.lost"), (90, "transit.resumed"))
    assert (found.status, found.problem) == (Status.IN_TRANSIT, False)
    assert state_of((50, "exception.lost"), (90, "delivered")).status == Status.DELIVERED


def test_an_exception_ends_with_the_next_transit_scan() -> None:
    state = state_of((9, "exception.address"), (12, "in_transit"))
    assert (state.status, state.substatus, state.action_required) == ("in_transit", "", False)


def test_a_repeated_exception_without_a_reason_keeps_the_reason() -> None:
    state = state_of((9, "exception.address"), (12, "exception"))
    assert (state.substatus, state.action_required) == ("exception.address", True)


def test_an_expired_parcel_is_tracked_again() -> None:
    assert state_of((1, "in_transit"), (400, "expired")).status == "expired"
    assert state_of((1, "in_transit"), (400, "expired"), (401, "in_transit")).status == "in_transit"
    # A number that never moved may still be announced.
    assert state_of((1, "expired"), (2, "info_received")).status == "info_received"


@pytest.mark.parametrize("early", ["pending", "info_received", "info.label_created"])
def test_an_announcement_never_moves_back(early: str) -> None:
    assert state_of((5, "in_transit"), (9, early)).status == Status.IN_TRANSIT
    assert state_of((5, "in_transit"), (6, "expired"), (9, early)).status == Status.EXPIRED


def test_delivered_on_the_way_home_is_returned() -> None:
    state = state_of((9, "exception.refused"), (10, "returning"), (50, "delivered"))
    assert (state.status, state.substatus, state.delivered_at) == (Status.RETURNED, "", None)


@pytest.mark.parametrize("named", sorted(BY_RECIPIENT))
def test_delivered_on_the_way_home_to_somebody_at_the_shoppers_end_calls_the_return_off(
    named: str,
) -> None:
    for steps in (
        ((10, "returning"), (50, named)),
        ((10, "returning"), (40, "delivered"), (50, named)),
        ((10, "returning"), (50, named), (60, "delivered")),
    ):
        state = state_of(*steps)
        assert (state.status, state.delivered_at) == (Status.DELIVERED, at(50))
        assert not state.returning


@pytest.mark.parametrize("step", ["in_transit", "out_for_delivery", "attempt_failed", "available_for_pickup"])
def test_steps_of_the_way_home_do_not_look_like_the_way_out(step: str) -> None:
    state = state_of((10, "returning"), (20, step))
    assert (state.status, state.status_at) == (Status.RETURNING, at(10))
    assert (state.attempts, state.out_for_delivery_at, state.action_required) == (0, None, False)


def test_an_exception_on_the_way_home_shows_and_then_resumes() -> None:
    state = state_of((10, "returning"), (20, "exception.damaged"))
    assert (state.status, state.returning) == (Status.EXCEPTION, True)
    assert state_of((10, "returning"), (20, "exception"), (30, "in_transit")).status == "returning"


def test_scans_of_one_attempt_count_once_and_the_next_day_counts_again() -> None:
    state = state_of(
        (10, "attempt.no_one"),
        (10.5, "attempt_failed"),
        (33, "ofd.on_vehicle"),
        (35, "attempt_failed"),
    )
    assert (state.attempts, state.status, state.problem) == (2, Status.ATTEMPT_FAILED, True)
    assert state.out_for_delivery_at == at(33)


def test_pick_up_asks_the_shopper_to_act() -> None:
    assert state_of((5, "available_for_pickup")).action_required
    assert state_of((5, "pickup.ready"), (9, "available_for_pickup")).substatus == "pickup.ready"


def test_scans_of_the_same_instant_are_read_by_rank() -> None:
    assert state_of((5, "delivered"), (5, "out_for_delivery")).status == Status.DELIVERED
    assert state_of((5, "in_transit"), (5, "info_received")).status == Status.IN_TRANSIT
    assert state_of((5, "cancelled"), (5, "delivered")).status == Status.DELIVERED
    assert state_of((5, "returned"), (5, "delivered")).status == Status.RETURNED
    assert state_of((5, "transit.arrival"), (5, "in_transit")).substatus == "transit.arrival"


def test_scans_of_the_far_future_wait_until_their_time() -> None:
    scans = [scan(1, "in_transit"), scan(30, "delivered")]
    early = resolve(scans, now=at(5))
    assert (early.status, early.last_scan_at) == (Status.IN_TRANSIT, at(1))
    assert resolve(scans, now=at(6)).status == Status.DELIVERED


def test_a_delivery_is_refined_but_not_moved_by_its_proof() -> None:
    state = state_of((34, "delivered"), (35, "delivered.signed"), (36, "delivered.neighbour"))
    assert (state.substatus, state.delivered_at) == ("delivered.signed", at(34))


def test_shipped_needs_a_scan_that_shows_the_carrier_has_it() -> None:
    state = state_of((0, "info_received"), (1, "exception.held"), (2, "expired"), (3, "cancelled"))
    assert state.shipped_at is None
    assert state_of((4, "delivered")).shipped_at == at(4)


def test_plain_strings_from_the_database_are_as_good_as_the_enum() -> None:
    state = resolve([ScanFacts(START, "in_transit", "", "a")], now=NOW)
    assert state.status is Status.IN_TRANSIT


# The table of sub-statuses.


def test_every_substatus_has_flags_that_agree_with_its_status() -> None:
    assert len(SUBSTATUSES) == 44
    for row in SUBSTATUSES.values():
        assert action_required(row.status, row.code) == row.action_required
        assert is_terminal(row.status, row.code) == row.terminal
        assert row.terminal == (row.status in TERMINAL or row.code == "exception.disposed")
        assert (blame(row.status, row.code) is not Blame.NONE) or row.status != "exception"
    assert sorted({rank(status) for status in Status}) == [2 * n for n in range(12)]


def test_a_substatus_under_another_status_says_nothing() -> None:
    assert not action_required(Status.RETURNING, "exception.address")
    assert blame(Status.IN_TRANSIT, "exception.lost") is Blame.NONE
    assert not is_terminal(Status.EXCEPTION, "delivered.signed")


# What holds for any set of scans.

WORDS = [*Status, *SUBSTATUSES]
# Whole hours from a small range, so that many scans share their instant.
SCAN = st.builds(scan, st.integers(0, 60), st.sampled_from(WORDS), st.integers(0, 1_000_000).map(str))
SCANS = st.lists(SCAN, max_size=8, unique_by=lambda s: s.key)
DELAYED = st.lists(st.tuples(SCAN, st.integers(0, 24)), max_size=8, unique_by=lambda d: d[0].key)
THOROUGHLY = settings(max_examples=2000, deadline=None)
ALSO = settings(max_examples=400, deadline=None)
# What may lead out of a terminal status: rules 5 and 7.
WAY_OUT = {
    Status.DELIVERED: lambda s: s.status in (Status.RETURNING, Status.RETURNED),
    Status.CANCELLED: lambda s: s.status in (Status.DELIVERED, Status.RETURNING, Status.RETURNED),
    Status.RETURNED: lambda s: s.substatus in BY_RECIPIENT,
}


def arrivals(scans: Iterable[tuple[ScanFacts, int]]) -> list[tuple[datetime, ScanFacts]]:
    """The scans as they come in: each up to a day after it happened."""
    return sorted(
        ((s.occurred_at + timedelta(hours=delay), s) for s, delay in scans),
        key=lambda pair: (pair[0], pair[1].key),
    )


@settings(THOROUGHLY)
@given(SCANS, st.data())
def test_neither_order_nor_repetition_changes_the_state(scans: list[ScanFacts], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(scans))
    repeated = data.draw(st.lists(st.sampled_from(scans), max_size=5)) if scans else []
    assert resolve(shuffled + repeated, now=NOW) == resolve(scans, now=NOW)


@settings(ALSO)
@given(DELAYED)
def test_scans_that_come_up_to_a_day_late_end_in_the_same_state(
    delayed: list[tuple[ScanFacts, int]],
) -> None:
    known: list[ScanFacts] = []
    state = ShipmentState()
    for received_at, arrived in arrivals(delayed):
        known.append(arrived)
        state = resolve(known, now=received_at)
    # Nothing lies in the future once it has arrived, so the last step saw everything.
    assert state == resolve((s for s, _ in delayed), now=NOW)


@settings(ALSO)
@given(SCANS, st.integers(0, 60), st.sampled_from(WORDS))
def test_a_terminal_status_is_left_only_for_a_named_correction(
    scans: list[ScanFacts], hours: int, what: str
) -> None:
    before = resolve(scans, now=NOW)
    new = scan(hours, what, key="the new one")
    after = resolve([*scans, new], now=NOW)
    if before.status in TERMINAL and after.status != before.status:
        assert WAY_OUT[before.status](new), (before.status, new, after.status)
    if any(s.status == Status.RETURNED for s in scans):
        assert before.status == after.status == Status.RETURNED


@settings(ALSO)
@given(SCANS)
def test_the_parts_of_a_state_agree_with_each_other(scans: list[ScanFacts]) -> None:
    state = resolve(scans, now=NOW)
    assert (state.delivered_at is not None) == (state.status == Status.DELIVERED)
    assert not state.returning or state.status in (
        Status.RETURNING,
        Status.RETURNED,
        Status.EXCEPTION,
        Status.CANCELLED,
        Status.EXPIRED,
    )
    assert state.substatus == "" or SUBSTATUSES[state.substatus].status == state.status
    assert state.last_scan_at == max((s.occurred_at for s in scans), default=None)
    assert state.attempts <= sum(s.status == Status.ATTEMPT_FAILED for s in scans)
