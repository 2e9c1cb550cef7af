"""The pool: premiums come in, what is made good goes out, and the ledger says what is left (PRODUCT, P8)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum
from django.utils import timezone

from events import log as event_log
from ledger import commands as ledger
from ledger.models import Account
from merchants import audit
from merchants.models import Merchant
from merchants.rest.errors import Conflict
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from returns.claims.facts import CoverAdded
from returns.claims.models import Claim, Cover, Payer, Status
from returns.claims.rules import premium_of, rules_of
from tracking.models import Shipment

POOL, PREMIUMS, PAYOUTS = "protection_pool", "protection_premiums", "protection_payouts"


def cover(
    merchant: Merchant, order_id: UUID, *, premium: Decimal | None = None, source: str = "api"
) -> Cover:
    """Protect an order; its premium enters the pool. Twice changes nothing. Raises NotFound, and Conflict
    (`protection_off`) where the shop protects no more orders.

    premium: in the order's currency; without one the price table's.
    """
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        known: Cover | None = Cover.objects.filter(order=order).first()
        if known is not None:
            return known
        rules = rules_of()
        if not rules.is_on:
            raise Conflict("The shop protects no orders.", param="order_id", code="protection_off")
        amount = premium_of(order, rules) if premium is None else premium
        made: Cover = Cover.objects.create(
            merchant=merchant, order=order, source=source, premium=amount, currency=order.currency,
            created_at=timezone.now(),
        )  # fmt: skip
        if amount > 0:
            _move(merchant, PREMIUMS, POOL, amount, order.currency, key=f"premium:{order.pk}")
        fact = CoverAdded(cover_id=made.pk, premium=amount, currency=order.currency, source=source)
        event_log.record(fact, order_id=order.pk)
        audit.record_by_hand("cover.added", "", order.number)
    return made


def pay_out(merchant: Merchant, claim: Claim) -> None:
    """Let the pool bear a claim, in the transaction of its decision. It may owe: a young pool has little in it."""
    if claim.value > 0:
        _move(merchant, POOL, PAYOUTS, claim.value, claim.currency, key=f"claim:{claim.pk}")


def _move(merchant: Merchant, debit: str, credit: str, amount: Decimal, currency: str, *, key: str) -> None:
    here = ledger.open_account(merchant, debit, "", currency)
    there = ledger.open_account(merchant, credit, "", currency)
    ledger.transfer(here, there, amount, code="protection", key=key)


@dataclass(frozen=True, slots=True)
class Balance:
    """A pool in one currency: what came in, went out and is left."""

    currency: str
    premiums: Decimal
    payouts: Decimal
    left: Decimal

    @property
    def loss_percent(self) -> int | None:
        """Of a hundred that came in, how much went out. None while nothing came in."""
        return round(self.payouts * 100 / self.premiums) if self.premiums else None


def balances() -> list[Balance]:
    """The open scope's pools, by currency: one query."""
    rows = Account.objects.filter(code=POOL).order_by("currency")
    return [Balance(row.currency, row.credits_posted, row.debits_posted, row.balance) for row in rows]


@dataclass(slots=True)
class Lane:
    """A carrier and a country: what its covered orders paid in, and what their claims took out."""

    carrier: str
    country: str
    currency: str
    orders: int = 0
    premiums: Decimal = Decimal(0)
    claims: int = 0
    payouts: Decimal = Decimal(0)

    @property
    def loss_percent(self) -> int | None:
        """As of a `Balance`."""
        return round(self.payouts * 100 / self.premiums) if self.premiums else None


def lanes(since: datetime | None = None) -> list[Lane]:
    """Loss by carrier and country of the open scope: two queries. A premium is the first parcel's carrier's."""
    found: dict[tuple[str, str, str], Lane] = {}

    def lane(carrier: str, country: str, currency: str) -> Lane:
        return found.setdefault((carrier, country, currency), Lane(carrier, country, currency))

    covers = Cover.objects.filter(created_at__gte=since) if since else Cover.objects.all()
    first = dict(
        Shipment.objects.filter(order__covers__in=covers, number=1).values_list("order_id", "carrier")
    )
    sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for order_id, country, currency, premium in covers.values_list(
        "order_id", "order__country", "currency", "premium"
    ):
        sums[first.get(order_id, ""), country, currency].append(premium)
    for key, premiums in sums.items():
        row = lane(*key)
        row.orders, row.premiums = len(premiums), sum(premiums, Decimal(0))
    paid = Claim.objects.filter(status=Status.APPROVED, payer=Payer.POOL)
    paid = paid.filter(created_at__gte=since) if since else paid
    for carrier, country, currency, count, value in (
        paid.values_list("shipment__carrier", "order__country", "currency")
        .annotate(count=Count("pk"), total=Sum("value"))
        .order_by()
    ):
        row = lane(carrier, country, currency)
        row.claims, row.payouts = count, value
    return sorted(found.values(), key=lambda each: (-each.payouts, each.carrier, each.country))
