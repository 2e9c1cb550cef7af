"""WooCommerce's orders (REST API v3, as its webhooks send them) as our orders.

Pure: a payload in, our words out. Nothing that WooCommerce sends is refused; what has no column stays in `raw`.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any

from orders.commands import Origin
from orders.connectors.base import ShopOrder, ShopRefund
from orders.connectors.lenient import (
    Unreadable,
    amount,
    email_of,
    identifier,
    language,
    link,
    moment,
    number,
    part,
    parts,
    text,
    whole,
)
from orders.connectors.woocommerce_parcels import LARGEST_QUANTITY, MOST_LINES, meta_of, read_parcels
from orders.schemas import AddressIn, CustomerIn, LineIn, OrderIn
from orders.text import currencies

SOURCE = "woocommerce"
ORDER_TOPICS = ("order.created", "order.updated", "order.restored")
DELETED = "order.deleted"
NEEDED_TOPICS = (
    "order.created", "order.updated", "order.deleted", "customer.updated", "product.created", "product.updated",
)  # fmt: skip

_DRAFTS = {"checkout-draft", "auto-draft", "draft"}
_GIVEN_UP = {"failed", "cancelled", "trash"}
# An unpaid order of these came from a shopper at the till, who may go away; anything else was entered on purpose.
_FROM_THE_TILL = {"checkout", "store-api"}
_LANGUAGE_META = ("wpml_language", "_wpml_language", "trp_language", "_user_language", "_locale")
# Secrets and traces of the shopper's browser: neither columns nor `raw` hold them.
_NOT_KEPT = {
    "order_key",
    "customer_ip_address",
    "customer_user_agent",
    "cart_hash",
    "transaction_id",
    "payment_url",
}


def read_order(payload: Mapping[str, Any], *, currency: str, now: datetime) -> ShopOrder:
    """An order payload. `currency` stands in for one that does not exist. Raises Unreadable without an id."""
    external_id = identifier(payload.get("id"))
    if not external_id or not isinstance(payload.get("line_items"), list) or "billing" not in payload:
        raise Unreadable("The body is not an order, or has no id.")
    status = text(payload.get("status")).lower().removeprefix("wc-")
    created_at = _time(payload, "date_created", now)
    modified_at = _time(payload, "date_modified", None)
    money = _Prices(payload, currency)
    cancelled = status in ("cancelled", "trash")
    order = OrderIn(
        external_id=external_id,
        number=text(payload.get("number"), 64) or external_id[:64],
        placed_at=created_at,
        customer=_customer(payload),
        shipping_address=_address(payload),
        currency=money.currency,
        lines=_lines(payload, money),
        **money.totals(),
    )
    origin = Origin(
        source=SOURCE,
        updated_at=modified_at,
        raw={key: value for key, value in payload.items() if key not in _NOT_KEPT},
        happened=True,
    )
    return ShopOrder(
        order,
        origin,
        created_at,
        (modified_at or now) if cancelled else None,
        read_parcels(payload, order_id=external_id, modified_at=modified_at, status=status, now=now),
        tuple(_refunds(payload, external_id, modified_at)),
        never_placed=_never_placed(payload, status),
    )


def read_refund(payload: Mapping[str, Any], *, order_id: str, now: datetime) -> ShopRefund:
    """A refund as `GET /orders/<id>/refunds` tells it. Raises Unreadable without an id."""
    external_id = identifier(payload.get("id"))
    if not external_id or "amount" not in payload:
        raise Unreadable("The refund has no id, or is none.")
    lines: Counter[str] = Counter()
    for item in parts(payload.get("line_items"))[:MOST_LINES]:
        line = identifier(meta_of(item).get("_refunded_item_id")) or identifier(item.get("id"))
        quantity = abs(whole(item.get("quantity")) or 0)
        if line and quantity:
            lines[line] = min(lines[line] + quantity, LARGEST_QUANTITY)
    return ShopRefund(
        external_id=external_id,
        order_external_id=order_id,
        amount=amount(payload.get("amount")) or Decimal(0),
        reason=text(payload.get("reason"), 500),
        refunded_at=_time(payload, "date_created", now),
        lines=dict(lines),
    )


def _refunds(payload: Mapping[str, Any], order_id: str, at: datetime | None) -> list[ShopRefund]:
    """Refunds as an order lists them: amounts below zero, without lines and time."""
    found = []
    for entry in parts(payload.get("refunds")):
        if refund_id := identifier(entry.get("id")):
            given = abs(number(entry.get("total")) or Decimal(0))
            reason = text(entry.get("reason"), 500)
            found.append(ShopRefund(refund_id, order_id, given, reason=reason, refunded_at=at))
    return found


def _never_placed(payload: Mapping[str, Any], status: str) -> bool:
    """Whether nobody has bought anything yet: a draft, or a basket at the till that is not paid for."""
    if status in _DRAFTS:
        return True
    unpaid = not payload.get("date_paid") and not payload.get("date_paid_gmt")
    from_the_till = text(payload.get("created_via")).lower() in _FROM_THE_TILL
    return unpaid and (status in _GIVEN_UP or (status == "pending" and from_the_till))


def _time(payload: Mapping[str, Any], name: str, latest: datetime | None) -> datetime | None:
    """A time of the shop: the one in UTC, else the one without a zone."""
    return moment(payload.get(f"{name}_gmt"), latest=latest) or moment(payload.get(name), latest=latest)


class _Prices:
    """What things cost: with tax in it where the shop shows its prices so."""

    def __init__(self, payload: Mapping[str, Any], fallback: str) -> None:
        own = text(payload.get("currency"), 3).upper()
        self.currency = own if own in currencies() else fallback
        self._payload = payload
        self._gross = payload.get("prices_include_tax") is True

    def each(self, item: Mapping[str, Any], quantity: int) -> Decimal:
        """The price of one, before discounts."""
        net = amount(item.get("subtotal"))
        if net is None:
            return amount(item.get("price")) or Decimal(0)
        tax = (amount(item.get("subtotal_tax")) or Decimal(0)) if self._gross else Decimal(0)
        return ((net + tax) / max(quantity, 1)).quantize(Decimal("0.0001")).normalize() + 0

    def totals(self) -> dict[str, Any]:
        items = parts(self._payload.get("line_items"))[:MOST_LINES]
        fees = sum((self._with_tax(fee, "total", "total_tax") for fee in self._fees()), Decimal(0))
        return {
            "subtotal": sum((self._with_tax(i, "subtotal", "subtotal_tax") for i in items), Decimal(0))
            + fees,
            "shipping": self._with_tax(self._payload, "shipping_total", "shipping_tax"),
            "tax": amount(self._payload.get("total_tax")) or Decimal(0),
            "discount": self._with_tax(self._payload, "discount_total", "discount_tax"),
            "total": amount(self._payload.get("total")),
        }

    def _fees(self) -> list[dict[str, Any]]:
        return [fee for fee in parts(self._payload.get("fee_lines")) if (number(fee.get("total")) or 0) > 0]

    def _with_tax(self, node: Mapping[str, Any], name: str, tax: str) -> Decimal:
        found = amount(node.get(name)) or Decimal(0)
        return found + ((amount(node.get(tax)) or Decimal(0)) if self._gross else Decimal(0))


def _lines(payload: Mapping[str, Any], money: _Prices) -> list[LineIn]:
    # Without a way of shipping there is nothing to ship: WooCommerce does not say so of each line.
    ships = bool(parts(payload.get("shipping_lines")))
    lines: list[LineIn] = []
    seen: Counter[str] = Counter()
    for index, item in enumerate(parts(payload.get("line_items"))[:MOST_LINES]):
        quantity = whole(item.get("quantity")) or 0
        line_id = identifier(item.get("id")) or f"custom-{index + 1}"
        seen[line_id] += 1
        if quantity <= 0:
            continue
        lines.append(
            LineIn(
                external_id=line_id if seen[line_id] == 1 else f"{line_id[:180]}-{seen[line_id]}",
                title=_words(item.get("parent_name"), 500) or _words(item.get("name"), 500) or "Item",
                variant=_variant(item),
                sku=text(item.get("sku")),
                quantity=min(quantity, LARGEST_QUANTITY),
                unit_price=min(money.each(item, quantity), Decimal("9999999999")),
                image_url=link(part(item.get("image")).get("src")),
                requires_shipping=ships,
            )
        )
    return lines


def _variant(item: Mapping[str, Any]) -> str:
    """The chosen attributes. Older shops write them into the name, and then they are not said twice."""
    if not text(item.get("parent_name")):
        return ""
    shown = [
        _words(meta.get("display_value"), 100)
        for meta in parts(item.get("meta_data"))
        if not text(meta.get("key")).startswith("_")
    ]
    return " / ".join(value for value in shown if value)[:300]


def _words(value: Any, limit: int) -> str:
    """Text for people: WooCommerce writes it as HTML (`&ndash;`)."""
    return text(re.sub(r"<[^>]*>", "", unescape(text(value, 4 * limit))), limit)


def _customer(payload: Mapping[str, Any]) -> CustomerIn:
    billing, shipping = part(payload.get("billing")), part(payload.get("shipping"))
    named = next(
        (p for p in (billing, shipping) if text(p.get("first_name")) or text(p.get("last_name"))), {}
    )
    meta = meta_of(payload)
    customer_id = identifier(payload.get("customer_id"))
    return CustomerIn(
        external_id="" if customer_id == "0" else customer_id,  # 0 is a guest
        email=email_of(billing.get("email")),
        phone=text(billing.get("phone"), 40) or text(shipping.get("phone"), 40),
        first_name=text(named.get("first_name"), 120),
        last_name=text(named.get("last_name"), 120),
        locale=next((found for name in _LANGUAGE_META if (found := language(meta.get(name)))), None),
    )


def _address(payload: Mapping[str, Any]) -> AddressIn:
    shipping, billing = part(payload.get("shipping")), part(payload.get("billing"))
    told = (
        shipping if any(text(shipping.get(name)) for name in ("address_1", "city", "postcode")) else billing
    )
    country = text(told.get("country")).upper()
    return AddressIn(
        name=" ".join(filter(None, (text(told.get("first_name")), text(told.get("last_name")))))[:250],
        company=text(told.get("company"), 250),
        address1=text(told.get("address_1"), 250),
        address2=text(told.get("address_2"), 250),
        city=text(told.get("city"), 120),
        region=text(told.get("state"), 120),
        postcode=text(told.get("postcode"), 20),
        country=country if re.fullmatch("[A-Z]{2}", country) else None,
    )
