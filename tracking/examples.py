"""Bodies as the API reference shows them, about the order in `orders.examples`; tests post them."""

from drf_spectacular.utils import OpenApiExample

SHIPMENT = OpenApiExample(
    "A parcel with one of the lines",
    request_only=True,
    value={
        "order_external_id": "5817263940113",
        "carrier": "dhl",
        "tracking_number": "00340434161094042557",
        "lines": [{"line": "L1", "quantity": 1}],
    },
)
SCAN = OpenApiExample(
    "One scan",
    request_only=True,
    value={
        "tracking_number": "00340434161094042557",
        "status": "in_transit",
        "substatus": "transit.departure",
        "occurred_at": "2026-11-21T18:40:00+01:00",
        "city": "Hamburg",
        "country": "DE",
    },
)
SCANS = OpenApiExample(
    "Several at once",
    request_only=True,
    value={
        "scans": [
            {
                "tracking_number": "00340434161094042557",
                "status": "out_for_delivery",
                "occurred_at": "2026-11-22T07:12:00+01:00",
            },
            {
                "tracking_number": "00340434161094042557",
                "status": "delivered",
                "occurred_at": "2026-11-22T11:03:00+01:00",
            },
        ]
    },
)
