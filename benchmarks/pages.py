"""The tracking page with 15 scans, beside an empty Django view behind the same middleware."""

import json

from benchmarks import harness
from benchmarks.harness import Result
from benchmarks.scans import parcels
from tools.installation import Installation, Program

PAGES = 1500
SCANS = 15


def tracking_page(installation: Installation) -> Result:
    """Pages a second over 16 keep-alive connections."""
    path = _page_of_a_parcel(installation)
    requests = [harness.get(path)] * PAGES
    empty = [harness.get("/bench/empty")] * PAGES
    # The same server with one view more. It also serves the page, so that both are measured in one process.
    installation.web.stop()
    web = installation.web
    installation.web = with_empty_view(installation)
    installation.web.start()
    try:
        installation.wait_for_port()
        harness.drive(installation, requests[:200])
        harness.settle(installation)
        limit, rounds = harness.beside(
            lambda number: harness.drive(installation, empty).per_second,
            lambda number: harness.drive(installation, requests),
        )
        queries = harness.count_queries(installation, requests[:3])
    finally:
        installation.web.stop()
        installation.web = web
    return harness.result("tracking_page", "pages/s", rounds, limit, queries=queries)


def with_empty_view(installation: Installation) -> Program:
    """The web program, with `/bench/empty` beside the product's addresses."""
    return Program(
        "web-with-empty-view",
        installation.web.arguments,
        {**installation.environment, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"},
        installation.folder,
    )


def _page_of_a_parcel(installation: Installation) -> str:
    """Make a parcel with 15 scans. Returns the path of its page."""
    (number,) = parcels(installation, 1)
    scans = [
        {
            "tracking_number": number,
            "status": "in_transit",
            "substatus": "transit.departure" if hour % 2 else "transit.arrival",
            "occurred_at": f"2026-01-0{1 + hour // 24}T{hour % 24:02}:15:00Z",
            "city": ("Hamburg", "Hannover", "Kassel", "Leipzig", "Berlin")[hour // 6 % 5],
            "country": "DE",
            "description": "The parcel has left the depot",
        }
        for hour in range(0, SCANS * 3, 3)
    ]
    installation.web.start()
    installation.wait_for_web()
    body = json.dumps({"scans": scans}).encode()
    harness.drive(installation, [harness.post(installation, "scans", body)], connections=1)
    return installation.python(_PATH.format(number=number)).split()[-1]


_PATH = """
import django
django.setup()
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.queries import portal_path
from tracking.models import Scan, Shipment
merchant = Merchant.objects.get(slug="nordwind")
with merchant_scope(merchant):
    shipment = Shipment.objects.select_related("order").get(tracking_number="{number}")
    assert Scan.objects.filter(shipment=shipment).count() == 15
    # The benchmark's orders were not made by the product's command: give this one a link.
    from orders.commands import renew_link
    print(portal_path(merchant, renew_link(merchant, shipment.order_id)))
"""
