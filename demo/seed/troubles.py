"""Orders of the showcase that need somebody: each reason of the watch-list at least once, and a team that is at it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from cases.facts import CaseOpened
from cases.models import CaseKind, CaseStatus, EntryKind, Side
from cases.promise import answer_by
from cases.steps import add_entry, new_case, save, tell, told
from demo.seed.plan import PlannedOrder
from events.drain import drain
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from orders.models import Order
from tracking.watch import commands
from tracking.watch.models import Dismissal, Reason, State, WatchItem

# What is older than this somebody has dealt with.
_DEALT_WITH_AFTER = timedelta(days=7)
_NOTES = {
    Reason.LOST: "Nachforschung beim Paketdienst gestellt, Antwort in drei Werktagen zugesagt.",
    Reason.ADDRESS: "Kundin angerufen: Hausnummer fehlte. Korrektur an den Paketdienst gemeldet.",
}


@dataclass(frozen=True)
class Trouble:
    """A parcel that went wrong: its journey, how long ago it was handed over, and what differs from the journey."""

    journey: str
    carrier: str
    age: timedelta
    german: bool = True
    differs: dict[str, Any] = field(default_factory=dict)


TROUBLES = {
    "no_scan": Trouble("DELIVERED", "dpd", timedelta(days=3, hours=5), differs={"heard": 1}),
    "unknown_number": Trouble(
        "DELIVERED", "dhl", timedelta(days=4, hours=9), False,
        {"heard": 0, "poll_error": "not_found: DHL does not know this number."},
    ),
    "stalled": Trouble("DELIVERED", "ups", timedelta(days=6, hours=3), differs={"heard": 4}),
    "silent": Trouble("DELIVERED", "hermes", timedelta(days=13), differs={"heard": 5}),
    "documents": Trouble("EXCEPTION", "ups", timedelta(days=3, hours=2), False, {"problem": "exception.documents"}),
    "damaged": Trouble("EXCEPTION", "gls", timedelta(days=3, hours=5), differs={"problem": "exception.damaged"}),
    "pickup_ends": Trouble("PICKUP", "dhl", timedelta(hours=114), differs={"kept": timedelta(hours=84)}),
    "missing": Trouble("DELIVERED", "gls", timedelta(days=3, hours=14), differs={"hand_over": "delivered.safe_place"}),
}  # fmt: skip
NOT_PACKED = "not_packed"


def at_work(merchant: Merchant, rng: Random) -> None:
    """Let a shopper report a parcel, and the team have dealt with most of what is older than a week."""
    with merchant_scope(merchant):
        _report_missing(merchant)
    drain(merchant.shard)
    member = User.objects.filter(memberships__merchant=merchant).order_by("pk").first()
    now = timezone.now()
    with merchant_scope(merchant):
        found = WatchItem.objects.filter(state=State.OPEN).order_by("since", "pk").select_related("order")
        for item in found:
            if now - item.since > _DEALT_WITH_AFTER and not item.order.external_id.startswith("show-"):
                why = rng.choice((Dismissal.SOLVED, Dismissal.REPLACED, Dismissal.REFUNDED))
                commands.dismiss(merchant, [item.pk], why)
            elif item.reason in _NOTES and item.order.external_id.startswith("show-"):
                commands.write_note(merchant, item.pk, _NOTES[Reason(item.reason)])
                if member is not None:
                    commands.assign(merchant, [item.pk], member.username)
            elif item.reason == Reason.CUSTOMS:
                commands.snooze(merchant, [item.pk], now + timedelta(days=2))
    drain(merchant.shard)


def _report_missing(merchant: Merchant) -> None:
    """The newest order of the showcase whose shopper does not find the parcel: a case, told to nobody by mail."""
    orders = Order.objects.filter(external_id__startswith="show-missing-").exclude(cases__isnull=False)
    order = orders.defer("raw", "search").order_by("-placed_at").first()
    parcel = order.shipments.first() if order else None
    if order is None or parcel is None:
        return
    with merchant_transaction(merchant):
        case = new_case(merchant, order.id, parcel.id, CaseKind.NOT_RECEIVED, CaseStatus.OPEN)
        text = "Laut Sendungsverfolgung zugestellt, aber hier ist nichts angekommen. Die Nachbarn wissen von nichts."
        entry = add_entry(case, EntryKind.OPENED, Side.SHOPPER, text)
        save(case, opened_at=case.created_at, answer_by=answer_by(merchant, case.created_at))
        assert case.answer_by is not None
        tell(case, CaseOpened(**{**told(case, entry), "notify": False}, answer_by=case.answer_by))


def in_trouble(order: PlannedOrder, trouble: Trouble, now: datetime) -> PlannedOrder:
    """The order with its parcel, as it stands by now."""
    (parcel,) = order.parcels
    at = now - trouble.age
    parcel = replace(parcel, handed_over_at=at, **trouble.differs)
    return replace(order, placed_at=at - timedelta(hours=20), parcels=(parcel,))
