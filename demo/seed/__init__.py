"""Filling an installation with a shop that has a past."""

from datetime import datetime
from random import Random

from django.utils import timezone

from analytics.lift.maturing import mature_due
from demo.seed.asking import begin_asking, plan_returning
from demo.seed.bringing_back import bring_back
from demo.seed.leaving import leave_and_claim
from demo.seed.plan import FIRST_NUMBER, numbered, plan_orders
from demo.seed.regulars import keep_customers
from demo.seed.rules import make_reasons, make_rules
from demo.seed.shop import Access, forget_merchant, give_access, make_merchant, still_valid
from demo.seed.shoppers import act_as_shoppers
from demo.seed.showcase import plan_showcase
from demo.seed.store import Progress, Stored, customers_of, store_orders
from demo.seed.troubles import at_work
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from tracking.sandbox_parcels import origin_of

__all__ = [
    "Access", "Stored", "act_as_shoppers", "bring_back", "fill", "forget_merchant", "give_access", "keep_customers",
    "leave_and_claim",
    "make_merchant",
    "refresh_showcase", "still_valid",
]  # fmt: skip


# One in so many orders is of somebody who came back after a request for a review.
RETURNING = 18


def _silent(_: str) -> None:
    pass


def fill(
    merchant: Merchant,
    *,
    orders: int = 3000,
    number: int = 1,
    now: datetime | None = None,
    say: Progress = _silent,
) -> Stored:
    """Give a merchant without orders a past: the same one for the same `number` and time.

    orders: how many, those of the showcase included (at least those are made).
    """
    now = now or timezone.now()
    rng = Random(number)  # noqa: S311  # Made-up shoppers, no secrets.
    make_rules(merchant, now)
    make_reasons(merchant)
    begin_asking(merchant, now)
    showcase = plan_showcase(rng, now, origin_of(merchant))
    wanted = max(orders - len(showcase), 0)
    planned = plan_orders(rng, wanted - wanted // RETURNING, now)
    customers = customers_of(merchant, [*planned, *showcase])
    planned += plan_returning(rng, planned, customers, wanted - len(planned), now)
    planned = numbered([*planned, *showcase])
    customers = customers_of(merchant, planned, customers)
    stored = store_orders(merchant, planned, customers, rng, now, say)
    at_work(merchant, rng)
    while mature_due():  # Shoppers whose time after the request has passed are counted.
        pass
    return stored


def refresh_showcase(merchant: Merchant, *, now: datetime | None = None) -> Stored:
    """Add the orders of the showcase once more, as of now: those of an earlier day have gone stale."""
    now = now or timezone.now()
    rng = Random(int(now.timestamp()))  # noqa: S311
    with merchant_scope(merchant):
        first = FIRST_NUMBER + Order.objects.count()
    planned = numbered(plan_showcase(rng, now, origin_of(merchant)), first)
    stored = store_orders(merchant, planned, customers_of(merchant, planned), rng, now, _silent)
    at_work(merchant, rng)
    return stored
