"""Making, changing and deleting a merchant's own segments."""

from collections.abc import Callable
from uuid import UUID

import msgspec
from django.utils import timezone

from merchants.audit import differences, record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from orders.segments.models import Segment
from orders.segments.rules import SegmentRule, checked

MOST_SEGMENTS = 200

# Asked in the merchant's scope with a segment's ref: what people call that which uses it.
Users = Callable[[str], list[str]]
_users: list[Users] = []


def used_by(ask: Users) -> Users:
    """Declare a function that tells what uses a segment (`ref` → names). One that is used is not deleted."""
    _users.append(ask)
    return ask


def uses_of(ref: str) -> list[str]:
    """What uses a segment of the open scope: names of campaigns, messages, flows."""
    return [name for ask in _users for name in ask(ref)]


def save_segment(
    merchant: Merchant, name: str, rule: SegmentRule, *, segment_id: UUID | None = None
) -> Segment:
    """Make a segment, or change the one with this id. Returns it.

    Raises Unprocessable for a name that is empty or taken, a condition that cannot be read and too many segments;
    NotFound.
    """
    name, now = " ".join(name.split())[:80], timezone.now()
    if not name:
        raise Unprocessable("A segment needs a name.", param="name", code="invalid_name")
    values = {"name": name, "rule": msgspec.to_builtins(checked(rule))}
    with merchant_transaction(merchant):
        others = Segment.objects.exclude(pk=segment_id) if segment_id else Segment.objects.all()
        if others.filter(name=name).exists():
            raise Unprocessable("Another segment has this name.", param="name", code="name_taken")
        if segment_id is None:
            if others.count() >= MOST_SEGMENTS:
                raise Unprocessable(f"A shop has at most {MOST_SEGMENTS} segments.", code="too_many_segments")
            row = Segment.objects.create(merchant=merchant, created_at=now, updated_at=now, **values)
            record_change("segment.created", public_id("seg", row.pk), name)
            return row
        row = _locked(segment_id)
        changes = differences({key: getattr(row, key) for key in values}, values)
        if changes:
            row.name, row.rule, row.updated_at = name, values["rule"], now
            row.save(update_fields=["name", "rule", "updated_at"])
            record_change("segment.changed", public_id("seg", row.pk), name, changes)
    return row


def delete_segment(merchant: Merchant, segment_id: UUID | None) -> None:
    """Delete a segment. Raises NotFound, and Conflict that names what still uses it."""
    with merchant_transaction(merchant):
        row = _locked(segment_id)
        if uses := uses_of(public_id("seg", row.pk)):
            raise Conflict(
                f"It is used by: {', '.join(uses[:5])}.", param="segment_id", code="segment_in_use"
            )
        row.delete()
        record_change("segment.deleted", public_id("seg", segment_id), row.name)  # type: ignore[arg-type]


def _locked(segment_id: UUID | None) -> Segment:
    row: Segment | None = (
        Segment.objects.select_for_update().filter(pk=segment_id).first() if segment_id else None
    )
    if row is None:
        raise NotFound("There is no such segment.", param="segment_id")
    return row
