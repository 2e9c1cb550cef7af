"""Undoing an import: the orders that it newly made are removed, as far as nothing has happened to them since."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from events import due
from imports.claims import LeaseLost
from imports.models import Import, ImportState
from merchants.ids import public_id
from merchants.scope import merchant_transaction
from orders.removal import remove_orders, untouched_orders_of
from tracking.models import Shipment

_BATCH = 500


def undo_some(row: Import) -> bool:
    """Remove up to 500 orders of a claimed import. Returns whether that was all.

    One with a parcel, or that was changed after it was imported, stays: somebody works with it.
    """
    mark = public_id("imp", row.id)
    assert row.started_at is not None
    found = untouched_orders_of(row.merchant, mark, since=row.started_at, after=row.undone_to, limit=_BATCH)
    shipped = set(Shipment.objects.filter(order_id__in=found).values_list("order_id", flat=True))
    is_end = len(found) < _BATCH
    with merchant_transaction(row.merchant):
        removed = remove_orders(row.merchant, [id_ for id_ in found if id_ not in shipped], mark)
        _note(row, removed, found[-1] if found else None, is_end=is_end)
    return is_end


def _note(row: Import, removed: int, last: UUID | None, *, is_end: bool) -> None:
    fields: dict[str, Any] = {
        "undone": row.undone + removed,
        "undone_to": last or row.undone_to,
        "due_at": timezone.now(),
    }
    if is_end:
        fields |= {"state": ImportState.UNDONE, "due_at": None}
    if due.held(row).update(**fields, attempts=0) != 1:
        raise LeaseLost
