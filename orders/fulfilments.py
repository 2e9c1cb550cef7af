"""What a shop reports about its fulfilments, as facts: recorded when something changed, and only then."""

import hashlib
from collections.abc import Iterator

from events import log as event_log
from merchants.models import Merchant
from orders.connectors.base import ShopFulfilment, ShopParcel
from orders.facts import FulfilmentReported, ReportedLine
from orders.models import Fulfilment, Order


def report_fulfilment(merchant: Merchant, order: Order, told: ShopFulfilment, *, notify: bool) -> bool:
    """Record what a shop said about a fulfilment of a locked order. Returns whether anything was new.

    One parcel a tracking number: the first carries the lines (a shop does not say what is in which), the
    others are known by the fulfilment's id and their place (`255858046-2`).
    """
    known = Fulfilment.objects.filter(order=order, external_id=told.external_id).first()
    if known and told.updated_at and known.source_updated_at and told.updated_at < known.source_updated_at:
        return False  # News that was overtaken on its way.
    row = known or Fulfilment(merchant=merchant, order=order, external_id=told.external_id, parcels=0)
    parcels_before, digest = row.parcels, _digest(told)
    changed = known is None or bytes(known.digest) != digest
    row.source_updated_at = told.updated_at or row.source_updated_at
    row.digest, row.parcels, row.raw = digest, len(told.parcels), dict(told.raw)
    row.save()
    if changed:
        event_log.record_many((fact, order.id) for fact in _facts(order, told, parcels_before, notify))
    return changed


def _facts(
    order: Order, told: ShopFulfilment, parcels_before: int, notify: bool
) -> Iterator[FulfilmentReported]:
    for index, parcel in enumerate(told.parcels):
        yield _reported(order, told, index, parcel, notify)
    for index in range(len(told.parcels), parcels_before):  # a number that was taken back
        yield FulfilmentReported(
            order_id=order.id, external_id=_external_id(told, index), cancelled=True, notify=notify
        )


def _reported(
    order: Order, told: ShopFulfilment, index: int, parcel: ShopParcel, notify: bool
) -> FulfilmentReported:
    lines = None if told.lines is None else [
        ReportedLine(external_id=line, quantity=quantity) for line, quantity in told.lines.items()
    ]  # fmt: skip
    return FulfilmentReported(
        order_id=order.id,
        external_id=_external_id(told, index),
        carrier_name=told.carrier_name,
        tracking_number=parcel.tracking_number,
        tracking_url=parcel.tracking_url,
        shipped_at=told.shipped_at,
        cancelled=told.cancelled,
        status=told.status,
        status_at=told.status_at,
        lines=lines if index == 0 else [],
        notify=notify,
    )


def _external_id(told: ShopFulfilment, index: int) -> str:
    return told.external_id if index == 0 else f"{told.external_id[:180]}-{index + 1}"


def _digest(told: ShopFulfilment) -> bytes:
    """Hash of everything that a fact would tell. The time of a status is not in it: it moves with every update."""
    content = (
        None if told.guessed else told.shipped_at,
        told.cancelled, told.carrier_name, told.parcels, told.status,
        None if told.lines is None else sorted(told.lines.items()),
    )  # fmt: skip
    return hashlib.sha256(repr(content).encode()).digest()
