"""Counting a merchant's scans anew, once a day: from the parcels of the last weeks, in short transactions.

Counts are derived: `forget` and `learn` end equal to what stood there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction, platform_scope
from tracking.carriers.registry import ADAPTERS
from tracking.carriers.zones import zone_of
from tracking.rates.counting import Counts
from tracking.rates.models import CarrierScanCounts, ScanCounts, ScanLesson
from tracking.rates.priors import ANNOUNCED, context_of
from tracking.statuses import Status, is_terminal

# Lead times change within a year, and within a season (Olist's fell by a third): old parcels teach the wrong hours.
REMEMBERED: Final = timedelta(days=90)
_PARCELS: Final = 10_000
_BATCH: Final = 500

Key = tuple[str, str, str]  # carrier, context, service

_HISTORY = """
SELECT p.created_at, p.id, p.carrier, p.service, p.status, p.substatus, p.eta_to, o.country,
       array_agg(s.occurred_at ORDER BY s.occurred_at, s.id), array_agg(s.status ORDER BY s.occurred_at, s.id)
FROM (SELECT * FROM tracking_shipment
      WHERE merchant_id = %(merchant)s AND carrier = ANY(%(carriers)s) AND created_at > %(since)s AND NOT inbound
        AND (created_at, id) < (%(before)s, %(before_id)s)
      ORDER BY created_at DESC, id DESC LIMIT %(limit)s) AS p
JOIN orders_order o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
LEFT JOIN tracking_scan s ON s.merchant_id = p.merchant_id AND s.shipment_id = p.id
     AND s.source <> 'afterward' AND s.occurred_at <= %(now)s
GROUP BY p.created_at, p.id, p.carrier, p.service, p.status, p.substatus, p.eta_to, o.country
ORDER BY p.created_at DESC, p.id DESC
"""
_LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def clock_of(merchant: Merchant, context: str, country: str) -> tzinfo:
    """Whose hours count: the merchant's before the carrier has a parcel, then those of where it goes."""
    zone = zone_of(country) if country and context != ANNOUNCED else UTC
    return zone if zone is not UTC else ZoneInfo(merchant.timezone)


def learn(merchant: Merchant, now: datetime) -> None:
    """Count the scans of the merchant's parcels of the last weeks, in place of what was counted before."""
    counts: dict[Key, Counts] = defaultdict(Counts)
    for carrier, service, country, eta, waits in _waits(merchant, now):
        for context, begin, end, scanned in waits:
            clock = clock_of(merchant, context, country)
            counts[carrier, context, service].wait(begin, end, eta, clock, scanned=scanned)
    _store(merchant, {key: found for key, found in counts.items() if found.scans})


def forget() -> None:
    """Forget every merchant's counts, and have them counted again."""
    with platform_scope("forgetting what was learned about scans"), transaction.atomic():
        ScanCounts.objects.all().delete()
        CarrierScanCounts.objects.all().delete()
        ScanLesson.objects.all().delete()


def _waits(
    merchant: Merchant, now: datetime
) -> Iterator[tuple[str, str, str, datetime | None, list[tuple[str, datetime, datetime, bool]]]]:
    values: dict[str, Any] = {
        "merchant": merchant.id, "carriers": list(ADAPTERS), "since": now - REMEMBERED, "before": now,
        "before_id": _LAST_ID, "limit": _BATCH, "now": now,
    }  # fmt: skip
    for _ in range(_PARCELS // _BATCH):
        with merchant_scope(merchant), connection.cursor() as cursor:
            cursor.execute(_HISTORY, values)
            rows = cursor.fetchall()
        for _, _, carrier, service, status, substatus, eta, country, times, statuses in rows:
            open_until = None if is_terminal(status, substatus) or status == Status.EXPIRED else now
            waits = list(_of_parcel(times, statuses, open_until)) if times[0] else []
            yield carrier, service, country, eta, waits
        if len(rows) < _BATCH:
            return
        values["before"], values["before_id"] = rows[-1][:2]


def _of_parcel(
    times: list[datetime], statuses: list[str], open_until: datetime | None
) -> Iterator[tuple[str, datetime, datetime, bool]]:
    """The waits between a parcel's scans: context, begin, end, and whether a scan ended it."""
    ends = [*((time, True) for time in times[1:]), (open_until, False)]
    for begin, status, (end, scanned) in zip(times, statuses, ends, strict=True):
        context = context_of(status)
        if context and end and end - begin >= timedelta(minutes=1):
            yield context, begin, end, scanned


def _store(merchant: Merchant, counts: dict[Key, Counts]) -> None:
    with merchant_transaction(merchant):
        # The sums by what changed, in the order of their keys, each locked until the end.
        change: dict[tuple[str, str], Counts] = defaultdict(Counts)
        for (carrier, context, _), found in counts.items():
            change[carrier, context].add(found)
        for row in ScanCounts.objects.all():
            change[row.carrier, row.context].add(Counts(**row.counts), sign=-1)
        for carrier, context in sorted(change):
            _add_to_sum(carrier, context, change[carrier, context])
        ScanCounts.objects.all().delete()
        ScanCounts.objects.bulk_create(_rows(merchant, counts))


def _rows(merchant: Merchant, counts: dict[Key, Counts]) -> Iterable[ScanCounts]:
    for (carrier, context, service), found in sorted(counts.items()):
        yield ScanCounts(
            merchant=merchant, carrier=carrier, context=context, service=service, counts=asdict(found)
        )


def _add_to_sum(carrier: str, context: str, change: Counts) -> None:
    row = CarrierScanCounts(carrier=carrier, context=context, counts=asdict(Counts()))
    CarrierScanCounts.objects.bulk_create([row], ignore_conflicts=True)
    known = CarrierScanCounts.objects.select_for_update().get(carrier=carrier, context=context)
    total = Counts(**known.counts)
    total.add(change)
    known.counts = asdict(total)
    known.save(update_fields=["counts"])
