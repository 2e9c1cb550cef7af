"""What a well-formed order must still hold to, and its values as they are stored."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.utils import timezone

from merchants.rest.decode import aware, in_our_time, money
from merchants.rest.errors import InvalidBody
from orders.schemas import LineIn, OrderIn
from orders.text import currencies, normal_email, normal_number, normal_phone

_FUTURE_TOLERANCE = timedelta(hours=24)


def checked(order: OrderIn) -> dict[str, Any]:
    """Column values of an order, apart from ids, links and lines.

    Raises InvalidBody that names the field.
    """
    if order.currency not in currencies():
        raise _invalid(f"There is no currency {order.currency}.", "currency")
    _check_lines(order.lines)
    amounts = _amounts(order)
    promised_from, promised_to = _promise(order)
    address = order.shipping_address
    number = (order.number.strip() or order.external_id)[:64]
    return {
        "number": number,
        "lookup_number": normal_number(number),
        "placed_at": _placed_at(order.placed_at),
        "email": _email(order.customer.email),
        "phone": normal_phone(order.customer.phone) or order.customer.phone.strip(),
        "sms_consent": order.customer.sms_consent,
        "first_name": order.customer.first_name.strip(),
        "last_name": order.customer.last_name.strip(),
        "locale": (order.customer.locale or "")[:10],
        "shipping_address": {k: v for k, v in msgspec.structs.asdict(address).items() if v},
        "city": address.city.strip(),
        "postcode": address.postcode.strip(),
        "country": address.country or "",
        "currency": order.currency,
        "promised_from": promised_from,
        "promised_to": promised_to,
        **amounts,
    }


def _amounts(order: OrderIn) -> dict[str, Decimal]:
    shipping = money(order.shipping, "shipping")
    tax = money(order.tax, "tax")
    discount = money(order.discount, "discount")
    lines = sum((line.unit_price * line.quantity for line in order.lines), Decimal(0))
    subtotal = money(lines if order.subtotal is None else order.subtotal, "subtotal")
    # Tax is part of the prices in most of the world: it is added only when the shop says so by its own total.
    total = money(
        max(subtotal + shipping - discount, Decimal(0)) if order.total is None else order.total, "total"
    )
    return {"subtotal": subtotal, "shipping": shipping, "tax": tax, "discount": discount, "total": total}


def _check_lines(lines: list[LineIn]) -> None:
    seen: set[str] = set()
    for index, line in enumerate(lines):
        money(line.unit_price, f"lines[{index}].unit_price")
        external_id = line_external_id(line, index)
        if external_id in seen:
            raise _invalid(f"Two lines have the external_id {external_id!r}.", f"lines[{index}].external_id")
        seen.add(external_id)


def line_external_id(line: LineIn, index: int) -> str:
    """A line's external id: its own, or its place in the list from 1."""
    return line.external_id or str(index + 1)


def _promise(order: OrderIn) -> tuple[Any, Any]:
    if order.delivery is None:
        return None, None
    earliest = in_our_time(order.delivery.earliest, "delivery.earliest")
    latest = in_our_time(order.delivery.latest, "delivery.latest")
    if latest < earliest:
        raise _invalid("The latest day is before the earliest.", "delivery.latest")
    return earliest, latest


def _placed_at(value: datetime | None) -> datetime:
    now = timezone.now()
    if value is None:
        return now
    placed_at = aware(value, "placed_at")
    if placed_at > now + _FUTURE_TOLERANCE:
        raise _invalid("This time lies in the future.", "placed_at")
    return placed_at


def _email(text: str) -> str:
    email = normal_email(text)
    if text.strip() and not email:
        raise _invalid("This is not an e-mail address.", "customer.email")
    return email


def _invalid(detail: str, param: str) -> InvalidBody:
    return InvalidBody(detail, param=param, code="invalid_field")
