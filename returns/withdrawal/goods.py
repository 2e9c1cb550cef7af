"""The goods of an order as a withdrawal sees them: how many, what each costs, and which are exempt."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from orders.models import Order, OrderLine, Variant
from returns.withdrawal.models import LineExemption, Rules

BUSINESS_TAGS = ("b2b", "business", "wholesale")


@dataclass(frozen=True, slots=True)
class Good:
    """A line of an order. exemption: why it may be exempt, or ""."""

    line: OrderLine
    exemption: str


def rules_of() -> Rules:
    """The open scope's rules; what holds without a row: one query."""
    found: Rules | None = Rules.objects.first()
    return found or Rules(business_tags=list(BUSINESS_TAGS))


def goods_of(order: Order, rules: Rules) -> dict[UUID, Good]:
    """The order's goods by line: three queries at most. Its lines should be prefetched."""
    lines = [line for line in order.lines.all() if line.quantity]
    flagged = dict(
        LineExemption.objects.filter(line_id__in=[line.pk for line in lines]).values_list(
            "line_id", "exemption"
        )
    )
    tags = {tag.casefold(): kind for tag, kind in rules.exempt_tags.items()}
    by_sku = _tagged({line.sku for line in lines if line.sku}, tags) if tags else {}
    return {line.pk: Good(line, flagged.get(line.pk) or by_sku.get(line.sku, "")) for line in lines}


def _tagged(skus: Iterable[str], tags: dict[str, str]) -> dict[str, str]:
    rows = Variant.objects.filter(sku__in=skus).values_list("sku", "product__tags")
    return {
        sku: tags[tag.casefold()]
        for sku, product_tags in rows
        for tag in product_tags
        if tag.casefold() in tags
    }


def amount_of(order: Order, lines: dict[UUID, int], rules: Rules) -> tuple[Decimal, Decimal]:
    """What goes back for these goods, and how much of it is for the way to the consumer, in the order's currency.

    A discount on the order is shared out by price. The way is refunded with the last of the goods: with all of them.
    """
    goods = {line.pk: line for line in order.lines.all() if line.quantity}
    gross = sum((line.unit_price * line.quantity for line in goods.values()), Decimal(0))
    part = sum((goods[pk].unit_price * count for pk, count in lines.items() if pk in goods), Decimal(0))
    if gross:
        part -= order.discount * part / gross
    is_whole = all(lines.get(pk, 0) >= line.quantity for pk, line in goods.items())
    shipping = order.shipping if is_whole else Decimal(0)
    if rules.standard_shipping is not None:
        shipping = min(shipping, rules.standard_shipping)
    cent = Decimal("0.01")
    amount = max(Decimal(0), part).quantize(cent, ROUND_HALF_UP) + shipping
    return min(amount, max(Decimal(0), order.total)), shipping
