"""A gate: places in an access pace; closed after a failure, and half open until one call has shown that all is well."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.tracking.conftest import dhl_parcel, fresh, make_due, poll
from tests.tracking.dhl_server import DHLServer
from tracking import gates
from tracking.gates import Pace, Turn
from tracking.models import CarrierGate

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PACE = Pace(calls_per_second=10, calls_per_day=100)
SECOND = timedelta(seconds=1)


def enter(now: datetime, calls: int = 1, pace: Pace = PACE, key: str = "dhl:a") -> Turn:
    return gates.enter("dhl", key, pace, now=now, patience=SECOND, calls=calls)


def test_places_are_given_one_after_the_other_as_far_as_one_would_wait() -> None:
    first = enter(NOON, calls=3)
    assert (first.granted, first.at, first.spacing) == (3, NOON, timedelta(seconds=0.1))
    second = enter(NOON, calls=100)
    assert (second.granted, second.at) == (8, NOON + 3 * first.spacing)
    third = enter(NOON)
    assert (third.granted, third.at) == (0, NOON + 11 * first.spacing)


def test_a_day_has_so_many_places_and_no_more() -> None:
    scarce = Pace(calls_per_second=1000, calls_per_day=5)
    assert enter(NOON, calls=3, pace=scarce).granted == 3
    assert enter(NOON + SECOND, calls=3, pace=scarce).granted == 2
    refused = enter(NOON + 2 * SECOND, pace=scarce)
    assert (refused.granted, refused.at) == (0, datetime(2026, 3, 3, tzinfo=UTC))
    assert enter(datetime(2026, 3, 3, 1, tzinfo=UTC), calls=3, pace=scarce).granted == 3


def test_after_a_failure_one_call_tries_before_anybody_else_is_let_through() -> None:
    enter(NOON)
    opens = gates.close_after_failure("dhl", "dhl:a", NOON, "carrier_down")
    assert enter(NOON + SECOND) == Turn(0, opens, timedelta(seconds=0.1))
    trial = enter(opens, calls=50)
    assert (trial.granted, trial.trial) == (1, True)
    assert enter(opens + SECOND, calls=50).granted == 0
    gates.answered("dhl:a")
    again = enter(opens + SECOND, calls=5)
    assert (again.granted, again.trial) == (5, False)


def test_a_trial_that_fails_closes_it_for_longer_and_late_failures_of_others_do_not() -> None:
    opens = gates.close_after_failure("dhl", "dhl:a", NOON, "carrier_down")
    # Calls that were under way when it closed.
    for _ in range(20):
        assert gates.close_after_failure("dhl", "dhl:a", NOON + SECOND, "carrier_down") == opens
    assert enter(opens).trial
    longer = gates.close_after_failure("dhl", "dhl:a", opens, "carrier_down", trial=True)
    assert longer - opens == 2 * (opens - NOON)


def test_a_trial_that_dies_is_followed_by_another() -> None:
    opens = gates.close_after_failure("dhl", "dhl:a", NOON, "carrier_down")
    assert enter(opens).trial
    assert enter(opens + timedelta(seconds=61)).trial


def test_while_the_carrier_is_down_one_access_tries_for_all_of_them() -> None:
    gates.close_after_failure("dhl", "dhl:a", NOON, "carrier_down")
    opens = gates.close_after_failure("dhl", "dhl:b", NOON, "carrier_down")
    assert CarrierGate.objects.get(pk="dhl").opens_at == opens
    assert enter(NOON + SECOND, key="dhl:c").granted == 0
    assert enter(opens, key="dhl:c").trial
    assert enter(opens, key="dhl:a").granted == 0
    gates.answered("dhl:c", "dhl")
    assert enter(opens, key="dhl:a").trial  # Its own gate is still in doubt …
    assert enter(opens, key="dhl:d", calls=5).granted == 5  # … and others' are not.


def test_a_dead_carrier_is_asked_by_one_parcel_a_pause(dhl: DHLServer, with_key: object) -> None:
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(6)]  # type: ignore[arg-type]
    dhl.everything = (503, b"", {})
    poll()
    make_due(*parcels)
    poll()
    assert sum(dhl.asked.values()) == 2
    assert sum(bool(fresh(parcel).poll_error) for parcel in parcels) in (1, 2)
