"""Shopify's order webhooks (Admin API, REST form) as our orders.

Pure: a payload in, our words out. Nothing that Shopify sends is refused; what has no column stays in `raw`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.commands import Origin
from orders.connectors.base import ShopFulfilment, ShopOrder
from orders.connectors.lenient import (
    Unreadable,
    amount,
    email_of,
    identifier,
    is_a,
    language,
    link,
    moment,
    part,
    parts,
    text,
    whole,
)
from orders.connectors.shopify_fulfilments import LARGEST_QUANTITY, MOST_LINES, read_fulfilment
from orders.connectors.shopify_refunds import read_refund
from orders.schemas import AddressIn, CustomerIn, LineIn, OrderIn
from orders.text import currencies

SOURCE = "shopify"
ORDER_TOPICS = (
    "orders/create", "orders/updated", "orders/cancelled", "orders/edited", "orders/paid", "orders/fulfilled",
    "orders/partially_fulfilled",
)  # fmt: skip
FULFILMENT_TOPICS = ("fulfillments/create", "fulfillments/update")
# What has to be subscribed to; the other topics repeat what these bring.
NEEDED_TOPICS = (
    "orders/create", "orders/updated", "orders/cancelled", *FULFILMENT_TOPICS, "refunds/create", "customers/update",
    "products/create", "products/update",
)  # fmt: skip
# Requests about people's data: every app has to take them; Shopify asks for their addresses in the app's settings.
PRIVACY_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")

# Secrets and traces of the shopper's browser: neither columns nor `raw` hold them.
_NOT_KEPT = {
    "browser_ip", "cart_token", "checkout_token", "client_details", "device_id", "landing_site",
    "order_status_url", "payment_details", "referring_site", "token",
}  # fmt: skip


def read_order(payload: Mapping[str, Any], *, currency: str, now: datetime) -> ShopOrder:
    """An order payload. `currency` stands in for one that does not exist. Raises Unreadable without an id."""
    payload = part(payload.get("order")) or payload
    external_id = identifier(payload.get("id"))
    if not external_id:
        raise Unreadable("The order has no id.")
    _must_be_an_order(payload)
    cancelled_at = moment(payload.get("cancelled_at"), latest=now)
    fulfilments = tuple(
        read_fulfilment({"order_id": external_id, **entry}, now=now)
        for entry in parts(payload.get("fulfillments"))
        if identifier(entry.get("id"))
    )
    money = _Money(payload, currency)
    lines = _lines(payload, fulfilments, money, as_ordered=cancelled_at is not None)
    created_at = moment(payload.get("created_at"), latest=now)
    order = OrderIn(
        external_id=external_id,
        number=text(payload.get("name"), 64) or text(payload.get("order_number"), 64) or external_id[:64],
        placed_at=moment(payload.get("processed_at"), latest=now) or created_at,
        customer=_customer(payload),
        shipping_address=_address(part(payload.get("shipping_address"))),
        currency=money.currency,
        lines=lines,
        **_amounts(payload, lines, money, as_ordered=cancelled_at is not None),
    )
    origin = Origin(
        source=SOURCE,
        updated_at=moment(payload.get("updated_at")),
        raw={key: value for key, value in payload.items() if key not in _NOT_KEPT},
        happened=True,
    )
    refunds = tuple(
        read_refund({"order_id": external_id, **entry}, currency=money.currency, now=now)
        for entry in parts(payload.get("refunds"))
        if identifier(entry.get("id"))
    )
    return ShopOrder(order, origin, created_at, cancelled_at, fulfilments, refunds)


def _must_be_an_order(payload: Mapping[str, Any]) -> None:
    """The topic's header is not signed: a body that was sent with another topic must not become an order."""
    others = ("order_id", "invoice_url", "variants")
    if not is_a(payload, "Order") or "line_items" not in payload or any(name in payload for name in others):
        raise Unreadable("The body is not an order.")


class _Money:
    """Amounts in the currency that the shopper was shown, when the payload has all of them in it."""

    def __init__(self, payload: Mapping[str, Any], fallback: str) -> None:
        own = text(payload.get("currency")).upper()
        shown = text(payload.get("presentment_currency")).upper()
        total = part(part(payload.get("total_price_set")).get("presentment_money"))
        self._shown = shown in currencies() and shown != own and text(total.get("currency_code")) == shown
        self.currency = shown if self._shown else own if own in currencies() else fallback

    def of(self, node: Mapping[str, Any], name: str) -> Decimal | None:
        if self._shown:
            found = amount(part(part(node.get(f"{name}_set")).get("presentment_money")).get("amount"))
            if found is not None:
                return found
        return amount(node.get(name))


