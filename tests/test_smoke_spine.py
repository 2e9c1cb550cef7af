"""The spine in one breath: an order, its parcel, a scan, and the facts about them in order."""

from collections.abc import Callable

from tests import factories
from tests.api_client import ApiClient


def test_an_order_a_parcel_and_a_scan_become_facts_in_order(
    api: ApiClient, drain_all: Callable[[], int]
) -> None:
    order = api.post("orders", factories.order_body()).json()
    parcel = api.post("shipments", {"order_id": order["id"], "carrier": "DHL", "tracking_number": "JJD1"})
    assert parcel.status_code == 201
    scan = {"tracking_number": "JJD1", "status": "delivered", "occurred_at": "2026-01-05T09:00:00Z"}
    assert api.post("scans", scan).json() == {"recorded": 1, "duplicates": 0}
    assert api.post("scans", scan).json() == {"recorded": 0, "duplicates": 1}

    drain_all()

    types = [event["type"] for event in api.get("events").json()["data"]]
    assert types == ["order.placed", "shipment.created", "shipment.shipped", "shipment.delivered"]
