"""Which goods of an order are without the right of withdrawal, by the shop's word."""

from collections.abc import Mapping
from uuid import UUID

from django.utils import timezone

from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from orders.models import OrderLine
from returns.withdrawal.models import Exemption, LineExemption


def set_exemptions(merchant: Merchant, order_id: UUID, said: Mapping[UUID, Exemption | None]) -> bool:
    """Say of lines of an order that they are exempt, or (None) that they are not. Lines that are not named stay.

    Returns whether anything changed. Raises NotFound for the order, Unprocessable (`unknown_line`) for a line that it
    has not.
    """
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        known = set(OrderLine.objects.filter(order=order).values_list("pk", flat=True))
        if not known >= set(said):
            raise Unprocessable("The order has no such line.", param="lines", code="unknown_line")
        rows = LineExemption.objects.filter(line_id__in=said)
        before: dict[UUID, str] = dict(rows.values_list("line_id", "exemption"))
        changed = {pk: value or "" for pk, value in said.items() if (value or "") != before.get(pk, "")}
        if not changed:
            return False
        LineExemption.objects.filter(line_id__in=changed).delete()
        now = timezone.now()
        LineExemption.objects.bulk_create(
            LineExemption(merchant=merchant, line_id=pk, exemption=value, created_at=now)
            for pk, value in changed.items()
            if value
        )
        audit.record_by_hand(
            "withdrawal.exemption", public_id("ord", order_id), order.number,
            {public_id("lin", pk): [before.get(pk, ""), value] for pk, value in changed.items()},
        )  # fmt: skip
    return True
