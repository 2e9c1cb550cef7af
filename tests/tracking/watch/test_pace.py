"""How long carriers are usually silent is learnt from the merchant's own parcels."""

from datetime import timedelta

from django.utils import timezone

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.tracking.watch.conftest import HOUR, moving
from tracking.models import PaceClock, ScanPace
from tracking.schemas import ScanIn
from tracking.statuses import Status
from tracking.watch import pace
from tracking.watch.keeping import look


def test_the_longest_of_twenty_silences_are_learnt_per_carrier_and_lane(merchant: Merchant) -> None:
    parcel = moving(merchant, 100 * HOUR)
    now = timezone.now()
    scans = [
        ScanIn(
            status=Status.IN_TRANSIT, occurred_at=now - hours * HOUR, tracking_number=parcel.tracking_number
        )
        for hours in (98, 96, 94, 92, 52)
    ]
    factories.tracking.record_scans(merchant, scans)
    pace.learn(merchant)
    with merchant_scope(merchant):
        lanes = {row.lane: row for row in ScanPace.objects.filter(carrier="sandbox")}
    assert set(lanes) == {"DE", "*home"}
    home = lanes["DE"]
    assert (home.gaps, home.firsts) == (5, 1)
    assert home.gap_hours is not None
    assert 30 < home.gap_hours < 40  # between the fourth of 2 hours and the fifth of 40
    assert home.first_hours is not None
    assert abs(home.first_hours - 1) < 0.01


def test_silences_abroad_and_of_another_merchant_are_not_learnt_from(
    merchant: Merchant, stranger: Merchant
) -> None:
    moving(stranger, 100 * HOUR)
    pace.learn(merchant)
    with merchant_scope(merchant):
        assert not ScanPace.objects.exists()


def test_the_first_look_lets_it_be_learnt_and_it_is_learnt_again_every_day(merchant: Merchant) -> None:
    look(merchant, [moving(merchant).order_id])
    assert due.run(pace.LEARN) == 1
    with merchant_scope(merchant):
        clock = PaceClock.objects.get()
    assert clock.learnt_at is not None
    assert clock.due_at is not None
    assert timedelta(hours=23) < clock.due_at - timezone.now() < timedelta(hours=25)
    assert due.run(pace.LEARN) == 0
