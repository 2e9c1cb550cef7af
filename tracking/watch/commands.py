"""What the team does with items of the watch-list: take, put off, write down, be done with. Several at once."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from merchants import audit
from merchants.ids import public_id
from merchants.models import Membership, Merchant
from merchants.permissions import MATRIX, Permission
from merchants.rest.decode import aware
from merchants.rest.errors import Conflict, InvalidBody, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from tracking.watch.facts import (
    WatchAnswered,
    WatchAssigned,
    WatchDismissed,
    WatchFact,
    WatchNoted,
    WatchSnoozed,
)
from tracking.watch.keeping import fact_values
from tracking.watch.models import Dismissal, State, WatchItem

MOST: Final = 500  # items of one call
LONGEST_NOTE: Final = 4000
LONGEST_SNOOZE: Final = timedelta(days=90)
_MAY_ACT: Final = [role for role, may in MATRIX.items() if Permission.ACT in may]


def assign(merchant: Merchant, item_ids: Collection[UUID], email: str) -> int:
    """Let somebody of the team look after these items; nobody with an empty address. Returns how many changed.

    Raises Unprocessable for an address that nobody has who may do something.
    """
    user_id, name = None, ""
    if email:
        # Who works for a shop works in its sandbox too.
        found = Membership.objects.filter(
            merchant=merchant.sandbox_of or merchant, user__username__iexact=email, role__in=_MAY_ACT
        )
        member = found.select_related("user").first()
        if member is None:
            raise Unprocessable(
                "Nobody in the team has this address.", param="assignee", code="unknown_member"
            )
        user_id, name = member.user.pk, member.user.email or member.user.get_username()

    def change(item: WatchItem) -> WatchFact | None:
        if item.assignee_id == user_id:
            return None
        item.assignee_id, item.assignee = user_id, name
        return WatchAssigned(**fact_values(item), assignee=name)  # type: ignore[arg-type]

    return _change(merchant, item_ids, "watch.assigned", change, ["assignee_id", "assignee"], label=name)


def snooze(merchant: Merchant, item_ids: Collection[UUID], until: datetime | None) -> int:
    """Put these items out of sight until a time of the next 90 days; None brings them back. Returns how many changed.

    Raises InvalidBody for a time that is past or too far away.
    """
    now = timezone.now()
    if until is not None and not now < aware(until, "until") <= now + LONGEST_SNOOZE:
        raise InvalidBody("This is no time of the next 90 days.", param="until", code="invalid_field")

    def change(item: WatchItem) -> WatchFact | None:
        if item.snoozed_until == until:
            return None
        item.snoozed_until = until
        return WatchSnoozed(**fact_values(item), until=until)  # type: ignore[arg-type]

    return _change(merchant, item_ids, "watch.snoozed", change, ["snoozed_until"])


def dismiss(merchant: Merchant, item_ids: Collection[UUID], dismissal: str) -> int:
    """Be done with these items for a reason. They come back only when it happens again. Returns how many changed.

    Raises Unprocessable for a reason that there is not.
    """
    if dismissal not in Dismissal.values:
        known = ", ".join(Dismissal.values)
        raise Unprocessable(f"dismissal is one of {known}.", param="dismissal", code="unknown_dismissal")
    now = timezone.now()

    def change(item: WatchItem) -> WatchFact:
        item.state, item.dismissal, item.dismissed_at = State.DISMISSED, dismissal, now
        return WatchDismissed(**fact_values(item), dismissal=dismissal)  # type: ignore[arg-type]

    columns = ["state", "dismissal", "dismissed_at"]
    return _change(merchant, item_ids, "watch.dismissed", change, columns, label=dismissal)


def write_note(merchant: Merchant, item_id: UUID, text: str) -> int:
    """Write down what was done about an item; an empty text takes the note away. Raises Unprocessable if too long."""
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE:
        raise Unprocessable(f"A note has {LONGEST_NOTE} letters at most.", param="note", code="invalid_note")

    def change(item: WatchItem) -> WatchFact | None:
        if item.note == text:
            return None
        item.note = text
        return WatchNoted(**fact_values(item))  # type: ignore[arg-type]

    return _change(merchant, [item_id], "watch.noted", change, ["note"])


def note_answer(merchant: Merchant, item_id: UUID, touchpoint: str) -> int:
    """Note that the shopper is being sent the message that was suggested."""
    now = timezone.now()

    def change(item: WatchItem) -> WatchFact:
        item.answered_at = now
        return WatchAnswered(**fact_values(item), touchpoint=touchpoint)  # type: ignore[arg-type]

    return _change(merchant, [item_id], "watch.answered", change, ["answered_at"], label=touchpoint)


def require_open(item_id: UUID | None) -> WatchItem:
    """An item of the open scope that something can be done about. Raises NotFound, and Conflict when it is over."""
    item = WatchItem.objects.filter(pk=item_id).first() if item_id else None
    if item is None:
        raise NotFound("There is no such item.", param="item_id")
    if item.state != State.OPEN:
        raise Conflict(f"This item is {item.state}.", param="item_id", code="watch_item_not_open")
    return item


def _change(
    merchant: Merchant,
    item_ids: Collection[UUID],
    action: str,
    change: Callable[[WatchItem], WatchFact | None],
    columns: list[str],
    *,
    label: str = "",
) -> int:
    """Change the open ones among these items in one transaction, each with its fact; one line in the audit log."""
    if len(item_ids) > MOST:
        raise Unprocessable(f"{MOST} items at most.", code="too_many_items")
    with merchant_transaction(merchant):
        rows = WatchItem.objects.filter(pk__in=item_ids, state=State.OPEN).order_by("pk")
        changed: list[WatchItem] = []
        told: list[tuple[WatchFact, UUID | None]] = []
        for item in rows.select_for_update(no_key=True):
            if (fact := change(item)) is not None:
                changed.append(item)
                told.append((fact, item.order_id))
        if changed:
            WatchItem.objects.bulk_update(changed, columns)
            event_log.record_many(told)
            subject = public_id("wat", changed[0].id) if len(changed) == 1 else ""
            audit.record_by_hand(action, subject, label, {"items": [0, len(changed)]})
    return len(changed)
