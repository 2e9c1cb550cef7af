"""When a look is worth it: the arithmetic, with nothing but numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.rates.budget import price_of
from tracking.rates.counting import LONGEST_GAP, Counts, fitted
from tracking.rates.curves import EXPONENT, QUIET, WINDOW, Rate, hours_to_look, shrunk
from tracking.rates.priors import HOURS, context_of, prior
from tracking.statuses import TERMINAL, Status

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MANY = settings(max_examples=200, deadline=None)
HOUR = st.floats(0, 167.9)
PRICE = st.floats(0.05, 10)
LEFT = st.one_of(st.none(), st.floats(-300, 300))
CONTEXTS = st.sampled_from(sorted(HOURS))


def wait(rate: Rate, hour: float, price: float = 0.6, **values: float | None) -> float:
    """Hours to the next look; the bounds are wide."""
    given_values: dict[str, float | None] = {
        "quiet": 2.0, "window": None, "fastest": 0.05, "slowest": 48.0, **values,
    }  # fmt: skip
    return hours_to_look(rate, week_hour=hour, price=price, **given_values)  # type: ignore[arg-type]


def gathered(rate: Rate, hour: float, hours: float, quiet: float, window: float | None) -> float:
    """The integral by small steps, as another way to the same number."""
    steps = 4000
    width = hours / steps
    total = 0.0
    for step in range(steps):
        at = (step + 0.5) * width
        left = None if window is None else window - at
        total += rate.at(hour + at, quiet + at, left) ** EXPONENT * width
    return total


@MANY
@given(CONTEXTS, HOUR, PRICE, st.floats(0, 400), LEFT)
def test_a_look_keeps_to_its_bounds_and_is_the_same_each_time(
    context: str, hour: float, price: float, quiet: float, left: float | None
) -> None:
    rate = prior(context)
    bounds = {"fastest": 1.0, "slowest": 24.0, "quiet": quiet, "window": left}
    found = wait(rate, hour, price, **bounds)
    assert 1.0 <= found <= 24.0
    assert found == wait(rate, hour, price, **bounds)


@MANY
@given(CONTEXTS, HOUR, PRICE, LEFT)
def test_a_higher_price_never_makes_a_look_earlier_and_more_news_never_makes_it_later(
    context: str, hour: float, price: float, left: float | None
) -> None:
    rate = prior(context)
    assert wait(rate, hour, price, window=left) <= wait(rate, hour, price * 1.5, window=left) + 1e-9
    busier = replace(rate, base=rate.base * 2)
    assert wait(busier, hour, price, window=left) <= wait(rate, hour, price, window=left) + 1e-9


@settings(max_examples=25, deadline=None)
@given(CONTEXTS, HOUR, st.floats(0.2, 3), st.floats(0, 20))
def test_between_its_bounds_a_look_is_where_the_integral_reaches_the_price(
    context: str, hour: float, price: float, quiet: float
) -> None:
    rate = prior(context)
    found = wait(rate, hour, price, quiet=quiet, slowest=1000.0)
    assert gathered(rate, hour, found, quiet, None) == pytest.approx(price, rel=0.1)


def test_before_anything_was_seen_there_are_more_looks_by_day_near_the_end_and_on_the_vehicle() -> None:
    door, moving = prior(Status.OUT_FOR_DELIVERY), prior(Status.IN_TRANSIT)
    ten, two_at_night = 24 + 10.0, 24 + 2.0
    assert wait(door, ten) < wait(door, two_at_night) / 2
    assert wait(door, ten) < wait(moving, ten)
    assert wait(moving, ten, window=3.0) < wait(moving, ten, window=100.0)
    assert wait(moving, ten, quiet=300.0) > 2 * wait(moving, ten, quiet=3.0)
    assert wait(door, ten) < wait(door, 6 * 24 + 10.0)  # on a Sunday


def test_every_status_in_which_news_is_waited_for_has_curves() -> None:
    for status in Status:
        waited_for = status not in TERMINAL and status != Status.EXPIRED
        assert bool(context_of(status)) == waited_for
        if waited_for:
            curves = prior(context_of(status))
            assert (len(curves.week), len(curves.quiet), len(curves.window)) == (
                168,
                len(QUIET),
                len(WINDOW) + 1,
            )
            assert sum(curves.week) / 168 == pytest.approx(1)
            assert min(*curves.week, *curves.quiet, *curves.window, curves.base) > 0


@MANY
@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0.01, 10))
def test_a_factor_lies_between_what_was_believed_and_what_was_seen(
    seen: float, expected: float, believed: float
) -> None:
    found = shrunk(seen, expected, believed, 6.0)
    if expected == 0:
        assert found >= believed  # Seen where none was waited for: rounding of whole minutes.
    else:
        assert min(believed, seen / expected) - 1e-9 <= found <= max(believed, seen / expected) + 1e-9


# Counting


def counted(*waits: tuple[float, float], eta: float | None = None, scanned: bool = True) -> Counts:
    """Waits from and to so many hours after Monday 0:00."""
    counts = Counts()
    end = None if eta is None else MONDAY + timedelta(hours=eta)
    for begin, until in waits:
        counts.wait(
            MONDAY + timedelta(hours=begin), MONDAY + timedelta(hours=until), end, UTC, scanned=scanned
        )
    return counts


def test_a_wait_is_counted_in_the_hours_that_it_touched_and_its_scan_where_it_came() -> None:
    counts = counted((10.5, 12.25), eta=20)
    assert {hour: minutes for hour, minutes in enumerate(counts.week_minutes) if minutes} == {
        10: 30,
        11: 60,
        12: 15,
    }
    assert [hour for hour, scans in enumerate(counts.week_scans) if scans] == [12]
    assert counts.quiet_minutes[:3] == [60, 45, 0]
    assert counts.quiet_scans[:3] == [0, 1, 0]
    assert sum(counts.window_minutes) == 105
    assert counts.window_scans[WINDOW.index(6)] == 1


@MANY
@given(st.floats(0, 160), st.floats(0.02, 2000), st.one_of(st.none(), st.floats(-500, 500)), st.booleans())
def test_no_minute_of_a_wait_is_lost_in_any_curve(
    begin: float, hours: float, eta: float | None, scanned: bool
) -> None:
    counts = counted((begin, begin + hours), eta=eta, scanned=scanned)
    minutes = int(min(hours * 3600, LONGEST_GAP.total_seconds()) / 60 + 1e-6)
    for seen in (counts.week_minutes, counts.quiet_minutes, counts.window_minutes):
        assert abs(sum(seen) - minutes) <= 1
    assert counts.scans == sum(counts.quiet_scans) == sum(counts.window_scans) == int(scanned)


def test_counts_that_are_added_and_taken_off_again_leave_nothing() -> None:
    counts, other = counted((1, 9)), counted((30, 41), (50, 300), eta=100)
    before = counted((1, 9))
    counts.add(other)
    assert counts != before
    counts.add(other, sign=-1)
    assert counts == before


def test_without_counts_the_curves_are_those_that_were_believed() -> None:
    believed = prior(Status.IN_TRANSIT)
    found = fitted(Counts(), believed)
    assert found.base == pytest.approx(believed.base)
    assert found.week == pytest.approx(believed.week)
    assert found.quiet == pytest.approx(believed.quiet)


def test_many_scans_at_one_hour_move_the_looks_there() -> None:
    """Always delivered at ten, eight hours after the vehicle was loaded."""
    week = [(24 * day + 2, 24 * day + 10.1) for day in range(6)]
    seen = fitted(counted(*week * 60), prior(Status.OUT_FOR_DELIVERY))
    assert wait(seen, 24 + 9.9, quiet=7.9) < wait(prior(Status.OUT_FOR_DELIVERY), 24 + 9.9, quiet=7.9)
    asleep = wait(seen, 24 + 3.0, quiet=1.0)
    assert asleep > 5  # Not at four in the morning.


def test_what_looks_cost_rises_when_they_do_not_fit_into_the_day() -> None:
    assert price_of(100, numbers_a_day=250) == price_of(0, numbers_a_day=250)
    scarce = price_of(1000, numbers_a_day=250)
    assert 1000 / scarce == pytest.approx(0.8 * 250)
    assert price_of(2000, numbers_a_day=250) == pytest.approx(2 * scarce)
