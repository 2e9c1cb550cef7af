"""Everything that happened to an order, newest first: facts, what carriers said, messages, notes, who did it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from cases.words import KINDS
from dashboard import formats, words
from dashboard.audit_words import ACTORS
from dashboard.fact_words import FACTS
from dashboard.words import Label
from events.models import Fact
from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from notifications.models import Message, MessageState
from notifications.reasons import sentence
from orders.models import Order, OrderNote
from tracking.models import Scan, Shipment

# Of each kind, the newest: a parcel with a broken scanner must not make the page endless.
MOST = 300
# Told by rows of their own: messages, notes.
_TOLD_BY_ROWS = ("message.sent", "message.skipped", "message.failed", "order.noted")


@dataclass(frozen=True)
class Entry:
    """One line of the timeline.

    kind: fact, scan, message, note or audit. about: which parcel, "" when the order has only one. place: among
    entries of the same instant, what follows from another stands above it.
    """

    at: datetime
    kind: str
    label: Label
    about: str = ""
    details: tuple[str, ...] = ()
    url: str = ""
    place: tuple[int, int] = (0, 0)


def timeline(
    merchant: Merchant, order: Order, shipments: list[Shipment], notes: Iterable[OrderNote] = ()
) -> list[Entry]:
    """The order's entries, newest first. `shipments` are all of its parcels, `notes` all that the team wrote."""
    several = len(shipments) > 1
    abouts = {s.id: _("Parcel %(number)d") % {"number": s.number} if several else "" for s in shipments}
    facts = Fact.objects.filter(order_id=order.id).exclude(type__in=_TOLD_BY_ROWS).order_by("-position")
    scans = Scan.objects.filter(shipment_id__in=abouts).order_by("-occurred_at", "-received_at")[:MOST]
    messages = Message.objects.filter(order_id=order.id).defer("html", "text").order_by("-planned_at")[:MOST]
    entries = _facts_and_scans(merchant, order, list(facts[:MOST]), list(scans), abouts)
    entries += [_message_entry(merchant, message, abouts) for message in messages]
    entries += [_note_entry(note) for note in notes]
    entries += _audit_entries(order)
    return sorted(entries, key=lambda entry: (entry.at, entry.place), reverse=True)


def _facts_and_scans(
    merchant: Merchant, order: Order, facts: list[Fact], scans: list[Scan], abouts: Mapping[UUID, str]
) -> list[Entry]:
    """A scan that a fact came from is told with it, not once more."""
    entries: list[Entry] = []
    told: dict[tuple[UUID, datetime], int] = {}
    for fact in facts:
        shipment_id = _shipment_id(fact)
        entry = _fact_entry(merchant, order, fact, abouts.get(shipment_id, "") if shipment_id else "")
        if shipment_id and fact.data.get("at"):
            told.setdefault((shipment_id, entry.at), len(entries))
        entries.append(entry)
    for scan in scans:
        index = told.pop((scan.shipment_id, scan.occurred_at), None)
        if index is None:
            entries.append(_scan_entry(scan, abouts[scan.shipment_id]))
        else:
            entries[index] = replace(entries[index], details=entries[index].details + _scan_details(scan))
    return entries


def _shipment_id(fact: Fact) -> UUID | None:
    text = fact.data.get("shipment_id")
    return UUID(text) if text else None


def _fact_entry(merchant: Merchant, order: Order, fact: Fact, about: str) -> Entry:
    case_id = fact.data.get("case_id")
    return Entry(
        at=_when(order, fact),
        kind="fact",
        label=words.label(FACTS, fact.type),
        about=about,
        details=tuple(detail for detail in _fact_details(order, fact) if detail),
        url=reverse("dashboard:case", args=[merchant.slug, public_id("cas", UUID(case_id))])
        if case_id
        else "",
        place=(1, fact.position),
    )


def _when(order: Order, fact: Fact) -> datetime:
    """When it happened, by the clock of whoever told us; when we were told, otherwise."""
    if fact.type == "order.placed":
        return order.placed_at
    told = (_time(fact.data, name) for name in ("at", "cancelled_at", "refunded_at"))
    return next((at for at in told if at), fact.recorded_at)


