"""Codes of carriers that our tables do not have: kept, counted, shown (B16). Nobody guesses what they mean."""

from collections import Counter
from datetime import datetime

from django.db import connection

from merchants.ids import uuid7
from tracking.carriers.base import TrackingResult
from tracking.models import Scan, Shipment, UnknownCode

_COUNT = """
INSERT INTO tracking_unknowncode AS known
    (id, merchant_id, carrier, code, words, times, shipment_id, first_seen_at, last_seen_at)
VALUES (%(id)s, %(merchant)s, %(carrier)s, %(code)s, %(words)s, %(times)s, %(shipment)s, %(now)s, %(now)s)
ON CONFLICT (merchant_id, carrier, code) DO UPDATE SET
    words = excluded.words, times = known.times + excluded.times, shipment_id = excluded.shipment_id,
    last_seen_at = excluded.last_seen_at
"""


def count_unknown(shipment: Shipment, result: TrackingResult, now: datetime) -> None:
    """Count the unknown codes among the scans that an answer brought and that were stored at `now`.

    In the transaction that stored them. No query when all codes are known.
    """
    words = {
        scan.raw_code[:120].replace("\x00", ""): scan.description[:500].replace("\x00", "")
        for scan in result.scans
        if not scan.known
    }
    if not words:
        return
    new = Scan.objects.filter(shipment=shipment, received_at=now, raw_code__in=words)
    counted = Counter(new.values_list("raw_code", flat=True))
    # In one order, so that two answers that count the same codes do not wait for each other in a circle.
    for code in sorted(counted):
        with connection.cursor() as cursor:
            cursor.execute(
                _COUNT,
                {
                    "id": uuid7(), "merchant": shipment.merchant_id, "carrier": shipment.carrier, "code": code,
                    "words": words[code], "times": counted[code], "shipment": shipment.id, "now": now,
                },
            )  # fmt: skip


def unknown_codes(limit: int = 100) -> list[UnknownCode]:
    """The unknown codes of the merchant in scope, the newest first, each with its newest parcel. One query."""
    return list(UnknownCode.objects.select_related("shipment").order_by("-last_seen_at", "-id")[:limit])
