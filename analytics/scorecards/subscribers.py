"""From facts to the carriers' roll-ups.

A fact says which parcel to look at; what is counted is how the parcel stands. So a correction counts it back on its old
day and forward on its new one, and a replay of the log ends equal.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from analytics.scorecards.judging import Card, Tallies, Way, card_of
from analytics.scorecards.models import CarrierParcel, CarrierTally
from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.ids import uuid7
from merchants.models import Merchant
from tracking.models import Shipment

Key = tuple[date, str, str, str, str, int]  # day, carrier, service, country, measure, bin

_COLUMNS = ("day", "carrier", "service", "country")
_NEEDED = (
    "id", "merchant_id", "order_id", "carrier", "carrier_name", "service", "status", "substatus", "status_at",
    "shipped_at", "delivered_at", "promised_to", "carrier_to", "failed_attempts", "historical", "created_at",
    "order__id", "order__merchant_id", "order__country",
)  # fmt: skip
# What was scanned before we knew of a parcel, and what is ours, says nothing about how fast its carrier tells.
_WAYS = """
SELECT s.shipment_id, bool_or(s.status = 'exception'),
       array_agg(greatest(extract(epoch FROM s.received_at - s.occurred_at), 0)::float8)
         FILTER (WHERE s.offset_known AND s.source NOT IN ('afterward', 'shop') AND s.occurred_at >= p.created_at
                 AND NOT p.historical)
FROM tracking_scan s JOIN tracking_shipment p ON p.merchant_id = s.merchant_id AND p.id = s.shipment_id
WHERE s.merchant_id = %s AND s.shipment_id = ANY(%s) GROUP BY s.shipment_id
"""
_ADD = """
INSERT INTO analytics_carriertally AS known (id, merchant_id, day, carrier, service, country, measure, bin, number)
SELECT id, %s, day, carrier, service, country, measure, bin, number
FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::integer[])
    AS new(id, day, carrier, service, country, measure, bin, number)
ON CONFLICT (merchant_id, day, carrier, service, country, measure, bin)
DO UPDATE SET number = known.number + excluded.number
"""
_TAKE_OFF = """
UPDATE analytics_carriertally AS known SET number = known.number - taken.number
FROM unnest(%s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::integer[])
    AS taken(day, carrier, service, country, measure, bin, number)
WHERE known.merchant_id = %s AND known.day = taken.day AND known.carrier = taken.carrier
  AND known.service = taken.service AND known.country = taken.country AND known.measure = taken.measure
  AND known.bin = taken.bin
"""
_DROP_EMPTY = (
    "DELETE FROM analytics_carriertally WHERE merchant_id = %s AND number = 0 AND day = ANY(%s::date[])"
)


def forget_cards() -> None:
    """Every merchant's tallies, and what they were made of."""
    CarrierTally.objects.all().delete()
    CarrierParcel.objects.all().delete()


@subscribe(
    "analytics.carriers",
    [
        "shipment.shipped", "shipment.delivered", "shipment.exception", "shipment.returning", "shipment.returned",
        "shipment.expired", "shipment.out_for_delivery", "shipment.cancelled",
    ],
    forget=forget_cards,
)  # fmt: skip
def count_carriers(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Count each parcel that ended: seven statements, however many facts."""
    ids = {UUID(fact.data["shipment_id"]) for fact in facts}
    known = {row.shipment_id: row for row in CarrierParcel.objects.filter(shipment_id__in=ids)}
    parcels = list(Shipment.objects.filter(pk__in=ids).select_related("order").only(*_NEEDED))
    ways = _ways(merchant, ids)
    change: Counter[Key] = Counter()
    stored: list[CarrierParcel] = []
    gone: list[UUID] = []
    for parcel in parcels:
        row, card = known.get(parcel.id), card_of(merchant, parcel, ways.get(parcel.id, Way()))
        if row is not None and card is not None and _same(row, card):
            continue
        if row is not None:
            change.subtract(_keys(row.day, row.carrier, row.service, row.country, _tallies(row)))
        if card is not None:
            change.update(_keys(card.day, card.carrier, card.service, card.country, card.tallies))
            stored.append(_row(merchant, parcel.id, row, card))
        elif row is not None:
            gone.append(parcel.id)
    if gone:
        CarrierParcel.objects.filter(shipment_id__in=gone).delete()
    if stored:
        CarrierParcel.objects.bulk_create(
            stored, update_conflicts=True, unique_fields=["merchant", "shipment"],
            update_fields=[*_COLUMNS, "tallies"],
        )  # fmt: skip
    _add(merchant, change)


def _ways(merchant: Merchant, ids: Collection[UUID]) -> dict[UUID, Way]:
    with connection.cursor() as cursor:
        cursor.execute(_WAYS, [merchant.id, list(ids)])
        return {
            found: Way(bool(bad), tuple(sorted(seconds or ()))) for found, bad, seconds in cursor.fetchall()
        }


def _same(row: CarrierParcel, card: Card) -> bool:
    same = all(getattr(row, name) == getattr(card, name) for name in _COLUMNS)
    return same and _tallies(row) == card.tallies


def _tallies(row: CarrierParcel) -> Tallies:
    return Counter({(measure, number): count for measure, number, count in row.tallies})


def _row(merchant: Merchant, shipment_id: UUID, row: CarrierParcel | None, card: Card) -> CarrierParcel:
    tallies = [[measure, number, count] for (measure, number), count in sorted(card.tallies.items())]
    return CarrierParcel(
        id=row.id if row else uuid7(), merchant=merchant, shipment_id=shipment_id, day=card.day, carrier=card.carrier,
        service=card.service, country=card.country, tallies=tallies,
    )  # fmt: skip


def _keys(day: date, carrier: str, service: str, country: str, tallies: Tallies) -> dict[Key, int]:
    return {(day, carrier, service, country, *of): count for of, count in tallies.items()}


def _add(merchant: Merchant, change: Counter[Key]) -> None:
    """Add to the tallies (negative: take off). A row that comes to nothing goes."""
    added = sorted((key, number) for key, number in change.items() if number > 0)
    taken = sorted((key, -number) for key, number in change.items() if number < 0)
    with connection.cursor() as cursor:
        if added:
            cursor.execute(_ADD, [merchant.id, [uuid7() for _ in added], *_arrays(added)])
        if taken:
            cursor.execute(_TAKE_OFF, [*_arrays(taken), merchant.id])
            cursor.execute(_DROP_EMPTY, [merchant.id, [key[0] for key, _ in taken]])


def _arrays(rows: Sequence[tuple[Key, int]]) -> list[list[Any]]:
    return [list(column) for column in zip(*((*key, number) for key, number in rows), strict=True)]