def _fact_details(order: Order, fact: Fact) -> list[str]:
    data = fact.data
    if fact.type == "order.placed":
        return [order.source, formats.money(order.total, order.currency)]
    if fact.type in ("order.updated", "order.address_changed"):
        return [", ".join(name.replace("_", " ") for name in data.get("changed", []))]
    if fact.type == "order.refunded":
        return [formats.money(Decimal(data["amount"]), data["currency"])]
    if fact.type == "order.tagged":
        return [*(f"+ {tag}" for tag in data["added"]), *(f"− {tag}" for tag in data["removed"])]
    if fact.type == "fulfilment.reported":
        return [data.get("carrier_name", ""), data.get("tracking_number", "")]
    if fact.type == "shipment.delayed":
        return [_expected(data), _was_expected(data)]
    if fact.type == "shipment.wish_changed":
        return [str(words.WISHES.get(data.get("wish", ""), "")), data.get("day", "")]
    if fact.type.startswith("case."):
        return [str(KINDS.get(data["kind"], data["kind"]))]
    if fact.type in ("shipment.created", "shipment.shipped", "shipment.eta_changed"):
        return [_expected(data)]
    return [str(words.SUBSTATUSES.get(data.get("substatus", ""), ""))]


def _expected(data: Mapping[str, Any]) -> str:
    window = formats.window(_time(data, "eta_from"), _time(data, "eta_to"))
    return _("Expected %(window)s") % {"window": window} if window else ""


def _was_expected(data: Mapping[str, Any]) -> str:
    window = formats.window(None, _time(data, "eta_was"))
    return _("before: %(window)s") % {"window": window} if window else ""


def _time(data: Mapping[str, Any], name: str) -> datetime | None:
    text = data.get(name)
    return parse_datetime(text) if text else None


def _scan_entry(scan: Scan, about: str) -> Entry:
    status = words.label(words.STATUSES, scan.status)
    text = words.SUBSTATUSES.get(scan.substatus, status.text)
    return Entry(scan.occurred_at, "scan", Label(text, status.tone), about, _scan_details(scan))


def _scan_details(scan: Scan) -> tuple[str, ...]:
    place = ", ".join(part for part in (scan.city, formats.country(scan.country)) if part)
    return tuple(part for part in (place, scan.description) if part)


def _note_entry(note: OrderNote) -> Entry:
    return Entry(
        note.created_at,
        "note",
        Label(_("Note"), "info"),
        note.author,
        tuple(note.text.split("\n")),
        place=(3, 0),
    )


def _audit_entries(order: Order) -> list[Entry]:
    """Who of the team did what to the order."""
    rows = AuditEntry.objects.filter(subject=public_id("ord", order.id), action__in=words.AUDIT).order_by(
        "-occurred_at"
    )[:MOST]
    return [
        Entry(row.occurred_at, "audit", words.label(words.AUDIT, row.action), _who(row), place=(2, 1))
        for row in rows
    ]


def _who(row: AuditEntry) -> str:
    return row.actor or str(ACTORS.get(row.actor_kind, row.actor_kind))


def _message_entry(merchant: Merchant, message: Message, abouts: Mapping[UUID, str]) -> Entry:
    state = words.label(words.MESSAGE_STATES, message.state)
    touchpoint = words.TOUCHPOINTS.get(message.touchpoint, message.touchpoint)
    channel = words.CHANNELS.get(message.channel, message.channel)
    details = [f"{channel}: {message.recipient}", str(state.text)]
    if message.state in (MessageState.SKIPPED, MessageState.FAILED):
        details.append(sentence(message.reason))
    return Entry(
        at=message.sent_at or message.planned_at,
        kind="message",
        label=Label(_("Message “%(name)s”") % {"name": touchpoint}, state.tone),
        about=abouts.get(message.shipment_id, "") if message.shipment_id else "",
        details=tuple(detail for detail in details if detail),
        url=reverse("dashboard:message", args=[merchant.slug, public_id("msg", message.id)]),
        place=(2, 0),
    )
