"""R2 with the database: in whatever order, how often and in how many pieces scans come, the end is the same.

The rules themselves are tried with 2,000 sets in `test_resolve.py`; here it is what stands in the rows and in the log.
"""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merchants.ids import public_id
from merchants.models import Merchant
from tests import factories
from tests.tracking.conftest import facts_of, fresh, scans
from tracking import commands
from tracking.models import Shipment
from tracking.progress import FACT_OF_STATUS
from tracking.schemas import ScanIn
from tracking.statuses import SUBSTATUSES, Status

START = timezone.now().replace(microsecond=0) - timedelta(days=9)
GOING_HOME = (Status.RETURNING, Status.RETURNED)

_BARE = [(status.value, "") for status in Status]
_NAMED = [(row.status.value, row.code) for row in SUBSTATUSES.values()]
_WHAT = st.sampled_from(_BARE + _NAMED)
_SETS = st.lists(st.tuples(st.integers(0, 150), _WHAT), min_size=1, max_size=7, unique=True)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Any], list[list[Any]]]:
    """A set of scans, and the bodies in which they are pushed: shuffled, with repeats, in pieces."""
    known = draw(_SETS)
    repeats = draw(st.lists(st.sampled_from(known), max_size=4))
    pushed = draw(st.permutations([*known, *repeats]))
    cuts = draw(st.sets(st.integers(1, len(pushed)), max_size=4))
    edges = [0, *sorted(cuts), len(pushed)]
    bodies = [pushed[a:b] for a, b in pairwise(edges) if pushed[a:b]]
    return known, bodies


def push(parcel: Shipment, body: list[Any]) -> None:
    commands.record_scans(
        parcel.merchant,
        [
            ScanIn(
                status=Status(status), substatus=substatus, occurred_at=START + timedelta(hours=hours),
                shipment_id=public_id("shp", parcel.pk),
            )
            for hours, (status, substatus) in body
        ],
    )  # fmt: skip


def a_parcel(owner: Merchant, handed_over: int | None) -> Shipment:
    order = factories.order(owner, placed_at=START - timedelta(days=1))
    shipped_at = None if handed_over is None else START + timedelta(hours=handed_over)
    return factories.shipment(owner, order, shipped_at=shipped_at)


def where_it_stands(parcel: Shipment) -> dict[str, Any]:
    now = fresh(parcel)
    columns = (
        "status", "substatus", "status_at", "shipped_at", "out_for_delivery_at", "delivered_at", "last_scan_at",
        "failed_attempts", "eta_from", "eta_to", "promised_to",
    )  # fmt: skip
    return {
        **{name: getattr(now, name) for name in columns},
        "stage": now.order.stage,
        "scans": len(scans(parcel)),
    }


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pushed=deliveries(), handed_over=st.one_of(st.none(), st.integers(0, 100)))
def test_any_order_ends_in_the_same_rows_and_tells_a_delivery_once(
    merchant: Merchant, pushed: tuple[list[Any], list[list[Any]]], handed_over: int | None
) -> None:
    known, bodies = pushed
    expected = a_parcel(merchant, handed_over)
    push(expected, sorted(known))
    parcel = a_parcel(merchant, handed_over)
    for body in bodies:
        push(parcel, body)

    end = where_it_stands(parcel)
    assert end == where_it_stands(expected)

    told = facts_of(parcel)
    assert told.count("shipment.shipped") == (1 if end["shipped_at"] else 0)
    if not any(status in GOING_HOME for _, (status, _) in known):
        assert told.count("shipment.delivered") == (1 if end["status"] == Status.DELIVERED else 0)
    # Whoever reads the facts to the end knows where the parcel is.
    states = [kind for kind in told if kind in {fact.fact_type for fact in FACT_OF_STATUS.values()}]
    if end["status"] in FACT_OF_STATUS:
        assert states[-1] == FACT_OF_STATUS[end["status"]].fact_type

    # All of it once more: nothing new.
    for body in bodies:
        push(parcel, body)
    assert (where_it_stands(parcel), facts_of(parcel)) == (end, told)
