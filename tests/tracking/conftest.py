"""A DHL that can be asked, and parcels that travel with it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

import tracking.tasks  # noqa: F401  # declares the due work
from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.tracking.dhl_server import DHLServer
from tracking import calls
from tracking import poll as poll_module
from tracking.asking import POLL, set_account
from tracking.models import CarrierGate, Scan, Shipment

FAST = {"api_key": "nordwinds-key", "calls_per_second": "1000", "calls_per_day": "100000"}


@pytest.fixture
def dhl(settings: Any) -> Iterator[DHLServer]:
    """DHL's API, with an installation that has no key of its own."""
    server = DHLServer()
    settings.DHL_API_URL = f"http://{server.host}"
    settings.DHL_API_KEY = ""
    settings.OUTBOUND_ALLOW = [server.host]
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _all_the_time_in_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run works until it is done, however slow the machine that tests, and knows nothing of the test before."""
    monkeypatch.setattr(poll_module, "RUN_SECONDS", 20.0)
    monkeypatch.setattr(poll_module, "PATIENCE_SECONDS", 20.0)
    calls.begin_anew()


@pytest.fixture
def with_key(merchant: Merchant) -> Merchant:
    """Nordwind with its own access to DHL, one that allows many calls."""
    set_account(merchant, "dhl", FAST)
    return merchant


def dhl_parcel(
    owner: Merchant, number: str, *, placed: timedelta = timedelta(days=8), **fields: Any
) -> Shipment:
    """A parcel that DHL has, of an order of its own, placed and handed over some days ago."""
    now = timezone.now()
    order = factories.order(owner, placed_at=now - placed)
    values = {"carrier": "DHL Paket", "tracking_number": number, "shipped_at": now - placed / 2, **fields}
    return factories.shipment(owner, order, **values)


def poll() -> int:
    """Work off everything that is due, as a worker would."""
    return due.run(POLL)


def fresh(parcel: Shipment) -> Shipment:
    """The parcel as it stands now, its merchant and order loaded."""
    with merchant_scope(parcel.merchant):
        return Shipment.objects.select_related("order", "merchant").get(pk=parcel.pk)


def scans(parcel: Shipment) -> list[Scan]:
    """The parcel's scans, oldest first."""
    with merchant_scope(parcel.merchant):
        return list(Scan.objects.filter(shipment_id=parcel.pk).order_by("occurred_at", "id"))


def make_due(*parcels: Shipment) -> None:
    """Let the time pass until these parcels are due, and the gates are open."""
    past = timezone.now() - timedelta(seconds=1)
    for parcel in parcels:
        with merchant_scope(parcel.merchant):
            Shipment.objects.filter(pk=parcel.pk).update(due_at=past)
    CarrierGate.objects.update(opens_at=None)


def facts_of(parcel: Shipment) -> list[str]:
    """Types of the facts about a parcel in the order in which they were recorded (not read by anybody yet)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT type FROM events_incoming WHERE merchant_id = %s AND data->>'shipment_id' = %s ORDER BY id",
            [parcel.merchant_id, str(parcel.pk)],
        )
        return [kind for (kind,) in cursor.fetchall()]


def data_of(parcel: Shipment, kind: str) -> list[dict[str, Any]]:
    """The payloads of the facts of one type about a parcel, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data::text FROM events_incoming"
            " WHERE merchant_id = %s AND type = %s AND data->>'shipment_id' = %s ORDER BY id",
            [parcel.merchant_id, kind, str(parcel.pk)],
        )
        return [json.loads(text) for (text,) in cursor.fetchall()]
