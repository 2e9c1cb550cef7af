"""Shopify's refunds: the webhook, and those inside its orders."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.connectors.base import ShopRefund
from orders.connectors.lenient import Unreadable, amount, identifier, moment, number, part, parts, text, whole
from orders.connectors.shopify_fulfilments import LARGEST_QUANTITY, MOST_LINES

_NOT_PAID = {"failure", "error"}


def read_refund(payload: Mapping[str, Any], *, currency: str, now: datetime) -> ShopRefund:
    """A refund payload. `currency`: the order's, where it is known. Raises Unreadable without its id or its order's."""
    payload = part(payload.get("refund")) or payload
    external_id, order_id = identifier(payload.get("id")), identifier(payload.get("order_id"))
    if not external_id or not order_id or "refund_line_items" not in payload:
        raise Unreadable("The refund has no id, names no order, or is none.")
    paid, paid_in = _paid_back(payload)
    if paid_in and currency and paid_in != currency and (worth := _worth(payload, currency)):
        paid, paid_in = worth, currency
    return ShopRefund(
        external_id=external_id,
        order_external_id=order_id,
        amount=paid,
        currency=paid_in,
        reason=text(payload.get("note"), 500),
        refunded_at=moment(payload.get("processed_at"), latest=now)
        or moment(payload.get("created_at"), latest=now),
        lines=_lines(payload),
    )


def _paid_back(payload: Mapping[str, Any]) -> tuple[Decimal, str]:
    """What went back to the shopper, and in which currency ("" when the shop did not say)."""
    paid, paid_in = Decimal(0), ""
    for transaction in parts(payload.get("transactions")):
        kind, status = text(transaction.get("kind")).lower(), text(transaction.get("status")).lower()
        if kind == "refund" and status not in _NOT_PAID:
            paid += amount(transaction.get("amount")) or Decimal(0)
            paid_in = paid_in or text(transaction.get("currency"), 3).upper()
    return paid, paid_in


def _worth(payload: Mapping[str, Any], currency: str) -> Decimal | None:
    """What a refund in another currency is worth in the order's: Shopify tells it line by line, in both."""
    sets = [
        part(entry.get(name))
        for entry in parts(payload.get("refund_line_items"))
        for name in ("subtotal_set", "total_tax_set")
    ]
    # Shipping that was given back stands among the adjustments, below zero.
    adjustments = [
        part(entry.get(name))
        for entry in parts(payload.get("order_adjustments"))
        for name in ("amount_set", "tax_amount_set")
    ]
    found = [_in(currency, both) for both in sets]
    given = [_in(currency, both) for both in adjustments]
    if not found or any(value is None for value in (*found, *given)):
        return None
    worth = sum(filter(None, found), Decimal(0)) - sum(filter(None, given), Decimal(0))
    return worth if worth > 0 else None


def _in(currency: str, both: Mapping[str, Any]) -> Decimal | None:
    for name in ("presentment_money", "shop_money"):
        money = part(both.get(name))
        if text(money.get("currency_code")) == currency:
            return number(money.get("amount"))
    return None


def _lines(payload: Mapping[str, Any]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for entry in parts(payload.get("refund_line_items"))[:MOST_LINES]:
        quantity = whole(entry.get("quantity")) or 0
        if (line := identifier(entry.get("line_item_id"))) and quantity > 0:
            found[line] = min(found[line] + quantity, LARGEST_QUANTITY)
    return dict(found)