def _lines(
    payload: Mapping[str, Any], fulfilments: Iterable[ShopFulfilment], money: _Money, *, as_ordered: bool
) -> list[LineIn]:
    """What the order holds now: after edits and refunds, but never less than was sent.

    A cancelled order is shown as it was ordered: Shopify sets every quantity of it to zero.
    """
    refunded, sent = _refunded(payload), _sent(fulfilments)
    lines: list[LineIn] = []
    seen: Counter[str] = Counter()
    for index, item in enumerate(parts(payload.get("line_items"))[:MOST_LINES]):
        line_id = identifier(item.get("id")) or f"custom-{index + 1}"
        ordered = whole(item.get("quantity")) or 0
        current = whole(item.get("current_quantity"))
        left = ordered - refunded[line_id] if current is None else current
        quantity = ordered if as_ordered else max(left, min(sent[line_id], ordered))
        if quantity <= 0:
            continue
        seen[line_id] += 1
        lines.append(
            LineIn(
                external_id=line_id if seen[line_id] == 1 else f"{line_id[:180]}-{seen[line_id]}",
                title=text(item.get("title"), 500) or text(item.get("name"), 500) or "Item",
                variant=_variant(item),
                sku=text(item.get("sku")),
                quantity=min(quantity, LARGEST_QUANTITY),
                unit_price=money.of(item, "price") or Decimal(0),
                image_url=link(item.get("image_url")),
                requires_shipping=_requires_shipping(item),
            )
        )
    return lines


def _variant(item: Mapping[str, Any]) -> str:
    variant = text(item.get("variant_title"), 300)
    return "" if variant == "Default Title" else variant


def _requires_shipping(item: Mapping[str, Any]) -> bool:
    told = item.get("requires_shipping")
    if isinstance(told, bool):
        return told
    return not item.get("gift_card") and not item.get("tip")


def _refunded(payload: Mapping[str, Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for refund in parts(payload.get("refunds")):
        for entry in parts(refund.get("refund_line_items")):
            found[identifier(entry.get("line_item_id"))] += max(whole(entry.get("quantity")) or 0, 0)
    return found


def _sent(fulfilments: Iterable[ShopFulfilment]) -> Counter[str]:
    found: Counter[str] = Counter()
    for fulfilment in fulfilments:
        if not fulfilment.cancelled:
            found.update(fulfilment.lines or {})
    return found


def _amounts(
    payload: Mapping[str, Any], lines: list[LineIn], money: _Money, *, as_ordered: bool
) -> dict[str, Any]:
    """What the order costs. `current_…` counts once it was edited or refunded; before, they are the same."""
    edited = not as_ordered and _was_edited(payload)

    def now(name: str) -> Decimal | None:
        current = money.of(payload, f"current_{name}") if edited else None
        return money.of(payload, name) if current is None else current

    shipping = sum((money.of(line, "price") or Decimal(0) for line in _shipping_lines(payload)), Decimal(0))
    return {
        "subtotal": _capped(sum((line.unit_price * line.quantity for line in lines), Decimal(0))),
        "shipping": _capped(shipping),
        "tax": now("total_tax") or Decimal(0),
        "discount": now("total_discounts") or Decimal(0),
        "total": now("total_price"),
    }


def _shipping_lines(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [line for line in parts(payload.get("shipping_lines")) if line.get("is_removed") is not True]


def _was_edited(payload: Mapping[str, Any]) -> bool:
    items = parts(payload.get("line_items"))
    if parts(payload.get("refunds")):
        return True
    if any(item.get("current_quantity", item.get("quantity")) != item.get("quantity") for item in items):
        return True
    told = amount(payload.get("total_line_items_price"))
    listed = sum(
        ((amount(item.get("price")) or Decimal(0)) * (whole(item.get("quantity")) or 0) for item in items),
        Decimal(0),
    )
    return told is not None and told != listed


def _capped(value: Decimal) -> Decimal:
    return min(value, Decimal("9999999999"))


def _customer(payload: Mapping[str, Any]) -> CustomerIn:
    customer = part(payload.get("customer"))
    shipping, billing = part(payload.get("shipping_address")), part(payload.get("billing_address"))
    people = (customer, shipping, billing)
    emails = (payload.get("email"), payload.get("contact_email"), customer.get("email"))
    named = next((p for p in people if text(p.get("first_name")) or text(p.get("last_name"))), {})
    return CustomerIn(
        external_id=identifier(customer.get("id")),
        email=next((email for email in map(email_of, emails) if email), ""),
        phone=next((phone for p in (payload, *people) if (phone := text(p.get("phone"), 40))), ""),
        first_name=text(named.get("first_name"), 120),
        last_name=text(named.get("last_name"), 120),
        locale=language(payload.get("customer_locale")),
        sms_consent=_sms_consent(payload),
    )


def _sms_consent(payload: Mapping[str, Any]) -> bool:
    """Only what the shopper said about this order: the cart attribute `sms_consent`.

    Shopify's own `sms_marketing_consent` is about marketing, and a phone number alone consents to nothing.
    """
    return any(
        text(note.get("name")).lower() == "sms_consent"
        and text(note.get("value")).lower() in ("1", "true", "yes", "on")
        for note in parts(payload.get("note_attributes"))
    )


def _address(address: Mapping[str, Any]) -> AddressIn:
    country = text(address.get("country_code")).upper()
    name = " ".join(filter(None, (text(address.get("first_name")), text(address.get("last_name")))))
    return AddressIn(
        name=(text(address.get("name"), 250) or name)[:250],
        company=text(address.get("company"), 250),
        address1=text(address.get("address1"), 250),
        address2=text(address.get("address2"), 250),
        city=text(address.get("city"), 120),
        region=text(address.get("province"), 120) or text(address.get("province_code"), 120),
        postcode=text(address.get("zip"), 20),
        country=country if re.fullmatch("[A-Z]{2}", country) else None,
    )
