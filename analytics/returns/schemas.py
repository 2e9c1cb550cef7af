"""What the figures of returns look like in the API."""

from datetime import date
from decimal import Decimal

import msgspec

from analytics.queries import Period
from analytics.returns.queries import ReturnFigures

_DAY = 86_400  # seconds


class ReturnReasonOut(msgspec.Struct, kw_only=True):
    """How many items came back for a reason (`withdrawal` for what was withdrawn from, "" where none was given).

    parent: the reason that it is a sub-reason of, "" for none; what came back for that alone is a row of its own.
    """

    reason: str
    parent: str
    items: int
    paid: Decimal


class ReturnResolutionOut(msgspec.Struct, kw_only=True):
    """How many items came back for a resolution, and what was paid for them."""

    resolution: str
    items: int
    paid: Decimal


class ReturnedProductOut(msgspec.Struct, kw_only=True):
    """A product. rate: returned / bought in the same days. fault: a reason that names a fault of the product, or ""."""

    sku: str
    title: str
    returned: int
    bought: int
    rate: float | None
    top_reason: str
    fault: str


class ReturnedTypeOut(msgspec.Struct, kw_only=True):
    """A type of product ("" for none). fault_share: of what came back, for a reason that speaks against the product."""

    type: str
    returned: int
    bought: int
    rate: float | None
    top_reason: str
    fault_share: float | None


class ReturnFiguresOut(msgspec.Struct, kw_only=True):
    """The returns asked for in a period, without those that were called off or refused. Shares are 0 to 1.

    Amounts are in `currency`; `other_currency` returns are counted without their amounts. kept: of what was paid, what
    stayed as exchange or credit. cost_per_return: goods given away and bonus less fees; without carriers' prices.
    """

    first: date
    last: date
    currency: str
    returns: int
    items: int
    bought: int
    rate: float | None
    paid: Decimal
    kept: Decimal
    kept_share: float | None
    cost_per_return: Decimal | None
    other_currency: int
    days_to_refund_p50: float | None
    days_to_refund_p90: float | None
    reasons: list[ReturnReasonOut]
    resolutions: list[ReturnResolutionOut]
    products: list[ReturnedProductOut]
    types: list[ReturnedTypeOut]


def show_figures(figures: ReturnFigures, period: Period, currency: str) -> ReturnFiguresOut:
    """The figures as the API shows them."""
    spans = figures.refund_seconds or (None, None)
    return ReturnFiguresOut(
        first=period.first, last=period.last, currency=currency, returns=figures.returns, items=figures.items,
        bought=figures.bought, rate=_share(figures.rate), paid=_money(figures.paid), kept=_money(figures.kept),
        kept_share=_share(figures.kept_share),
        cost_per_return=None if figures.cost_each is None else _money(figures.cost_each),
        other_currency=figures.other_currency, days_to_refund_p50=_days(spans[0]), days_to_refund_p90=_days(spans[1]),
        reasons=[
            ReturnReasonOut(
                reason=reason, parent=figures.parents.get(reason, ""), items=count.items, paid=_money(count.paid)
            )
            for reason, count in figures.reasons.items()
        ],
        resolutions=[
            ReturnResolutionOut(resolution=name, items=count.items, paid=_money(count.paid))
            for name, count in figures.resolutions.items()
        ],
        products=[
            ReturnedProductOut(
                sku=row.sku, title=row.title, returned=row.returned, bought=row.bought, rate=_share(row.rate),
                top_reason=row.top_reason, fault=row.fault,
            )
            for row in figures.products
        ],
        types=[
            ReturnedTypeOut(
                type=row.type, returned=row.returned, bought=row.bought, rate=_share(row.rate),
                top_reason=next(iter(row.reasons), ""), fault_share=_share(row.fault_share),
            )
            for row in figures.types
        ],
    )  # fmt: skip


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _days(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / _DAY, 2)


def _money(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"))
