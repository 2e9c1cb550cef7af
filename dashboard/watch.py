"""The watch-list for people: what each reason is called, and the message that is suggested for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.words import KINDS
from dashboard.words import SUBSTATUSES, Label, label
from merchants.ids import public_id
from merchants.models import Membership, Merchant
from merchants.permissions import MATRIX, Permission
from merchants.scope import merchant_transaction
from notifications.commands import send_about
from notifications.models import Message
from tracking.statuses import Status
from tracking.watch import commands
from tracking.watch.models import Dismissal, Reason, State, WatchItem

REASONS: dict[str, Label] = {
    Reason.NOT_SHIPPED: Label(_("Not shipped in time"), "bad"),
    Reason.NO_SCAN: Label(_("No first scan"), "warn"),
    Reason.INVALID_NUMBER: Label(_("Number not known"), "bad"),
    Reason.STALLED: Label(_("Stands still"), "warn"),
    Reason.LOST: Label(_("Probably lost"), "bad"),
    Reason.FAILED_ATTEMPT: Label(_("Failed attempt"), "warn"),
    Reason.ADDRESS: Label(_("Address problem"), "bad"),
    Reason.CUSTOMS: Label(_("Customs"), "warn"),
    Reason.PAYMENT: Label(_("Payment due"), "warn"),
    Reason.PICKUP: Label(_("Pick-up ends soon"), "warn"),
    Reason.LATE: Label(_("Late"), "warn"),
    Reason.RETURNING: Label(_("Comes back"), "bad"),
    Reason.PROBLEM: Label(_("Problem"), "bad"),
    Reason.REPORTED: Label(_("Reported by customer"), "bad"),
}
WHY: dict[str, Promise] = {
    Reason.NOT_SHIPPED: _("The day on which it should have left your house is over."),
    Reason.NO_SCAN: _("Handed over or labelled, and the carrier has not scanned it for longer than usual."),
    Reason.INVALID_NUMBER: _(
        "The carrier does not know this tracking number, three days after the hand-over."
    ),
    Reason.STALLED: _("No scan for longer than is usual for this carrier and destination."),
    Reason.LOST: _("The carrier says so, or it has been silent for so long that it will hardly come."),
    Reason.FAILED_ATTEMPT: _("The carrier was at the door in vain."),
    Reason.ADDRESS: _("The carrier cannot deliver to this address."),
    Reason.CUSTOMS: _("It is held by customs, or papers are missing."),
    Reason.PAYMENT: _("Duties or fees have to be paid before it is delivered."),
    Reason.PICKUP: _("It waits to be collected, and goes back soon."),
    Reason.LATE: _("The last day that the customer was first told is over."),
    Reason.RETURNING: _("It is on its way back or back already: refund it or send it again."),
    Reason.PROBLEM: _("The carrier reports a problem."),
    Reason.REPORTED: _("The customer says that it did not arrive as it should."),
}
DISMISSALS: dict[str, Promise] = {
    Dismissal.SOLVED: _("Solved"),
    Dismissal.NO_PROBLEM: _("Was no problem"),
    Dismissal.REPLACED: _("Sent again"),
    Dismissal.REFUNDED: _("Money given back"),
    Dismissal.WRITTEN_OFF: _("Written off"),
}
SNOOZES: dict[str, tuple[timedelta, Promise]] = {
    "1": (timedelta(days=1), _("for a day")),
    "3": (timedelta(days=3), _("for three days")),
    "7": (timedelta(days=7), _("for a week")),
    "30": (timedelta(days=30), _("for a month")),
}
_SILENCE = frozenset({Reason.NO_SCAN, Reason.STALLED, Reason.INVALID_NUMBER})


def suggested(item: WatchItem) -> str:
    """The touchpoint that tells the shopper about it; "" where an answer has to be written by hand."""
    if item.reason == Reason.NOT_SHIPPED:
        return "order_delayed"
    if item.reason == Reason.REPORTED:
        return ""
    if item.reason == Reason.LATE:
        return "shipment_delayed"
    said_so = item.shipment is not None and item.shipment.status == Status.EXCEPTION
    silent = item.reason in _SILENCE or (item.reason == Reason.LOST and not said_so)
    return "shipment_silent" if silent else "shipment_exception"


def detail(item: WatchItem) -> str | Promise:
    """What is behind the reason: the carrier's sub-status, or what the shopper reports. "" for nothing."""
    return SUBSTATUSES.get(item.detail, KINDS.get(item.detail, ""))


def moment_of(item_id: UUID) -> str:
    """What makes it one message: the item. Clicked twice it is sent once."""
    return f"watch:{item_id}"


def answer(merchant: Merchant, item: WatchItem) -> list[Message]:
    """Send the message that is suggested for an open item. Returns what is new: nothing if it was sent before."""
    touchpoint = suggested(item)
    if not touchpoint:
        return []
    with merchant_transaction(merchant):
        planned = send_about(merchant, item.order_id, item.shipment_id, touchpoint, moment=moment_of(item.pk))
        if planned:
            commands.note_answer(merchant, item.pk, touchpoint)
    return planned


def told_of(items: Iterable[WatchItem]) -> dict[UUID, Message]:
    """The newest message about each item's parcel (or order) since it began: one query."""
    by_order: dict[UUID, list[WatchItem]] = {}
    for item in items:
        by_order.setdefault(item.order_id, []).append(item)
    found: dict[UUID, Message] = {}
    rows = Message.objects.filter(order_id__in=by_order).defer("html", "text", "error")
    for message in rows.order_by("planned_at"):
        for item in by_order[message.order_id]:
            if message.shipment_id == item.shipment_id and message.planned_at >= item.since:
                found[item.pk] = message
    return found


@dataclass(frozen=True)
class Watched:
    """An item as a parcel's page shows it."""

    item: WatchItem
    label: Label
    detail: str | Promise
    url: str


def of_parcel(merchant: Merchant, shipment_id: UUID) -> list[Watched]:
    """What is or was on the list about a parcel, the open ones first: one query."""
    found = WatchItem.objects.filter(shipment_id=shipment_id).order_by("-opened_at")[:20]
    in_order = sorted(found, key=lambda item: item.state != State.OPEN)
    base = f"/app/{merchant.slug}/watch/"
    return [
        Watched(item, label(REASONS, item.reason), detail(item), f"{base}{public_id('wat', item.pk)}/")
        for item in in_order
    ]


def people(merchant: Merchant) -> list[str]:
    """The addresses of everybody of the team who may look after something."""
    roles = [role for role, may in MATRIX.items() if Permission.ACT in may]
    rows = Membership.objects.filter(merchant=merchant.sandbox_of or merchant, role__in=roles)
    return [
        row.user.email or row.user.get_username()
        for row in rows.select_related("user").order_by("user__email")
    ]


def snoozed_until(choice: str) -> datetime | None:
    """When a snooze of these days ends; None for a choice that there is not."""
    chosen = SNOOZES.get(choice)
    return timezone.now() + chosen[0] if chosen else None
