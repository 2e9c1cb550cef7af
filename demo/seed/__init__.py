"""Filling an installation with a shop that has a past."""

from datetime import datetime
from random import Random

from django.utils import timezone

from demo.seed.agreements import note_agreements
from demo.seed.bringing_back import bring_back
from demo.seed.leaving import leave_and_claim
from demo.seed.plan import FIRST_NUMBER, numbered, plan_orders
from demo.seed.regulars import keep_customers
from demo.seed.rules import make_rules
from demo.seed.shop import Access, forget_merchant, give_access, make_merchant, still_valid
from demo.seed.shoppers import act_as_shoppers
from demo.seed.showcase import plan_showcase
from demo.seed.store import Progress, Stored, store_orders
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
    showcase = plan_showcase(rng, now, origin_of(merchant))
    planned = numbered([*plan_orders(rng, max(orders - len(showcase), 0), now), *showcase])
    stored = store_orders(merchant, planned, rng, now, say)
    at_work(merchant, rng)
    # A chance of their own: what else the demo holds does not depend on what people agreed to.
    note_agreements(merchant, Random(number))  # noqa: S311
    return stored


def refresh_showcase(merchant: Merchant, *, now: datetime | None = None) -> Stored:
    """Add the orders of the showcase once more, as of now: those of an earlier day have gone stale."""
    now = now or timezone.now()
    rng = Random(int(now.timestamp()))  # noqa: S311
    with merchant_scope(merchant):
        first = FIRST_NUMBER + Order.objects.count()
    planned = numbered(plan_showcase(rng, now, origin_of(merchant)), first)
    stored = store_orders(merchant, planned, rng, now, _silent)
    at_work(merchant, rng)
    return stored
