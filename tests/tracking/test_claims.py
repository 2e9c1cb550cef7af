"""Claims of parcels leave their due time, and so every index, alone."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests.tracking.conftest import dhl_parcel, fresh, make_due
from tracking import claims
from tracking.models import Shipment


def test_a_claimed_parcel_keeps_its_time_and_is_nobody_elses(with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    make_due(parcel)
    was = fresh(parcel).due_at
    (mine,) = claims.claim(10)
    assert (fresh(parcel).due_at, mine.due_at, mine.attempts) == (was, was, 1)
    assert claims.claim(10) == []
    assert claims.mark_asked([mine]) == {parcel.id}


def test_the_claim_ends_with_its_lease_and_with_another_time(with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    make_due(parcel)
    (first,) = claims.claim(10)
    with merchant_scope(with_key):
        Shipment.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    (second,) = claims.claim(10)
    assert claims.mark_asked([first]) == set()  # It is the second one's now.
    make_due(parcel)  # Somebody wants it looked at now.
    (third,) = claims.claim(10)
    with merchant_scope(with_key):
        assert [due.held(row).update(due_at=None) for row in (first, second, third)] == [0, 0, 1]


def test_what_was_given_back_can_be_claimed_when_its_time_comes(with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    make_due(parcel)
    claims.give_back(claims.claim(10), timezone.now() + timedelta(hours=1))
    assert claims.claim(10) == []
    assert fresh(parcel).attempts == 0
    make_due(parcel)
    assert [row.id for row in claims.claim(10)] == [parcel.id]


def test_a_claim_rewrites_no_index(with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    make_due(parcel)
    with transaction.atomic(), connection.cursor() as cursor:
        before = _updates(cursor)
        claims.claim(10)
        all_updates, in_place = (now - was for now, was in zip(_updates(cursor), before, strict=True))
    assert (all_updates, in_place) == (1, 1)


def _updates(cursor: CursorWrapper) -> tuple[int, int]:
    """How many rows this transaction has written anew, and how many of them in place."""
    cursor.execute(
        "SELECT pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_hot_updated(oid)"
        " FROM pg_class WHERE relname = 'tracking_shipment'"
    )
    return tuple(cursor.fetchone())
