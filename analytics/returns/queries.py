"""Reading the returns of a period: six statements, whatever their number. They are few: nothing is rolled up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from analytics.queries import Period
from analytics.returns.types import TypeReturns, returns_by_type
from merchants.scope import current_merchant
from returns.policy.choices import EXCHANGES, Resolution
from returns.reasons import known

# So few say nothing about a product.
FEWEST: Final = 5
MOST_PRODUCTS: Final = 50
_KEPT: Final = frozenset({*EXCHANGES, Resolution.STORE_CREDIT} - {Resolution.REPAIR})


@dataclass(frozen=True)
class Count:
    """Items that came back, and what was paid for them (in the merchant's currency)."""

    items: int = 0
    paid: Decimal = Decimal(0)


@dataclass(frozen=True)
class ReasonCount:
    """A reason with its sub-reasons counted in. subs: those of them that were given, the most frequent first."""

    code: str
    whole: Count
    subs: Mapping[str, Count]


@dataclass(frozen=True)
class ProductReturns:
    """A product. rate: items that came back in the period for those bought in it; None where none was bought.

    fault: the reason that names a fault of the product and is behind most of its returns, "" where none stands out.
    """

    sku: str
    title: str
    returned: int
    bought: int
    reasons: Mapping[str, int]
    faults: frozenset[str]  # the shop's reasons that speak against the product itself, or how it is described

    @property
    def rate(self) -> float | None:
        return self.returned / self.bought if self.bought else None

    @property
    def top_reason(self) -> str:
        return max(self.reasons, key=lambda reason: self.reasons[reason], default="")

    @property
    def fault(self) -> str:
        """Named when there are enough returns and half of them have this one reason."""
        top = self.top_reason
        enough = self.returned >= FEWEST and self.reasons.get(top, 0) * 2 >= self.returned
        return top if enough and top in self.faults else ""


@dataclass(frozen=True)
class ReturnFigures:
    """The returns that were asked for in a period, without those that were called off or refused.

    paid: for all their items. kept: of it, what stayed in the shop as exchange or credit. cost: what the shop gave up
    for them (goods left with shoppers or not to be sold again, bonus), less the fees that it took; carriers' prices are
    not known here. refund_seconds: from asking to the money, p50 and p90 of those that are settled.
    reasons: by code; `withdrawal` for what was withdrawn from without one. parents: the reason of each sub-reason.
    """

    returns: int = 0
    items: int = 0
    bought: int = 0
    paid: Decimal = Decimal(0)
    kept: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    other_currency: int = 0
    refund_seconds: tuple[float, float] | None = None
    reasons: Mapping[str, Count] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    resolutions: Mapping[str, Count] = field(default_factory=dict)
    products: tuple[ProductReturns, ...] = ()
    types: tuple[TypeReturns, ...] = ()

    @property
    def rate(self) -> float | None:
        """Items that came back for those that were bought in the period."""
        return self.items / self.bought if self.bought else None

    @property
    def by_whole_reason(self) -> list[ReasonCount]:
        """The reasons with their sub-reasons counted in, the most frequent first."""
        groups: dict[str, dict[str, Count]] = {}
        for code, count in self.reasons.items():
            groups.setdefault(self.parents.get(code, code), {})[code] = count
        found = [
            ReasonCount(
                code,
                Count(
                    sum(c.items for c in given.values()), sum((c.paid for c in given.values()), Decimal(0))
                ),
                {sub: count for sub, count in given.items() if sub != code},
            )
            for code, given in groups.items()
        ]
        return sorted(found, key=lambda row: (-row.whole.items, row.code))

    @property
    def kept_share(self) -> float | None:
        return float(self.kept / self.paid) if self.paid else None

    @property
    def cost_each(self) -> Decimal | None:
        """Of a return."""
        return self.cost / self.returns if self.returns else None


_RETURNS = """
SELECT count(*), count(*) FILTER (WHERE currency <> %(currency)s),
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - requested_at)),
       coalesce(sum(fee_taken) FILTER (WHERE currency = %(currency)s), 0)
FROM returns_return
WHERE merchant_id = %(merchant)s AND requested_at >= %(since)s AND requested_at < %(until)s
  AND approval_state NOT IN ('rejected', 'cancelled')
"""
# A withdrawal gives no reason: it is one.
_REASON = "CASE WHEN r.kind = 'withdrawal' AND l.reason = '' THEN 'withdrawal' ELSE l.reason END"
_LINES = f"""
SELECT GROUPING({_REASON}, resolution), {_REASON}, resolution, sum(l.quantity),
       sum(l.paid * (r.currency = %(currency)s)::int),
       sum((CASE WHEN l.keep OR l.disposition IN ('donate', 'destroy') THEN l.paid ELSE 0 END
            + l.paid / 100 * CASE WHEN l.resolution IN ('store_credit', 'exchange_other') THEN l.bonus_percent
                             ELSE 0 END)
           * (r.currency = %(currency)s)::int)
FROM returns_return r JOIN returns_returnline l ON l.merchant_id = r.merchant_id AND l.ret_id = r.id
WHERE r.merchant_id = %(merchant)s AND r.requested_at >= %(since)s AND r.requested_at < %(until)s
  AND r.approval_state NOT IN ('rejected', 'cancelled') AND l.quantity > 0
GROUP BY GROUPING SETS ((), ({_REASON}), (resolution))
"""  # noqa: S608  # our own expression
_PRODUCTS = f"""
WITH of_product AS (
    SELECT o.sku, max(o.title) AS title, {_REASON} AS reason, sum(l.quantity) AS number
    FROM returns_return r JOIN returns_returnline l ON l.merchant_id = r.merchant_id AND l.ret_id = r.id
    JOIN orders_orderline o ON o.merchant_id = l.merchant_id AND o.id = l.line_id
    WHERE r.merchant_id = %(merchant)s AND r.requested_at >= %(since)s AND r.requested_at < %(until)s
      AND r.approval_state NOT IN ('rejected', 'cancelled') AND l.quantity > 0 AND l.part_id IS NULL AND o.sku <> ''
    GROUP BY o.sku, {_REASON})
SELECT sku, max(title), sum(number), array_agg(reason ORDER BY number DESC, reason),
       array_agg(number ORDER BY number DESC, reason)
FROM of_product
GROUP BY sku ORDER BY 3 DESC, 1 LIMIT %(most)s
"""  # noqa: S608  # our own expression
_BOUGHT = """
SELECT CASE WHEN l.sku = ANY(%(skus)s) THEN l.sku ELSE '' END, sum(l.quantity)
FROM orders_order o JOIN orders_orderline l ON l.merchant_id = o.merchant_id AND l.order_id = o.id
WHERE o.merchant_id = %(merchant)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s AND o.status = 'placed'
GROUP BY 1
"""
_ALL, _BY_REASON, _BY_RESOLUTION = 0b11, 0b01, 0b10


def return_figures(period: Period) -> ReturnFigures:
    """The figures of the open scope's returns in a period, in days of the merchant's calendar."""
    values = _span(period)
    with connection.cursor() as cursor:
        cursor.execute(_RETURNS, values)
        returns, other, spans, fees = cursor.fetchone() or (0, 0, None, 0)
        cursor.execute(_LINES, values)
        groups = cursor.fetchall()
        cursor.execute(_PRODUCTS, values)
        products = cursor.fetchall()
        cursor.execute(_BOUGHT, {**values, "skus": [row[0] for row in products]})
        bought = dict(cursor.fetchall())
    faults = frozenset(code for code, reason in known().items() if reason.names_fault)
    parents = {code: reason.parent for code, reason in known().items() if reason.parent}
    items, paid, given = next((row[3:] for row in groups if row[0] == _ALL), (0, 0, 0))
    resolutions = _counts(row[2:] for row in groups if row[0] == _BY_RESOLUTION)
    return ReturnFigures(
        returns=returns, items=int(items or 0), bought=int(sum(bought.values())), paid=Decimal(paid or 0),
        kept=sum((count.paid for name, count in resolutions.items() if name in _KEPT), Decimal(0)),
        cost=Decimal(given or 0) - fees, other_currency=other,
        refund_seconds=(spans[0], spans[1]) if spans and spans[0] is not None else None,
        reasons=_counts((row[1], *row[3:]) for row in groups if row[0] == _BY_REASON), parents=parents,
        resolutions=resolutions,
        products=tuple(
            ProductReturns(
                sku, title, int(number), int(bought.get(sku, 0)), dict(zip(names, map(int, counts), strict=True)),
                faults,
            )
            for sku, title, number, names, counts in products
        ),
        types=returns_by_type(values, faults),
    )  # fmt: skip


def _counts(rows: Iterable[Any]) -> dict[str, Count]:
    """Named counts, the most frequent first."""
    found = {name: Count(int(items), paid or Decimal(0)) for name, items, paid, *_rest in rows}
    return dict(sorted(found.items(), key=lambda item: (-item[1].items, item[0])))


def _span(period: Period) -> dict[str, Any]:
    merchant = current_merchant()
    zone = ZoneInfo(merchant.timezone)
    return {
        "merchant": merchant.id, "currency": merchant.currency, "most": MOST_PRODUCTS,
        "since": datetime.combine(period.first, time.min, zone),
        "until": datetime.combine(period.last + timedelta(days=1), time.min, zone),
    }  # fmt: skip
