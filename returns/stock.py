"""What an item can be exchanged for: variants as the shop last told us, less what open exchanges will take."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Sum

from merchants.rest.errors import Conflict, Unprocessable
from orders.models import OrderLine, ProductStatus, Variant
from returns.exchange_models import ExchangeState
from returns.models import ReturnLine

# An exchange that the shop was not asked to send yet: its goods are still in the shop's number.
_NOT_SENT = (ExchangeState.WAITING, ExchangeState.AWAITING_PAYMENT, ExchangeState.AWAITING_HOLD)


@dataclass(frozen=True)
class Choice:
    """A variant, and how many of it are left; None: the shop does not count it."""

    variant: Variant
    left: int | None

    @property
    def available(self) -> bool:
        """Whether one can be had."""
        return self.left is None or self.left > 0


def choices_for(line: OrderLine) -> list[Choice]:
    """The variants of the product that a line sold, in the shop's order; none of an unknown product. Three queries."""
    own = Variant.objects.filter(sku=line.sku).first() if line.sku else None
    if own is None:
        return []
    variants = list(Variant.objects.filter(product_id=own.product_id).select_related("product"))
    return _with_stock(variants)


MOST_OTHERS: Final = 100


def others_for(line: OrderLine, currency: str) -> list[Choice]:
    """What else of the shop a line can be exchanged for: active variants of other products, by title. Two queries."""
    own = Variant.objects.filter(sku=line.sku).values_list("product_id")[:1] if line.sku else []
    rows = Variant.objects.filter(product__status=ProductStatus.ACTIVE, currency=currency).exclude(
        product_id__in=own
    )
    return _with_stock(
        list(rows.select_related("product").order_by("product__title", "position")[:MOST_OTHERS])
    )


def offered_for(lines: Iterable[OrderLine], currency: str) -> Iterator[str]:
    """What the shop calls the variants that lines may be exchanged for. Five queries a line, as they are read."""
    for line in lines:
        for choice in (*choices_for(line), *others_for(line, currency)):
            yield choice.variant.external_id


def _with_stock(variants: Sequence[Variant]) -> list[Choice]:
    taken = _taken([variant.external_id for variant in variants])
    return [
        Choice(
            variant,
            None if variant.inventory_quantity is None
            else max(variant.inventory_quantity - taken.get(variant.external_id, 0), 0),
        )
        for variant in variants
    ]  # fmt: skip


def _taken(external_ids: Iterable[str]) -> dict[str, int]:
    """How many of each variant open exchanges wait for."""
    rows = ReturnLine.objects.filter(
        exchange_variant__in=list(external_ids), ret__exchanges__state__in=_NOT_SENT
    ).values_list("exchange_variant")
    return dict(rows.annotate(n=Sum("quantity")))


def reserve(external_id: str, quantity: int, *, product_of: OrderLine | None, param: str) -> Variant:
    """The wanted variant, locked, with at least so many left: asked again at the moment of the request.

    product_of: it has to be a variant of what this line sold. Raises Unprocessable for one that there is not, Conflict
    (`sold_out`) when others were faster.
    """
    rows = Variant.objects.select_for_update(of=("self",), no_key=True).select_related("product")
    variant: Variant | None = rows.filter(external_id=external_id).first()
    if variant is None or variant.product.status != ProductStatus.ACTIVE:
        raise Unprocessable("There is no such variant.", param=param, code="unknown_variant")
    if product_of is not None and not _is_sibling(variant, product_of):
        raise Unprocessable("This is not a variant of the same product.", param=param, code="unknown_variant")
    [choice] = _with_stock([variant])
    if choice.left is not None and choice.left < quantity:
        raise Conflict(
            f"{variant.product.title} {variant.title} is sold out. Choose another one, or a refund.",
            param=param, code="sold_out",
        )  # fmt: skip
    return variant


def _is_sibling(variant: Variant, line: OrderLine) -> bool:
    return not line.sku or Variant.objects.filter(product_id=variant.product_id, sku=line.sku).exists()
