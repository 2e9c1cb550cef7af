"""The hint about a return, out of a year of its customer. A fixed number of queries."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, DecimalField, ExpressionWrapper, F, Q, Sum
from django.utils import timezone

from orders.models import Order, OrderLine, OrderStatus
from orders.search import find_orders
from returns.abuse.signals import Hint, Past, weigh
from returns.models import Return, ReturnLine
from returns.reasons import with_subs
from returns.states import OVER, Kind

_YEAR: Final = timedelta(days=365)
_RECENT: Final = timedelta(days=30)
_MOST_AT_ADDRESS: Final = 200  # orders to one postcode that are compared
# Nobody chooses that something comes broken: such items speak against the shop or its carrier.
NOT_BY_CHOICE: Final = ("damaged", "defective", "wrong_item")
_VALUE: Final = DecimalField(max_digits=20, decimal_places=4)


def hint_about(ret: Return) -> Hint | None:
    """What stands out about a return of the open scope and who asked for it.

    Six queries at most, beside the shop's reasons, which a request reads once.

    None for a withdrawal by law and for warranty: such are never judged. Somebody without a name has no past.
    """
    if ret.kind != Kind.RETURN:
        return None
    now = timezone.now()
    neighbours = _neighbours(ret.order, ret.customer_id)
    if ret.customer_id is None:
        return weigh(Past(neighbours=neighbours))
    since = now - _YEAR
    bought = _bought(ret.customer_id, since, ret.currency)
    returned = _returned(ret.customer_id, since, ret.currency)
    mine = Return.objects.filter(customer_id=ret.customer_id, kind=Kind.RETURN).exclude(
        approval_state__in=OVER
    )
    counted = mine.aggregate(
        year=Count("pk", filter=Q(requested_at__gte=since)),
        recent=Count("pk", filter=Q(requested_at__gte=now - _RECENT)),
    )
    past = Past(
        returns=counted["year"], recent=counted["recent"], neighbours=neighbours, **bought, **returned
    )  # fmt: skip
    return weigh(past)


def _bought(customer_id: UUID, since: Any, currency: str) -> dict[str, Any]:
    lines = OrderLine.objects.filter(
        order__customer_id=customer_id, order__placed_at__gte=since, order__currency=currency
    )
    found = lines.exclude(order__status=OrderStatus.CANCELLED).aggregate(
        orders=Count("order_id", distinct=True),
        items=Sum("quantity"),
        value=Sum(ExpressionWrapper(F("quantity") * F("unit_price"), output_field=_VALUE)),
    )
    return {"orders": found["orders"], "items": found["items"] or 0, "value": found["value"] or Decimal(0)}


def _returned(customer_id: UUID, since: Any, currency: str) -> dict[str, Any]:
    lines = ReturnLine.objects.filter(
        ret__customer_id=customer_id, ret__kind=Kind.RETURN, ret__requested_at__gte=since,
        ret__currency=currency, part__isnull=True,
    ).exclude(ret__approval_state__in=OVER).exclude(reason__in=with_subs(NOT_BY_CHOICE))  # fmt: skip
    found = lines.aggregate(
        items=Sum("quantity"),
        value=Sum(ExpressionWrapper(F("quantity") * F("line__unit_price"), output_field=_VALUE)),
    )
    return {"returned_items": found["items"] or 0, "returned_value": found["value"] or Decimal(0)}


def _neighbours(order: Order, customer_id: UUID | None) -> int:
    """How many other customers returned something that went to the same door in a year."""
    street, postcode = _door(order.shipping_address), order.postcode
    if not street or not postcode:
        return 0
    since = timezone.now() - _YEAR
    rows = find_orders(postcode).orders.filter(
        postcode=postcode, country=order.country, placed_at__gte=since, customer_id__isnull=False
    )
    if customer_id is not None:
        rows = rows.exclude(customer_id=customer_id)
    found = rows.order_by("-placed_at").values_list("customer_id", "shipping_address")[:_MOST_AT_ADDRESS]
    others = {customer for customer, address in found if _door(address) == street}
    if not others:
        return 0
    returned = Return.objects.filter(customer_id__in=others, kind=Kind.RETURN).exclude(
        approval_state__in=OVER
    )
    return returned.values("customer_id").distinct().count()


def _door(address: dict[str, str]) -> str:
    """Street and number without what people write differently: "Ring 5" is "RING  5."."""
    return "".join(letter for letter in address.get("address1", "").casefold() if letter.isalnum())
