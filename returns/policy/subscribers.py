"""What rules have to know later: how the shop described a product when it was bought."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.utils import timezone

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from orders.models import OrderLine
from returns.policy.choices import Reads
from returns.policy.fields import Field
from returns.policy.loading import products_of
from returns.policy.model import Policy
from returns.policy.models import BoughtProduct
from returns.policy.queries import newest
from returns.reasons import asks_for_types

# What is read so late was described otherwise perhaps when it was bought.
_FRESH: Final = timedelta(days=1)
_OF_PRODUCTS: Final = frozenset({Field.PRODUCT_TAG, Field.PRODUCT_TYPE})


def forget_nothing() -> None:
    """What was noted stays: it cannot be found out a second time."""


@subscribe("policy.bought", ["order.placed"], forget=forget_nothing, batch=200)
def note_products(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Note type and tags of the products of new orders, where a rule that counts as at purchase, or a reason,
    asks about them.

    Two queries for a shop without such, five for a batch of orders with one.
    """
    fresh = timezone.now() - _FRESH
    orders = [fact.order_id for fact in facts if fact.recorded_at > fresh and not fact.data.get("historical")]
    if not orders or not (asks_about_products(newest()[1]) or asks_for_types()):
        return
    lines = list(OrderLine.objects.filter(order_id__in=orders).exclude(sku="").values_list("pk", "sku"))
    products = products_of({sku for _, sku in lines})
    BoughtProduct.objects.bulk_create(
        [
            BoughtProduct(merchant=merchant, line_id=pk, type=product.type, tags=sorted(product.tags))
            for pk, sku in lines
            if (product := products.get(sku)) is not None
        ],
        ignore_conflicts=True,
    )


def asks_about_products(policy: Policy) -> bool:
    """Whether a rule that counts as at purchase asks about a product's tags or type."""
    return any(
        condition.field in _OF_PRODUCTS
        for rule in policy.rules
        if rule.reads == Reads.PURCHASE
        for condition in rule.conditions
    )
