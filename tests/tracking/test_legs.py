"""A parcel that is handed over is asked about at the next carrier too."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.tracking.carrier_server import CarrierServer, Reply, carrier_server
from tests.tracking.conftest import fresh, scans
from tracking.answers import apply_tracking
from tracking.asking import set_account
from tracking.carriers import tokens
from tracking.carriers.base import TrackingResult
from tracking.carriers.registry import ADAPTERS
from tracking.legs.wanting import LEGS
from tracking.models import NextLeg, Shipment
from tracking.queries import show_shipment

FIXTURES = Path(__file__).parent / "fixtures"
NEXT = "92419900000000000000000001"
KEYS = {"client_id": "i", "client_secret": "s", "calls_per_second": "1000", "calls_per_day": "100000"}


@pytest.fixture
def usps(settings: Any) -> Iterator[CarrierServer]:
    tokens.forget_all()
    with carrier_server() as server:
        settings.OUTBOUND_ALLOW = [server.host]
        settings.CARRIER_URLS = {"usps": f"http://{server.host}"}
        server.token("/oauth2/v3/token")
        yield server


def recent(path: str) -> bytes:
    """A fixture with its days moved, so that the last is yesterday."""
    text = (FIXTURES / path).read_text()
    for number, day in enumerate(("02", "03", "04", "05")):
        moved = timezone.now() - timedelta(days=4 - number)
        text = text.replace(f"2026-03-{day}", f"{moved:%Y-%m-%d}").replace(f"202603{day}", f"{moved:%Y%m%d}")
    return text.encode()


def handed_over(merchant: Merchant) -> Shipment:
    """A parcel of UPS that ends at USPS, as UPS has just told."""
    now = timezone.now()
    order = factories.order(merchant, placed_at=now - timedelta(days=5))
    sent = factories.shipment(
        merchant,
        order,
        carrier="UPS",
        tracking_number="1Z999AA10000000005",
        shipped_at=now - timedelta(days=4),
    )
    [told] = ADAPTERS["ups"].read("1Z999AA10000000005", recent("ups/customs.json"))
    assert isinstance(told, TrackingResult)
    apply_tracking(merchant, sent.pk, told, source="ups")
    return sent


def leg(merchant: Merchant) -> NextLeg:
    with merchant_scope(merchant):
        return NextLeg.objects.get()


def come_due(merchant: Merchant) -> None:
    with merchant_scope(merchant):
        NextLeg.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_the_next_carriers_scans_are_the_parcels_and_told_once(
    merchant: Merchant, usps: CarrierServer
) -> None:
    set_account(merchant, "usps", KEYS)
    answer = recent("usps/delivered.json").replace(b"9400100000000000000001", NEXT.encode())
    usps.on("/tracking/v3/tracking", Reply(answer))
    sent = handed_over(merchant)
    before = len(scans(sent))
    due.run(LEGS)
    assert usps.paths()[-1] == f"/tracking/v3/tracking/{NEXT}"
    once = scans(sent)
    assert len(once) == before + 4
    assert {scan.source for scan in once} == {"ups", "usps"}
    now = fresh(sent)
    assert (now.status, now.signed_by, now.service) == ("delivered", "J DOE", "UPS Ground")
    come_due(merchant)
    due.run(LEGS)
    assert len(scans(sent)) == len(once)
    assert leg(merchant).due_at is None  # delivered: nobody is asked any more


def test_the_api_shows_where_it_went(merchant: Merchant) -> None:
    sent = handed_over(merchant)
    with merchant_scope(merchant):
        shown = show_shipment(Shipment.objects.prefetch_related("lines__line").get(pk=sent.pk))
    assert shown.handed_over_to is not None
    assert (shown.handed_over_to.carrier, shown.handed_over_to.tracking_number) == ("usps", NEXT)
    assert shown.weight_grams == 907


def test_a_next_carrier_that_does_not_know_it_yet_is_asked_again(
    merchant: Merchant, usps: CarrierServer
) -> None:
    set_account(merchant, "usps", KEYS)
    usps.on("/tracking/v3/tracking", Reply((FIXTURES / "usps/not_found.json").read_bytes(), 404))
    sent = handed_over(merchant)
    status = fresh(sent).status
    due.run(LEGS)
    waiting = leg(merchant)
    assert waiting.error.startswith("not_found")
    assert waiting.due_at is not None
    assert waiting.due_at > timezone.now() + timedelta(hours=1)
    assert fresh(sent).status == status


def test_without_keys_the_leg_waits_and_nobody_is_asked(merchant: Merchant, usps: CarrierServer) -> None:
    handed_over(merchant)
    due.run(LEGS)
    assert leg(merchant).error == "no_access"
    assert usps.asked == []


def test_a_parcel_that_ended_meanwhile_is_not_followed(merchant: Merchant, usps: CarrierServer) -> None:
    set_account(merchant, "usps", KEYS)
    sent = handed_over(merchant)
    with merchant_scope(merchant):
        Shipment.objects.filter(pk=sent.pk).update(status="delivered")
    due.run(LEGS)
    assert leg(merchant).due_at is None
    assert usps.asked == []
