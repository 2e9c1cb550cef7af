"""From facts to the daily roll-ups.

A fact says which parcel to look at; what is counted is how the parcel stands. So a correction (a "delivered" that was
taken back) counts the parcel back on its old day and forward on its new one, and a replay of the log ends equal.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from analytics.models import DayCount, DeliveryDay, Figure, MessageDay, MessageResult, ParcelOutcome
from analytics.outcomes import Ended, outcome_of
from analytics.writes import add_counts, add_deliveries, add_message_days
from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.ids import uuid7
from merchants.models import Merchant
from orders.models import Order
from tracking.models import Shipment

_MESSAGES = {"message.sent": Figure.MESSAGES_SENT, "message.failed": Figure.MESSAGES_FAILED}
_RESULTS = {f"message.{result}": result for result in MessageResult.values}
_OUTCOME = ("day", "carrier", "outcome", "transit")
# What is needed of a parcel; the rest of the row stays where it is.
_NEEDED = (
    "id", "merchant_id", "carrier", "carrier_name", "status", "substatus", "status_at", "shipped_at", "delivered_at",
    "promised_to",
)  # fmt: skip


def forget_deliveries() -> None:
    """Every merchant's outcomes and delivery days."""
    DeliveryDay.objects.all().delete()
    ParcelOutcome.objects.all().delete()


def forget_counts() -> None:
    """Every merchant's counts."""
    DayCount.objects.all().delete()


@subscribe(
    "analytics.deliveries",
    [
        "shipment.shipped", "shipment.delivered", "shipment.exception", "shipment.returning", "shipment.returned",
        "shipment.expired", "shipment.out_for_delivery", "shipment.cancelled",
    ],
    forget=forget_deliveries,
)  # fmt: skip
def count_deliveries(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Count each parcel where it ended: four statements, however many facts."""
    ids = {UUID(fact.data["shipment_id"]) for fact in facts}
    known = {row.shipment_id: row for row in ParcelOutcome.objects.filter(shipment_id__in=ids)}
    parcels = Shipment.objects.filter(pk__in=ids).only(*_NEEDED)
    now = {parcel.id: outcome_of(merchant, parcel) for parcel in parcels}
    change: Counter[Ended] = Counter()
    stored: list[ParcelOutcome] = []
    gone: list[UUID] = []
    for shipment_id, ended in now.items():
        row = known.get(shipment_id)
        was = Ended(*(getattr(row, name) for name in _OUTCOME)) if row else None
        if was == ended:
            continue
        if was is not None:
            change[was] -= 1
        if ended is None:
            gone.append(shipment_id)
            continue
        change[ended] += 1
        row_id = row.id if row else uuid7()
        stored.append(ParcelOutcome(id=row_id, merchant=merchant, shipment_id=shipment_id, **ended._asdict()))
    if gone:
        ParcelOutcome.objects.filter(shipment_id__in=gone).delete()
    if stored:
        ParcelOutcome.objects.bulk_create(
            stored, update_conflicts=True, unique_fields=["merchant", "shipment"], update_fields=_OUTCOME
        )
    add_deliveries(merchant, change)


@subscribe("analytics.counts", ["order.placed", *_MESSAGES], forget=forget_counts)
def count_what_happened(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Count orders on the day on which they were placed, messages on the day on which they went out."""
    zone = ZoneInfo(merchant.timezone)
    placed = [fact.order_id for fact in facts if fact.type == "order.placed"]
    times: list[tuple[Figure, datetime]] = [
        (_MESSAGES[fact.type], fact.recorded_at) for fact in facts if fact.type in _MESSAGES
    ]
    if placed:
        known = Order.objects.filter(pk__in=placed).values_list("placed_at", flat=True)
        times += [(Figure.ORDERS_PLACED, at) for at in known]
    add_counts(merchant, Counter((at.astimezone(zone).date(), figure.value) for figure, at in times))


def forget_message_days() -> None:
    """Every merchant's message days."""
    MessageDay.objects.all().delete()


@subscribe("analytics.messages", _RESULTS, forget=forget_message_days)
def count_messages(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Count messages by kind, channel and result on the day of the fact: one statement, however many facts."""
    zone = ZoneInfo(merchant.timezone)
    add_message_days(
        merchant,
        Counter(
            (
                fact.recorded_at.astimezone(zone).date(),
                fact.data["touchpoint"],
                fact.data["channel"],
                _RESULTS[fact.type],
            )
            for fact in facts
        ),
    )
