"""Exchanges within a return: prepared when it is asked for, begun when it is approved, released when the goods came.

The order and the return are locked; a transaction is open. What the shop tells us is in `returns.exchange_commands`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from events import log as event_log
from merchants.rest.errors import Conflict
from orders.models import Order
from returns import stock
from returns.amounts import ZERO, unit_of
from returns.difference import Difference, Swap, difference_of
from returns.exchange_facts import (
    ExchangeFact,
    ExchangeFellBack,
    ExchangeGoods,
    ExchangeHoldReleased,
    ExchangeHoldRequested,
    ExchangePaymentRequested,
    ExchangeReleased,
)
from returns.exchange_models import Exchange, ExchangeState, Hold
from returns.models import Return, ReturnLine
from returns.states import SENDS_GOODS, EntryKind, Money, Resolution, Side
from returns.steps import add_entry, move, save

# What came by an exchange may be exchanged once more; then it is a refund.
MOST_GENERATIONS: Final = 2
TIME_TO_PAY: Final = timedelta(days=7)
# After the day by which an item of an instant exchange has to be on its way.
GRACE: Final = timedelta(days=7)

S = ExchangeState
MOVES: Final[dict[str, frozenset[str]]] = {
    S.WAITING: frozenset({S.AWAITING_PAYMENT, S.AWAITING_HOLD, S.RELEASED, S.FELL_BACK, S.CANCELLED}),
    S.AWAITING_PAYMENT: frozenset({S.WAITING, S.AWAITING_HOLD, S.FELL_BACK, S.CANCELLED}),
    S.AWAITING_HOLD: frozenset({S.WAITING, S.RELEASED, S.FELL_BACK, S.CANCELLED}),
    S.RELEASED: frozenset({S.ORDERED, S.FELL_BACK}),
    S.ORDERED: frozenset(),
    S.FELL_BACK: frozenset(),
    S.CANCELLED: frozenset(),
}


@dataclass(frozen=True)
class Advanced:
    """What became of an exchange. pays_back: what goes back to the shopper with it."""

    released: bool = False
    pays_back: Decimal = ZERO


def exchange_of(ret: Return) -> Exchange | None:
    """The exchange of a return, if there is one."""
    found: Exchange | None = Exchange.objects.filter(ret=ret).first()
    return found


def swaps(lines: Sequence[ReturnLine]) -> list[ReturnLine]:
    """Those lines that goods are sent for."""
    return [line for line in lines if line.resolution in SENDS_GOODS and line.quantity]


def difference_for(order: Order, lines: Sequence[ReturnLine], fee: Decimal) -> Difference:
    """What the lines of an exchange cost more or less, by the prices that were noted on them."""
    on_top = order.total > max(order.subtotal - order.discount, ZERO) + order.shipping
    return difference_of(
        [
            Swap(line.paid, line.tax, line.quantity, line.exchange_price or ZERO, on_top, line.bonus_percent,
                 line.restocking_percent, even=line.resolution != Resolution.EXCHANGE_OTHER)
            for line in lines
        ],
        fee, unit_of(order.currency),
    )  # fmt: skip


def prepare(ret: Return, lines: Sequence[ReturnLine]) -> Exchange | None:
    """Note what a new return is exchanged for. The stock is asked for now, with the variant locked.

    Raises Conflict: sold out, or exchanged too often; Unprocessable for a variant that there is not.
    """
    wanted = swaps(lines)
    if not wanted:
        return None
    before = (
        Exchange.objects.filter(new_order_id=ret.order_id).values_list("generation", flat=True).first() or 0
    )
    if before >= MOST_GENERATIONS:
        raise Conflict("This came by an exchange of an exchange: it can be refunded.", param="lines",
                       code="exchange_limit")  # fmt: skip
    # In one order for everybody, or two shoppers wait for each other.
    for line in sorted(wanted, key=lambda line: line.exchange_variant):
        _note_wanted(line)
    now = timezone.now()
    # A fee is taken once: off money that goes back, else with the exchange.
    only = len(wanted) == len(lines)
    difference = difference_for(ret.order, wanted, ret.fee if only else ZERO)
    exchange: Exchange = Exchange.objects.create(
        merchant_id=ret.merchant_id, ret=ret, difference=difference.amount, difference_tax=difference.tax,
        instant=any(line.resolution == Resolution.INSTANT_EXCHANGE for line in wanted), generation=before + 1,
        created_at=now, updated_at=now,
    )  # fmt: skip
    return exchange


def _note_wanted(line: ReturnLine) -> None:
    if line.resolution == Resolution.REPLACEMENT and not line.exchange_variant:
        line.exchange_title = _named(line.line.title, line.line.variant)
    else:
        other = line.resolution == Resolution.EXCHANGE_OTHER
        variant = stock.reserve(
            line.exchange_variant,
            line.quantity,
            product_of=None if other else line.line,
            param="exchange_variant",
        )
        line.exchange_title = _named(variant.product.title, variant.title)
        line.exchange_price = variant.price
    line.save(update_fields=["exchange_title", "exchange_price"])


def _named(title: str, variant: str) -> str:
    """As people read a product and its variant everywhere."""
    return " · ".join(filter(None, (title, variant)))[:800]


def begin(ret: Return, lines: Sequence[ReturnLine]) -> None:
    """The return was approved: ask for what has to be paid or held first. Counted anew: some may have been refused."""
    exchange = exchange_of(ret)
    if exchange is None:
        return
    wanted = swaps(lines)
    if not wanted:
        step(exchange, S.CANCELLED)
        return
    only = len(wanted) == len([line for line in lines if line.quantity])
    difference = difference_for(ret.order, wanted, ret.fee if only else ZERO)
    if only:
        save(ret, fee_taken=ret.fee)
    exchange.difference, exchange.difference_tax = difference.amount, difference.tax
    exchange.hold_amount = sum((line.paid for line in wanted), ZERO) if exchange.instant else ZERO
    if difference.amount > 0:
        pay_by = timezone.now() + TIME_TO_PAY
        step(exchange, S.AWAITING_PAYMENT, due_at=pay_by)
        move(ret, money_state=Money.AWAITING_PAYMENT)
        fact = ExchangePaymentRequested(
            **told(ret, exchange), tax=difference.tax, pay_by=pay_by, goods=goods_of(wanted)
        )
        tell(ret, fact, "payment_requested")
    else:
        hold_or_wait(ret, exchange)


def hold_or_wait(ret: Return, exchange: Exchange) -> None:
    """What is due is paid: an instant exchange needs a hold now, another one waits for the goods."""
    if not exchange.instant:
        step(exchange, S.WAITING, due_at=None)
        return
    step(exchange, S.AWAITING_HOLD, hold=Hold.REQUESTED, due_at=None)
    tell(ret, ExchangeHoldRequested(**told(ret, exchange), amount=exchange.hold_amount), "hold_requested")


def advance(ret: Return, lines: Sequence[ReturnLine]) -> Advanced | None:
    """Do what the state of the goods lets be done. Twice is once."""
    exchange = exchange_of(ret)
    if exchange is None:
        return None
    wanted = swaps(lines)
    came = bool(wanted) and all(line.settled >= line.quantity for line in wanted)
    if wanted and exchange.hold == Hold.HELD and all(is_back(line) for line in wanted):
        step(exchange, exchange.state, hold=Hold.RELEASED, due_at=None)
        fact = ExchangeHoldReleased(
            **told(ret, exchange), reference=exchange.hold_reference, amount=exchange.hold_amount
        )
        tell(ret, fact, "hold_released")
    if came and exchange.state == S.WAITING:
        return release(ret, exchange, lines)
    return Advanced()


def is_back(line: ReturnLine) -> bool:
    """Whether all of a line came back, and as it should be where somebody looked."""
    return (line.received if line.accepted is None else line.accepted) >= line.quantity


def release(ret: Return, exchange: Exchange, lines: Sequence[ReturnLine], **values: Any) -> Advanced:
    """Ask the shop to send the goods."""
    step(exchange, S.RELEASED, **{"due_at": None, **values})
    tell(ret, ExchangeReleased(**told(ret, exchange), goods=goods_of(swaps(lines))), "released")
    return Advanced(True, max(-exchange.difference, ZERO))


def fall_back(ret: Return, exchange: Exchange, lines: Sequence[ReturnLine], because: str) -> None:
    """There will be no exchange: its items are refunded instead, without what was kept or added for the exchange."""
    paid = exchange.paid_at is not None
    given_back = max(-exchange.difference, ZERO) if exchange.state == S.RELEASED else ZERO
    if exchange.hold == Hold.HELD:
        fact = ExchangeHoldReleased(
            **told(ret, exchange), reference=exchange.hold_reference, amount=exchange.hold_amount
        )
        tell(ret, fact, "hold_released")
    step(exchange, S.FELL_BACK, due_at=None, hold=Hold.RELEASED if exchange.hold == Hold.HELD else Hold.NONE)
    wanted = swaps(lines)
    if len(wanted) == len([line for line in lines if line.quantity]):
        save(ret, fee_taken=ZERO)  # it was part of the difference
    for line in wanted:
        # What went back with the exchange goes not back again.
        line.settled_amount = min(given_back, line.paid)
        given_back -= line.settled_amount
        line.resolution, line.settled = Resolution.REFUND, 0
        line.restocking_percent = line.bonus_percent = ZERO
        line.save(
            update_fields=["resolution", "settled", "settled_amount", "restocking_percent", "bonus_percent"]
        )
    if ret.money_state == Money.AWAITING_PAYMENT:
        move(ret, money_state=Money.NONE)
    fell = ExchangeFellBack(
        **told(ret, exchange), because=because, payment_reference=exchange.payment_reference if paid else ""
    )
    tell(ret, fell, because)


def drop(ret: Return) -> None:
    """The return is over before it began: nothing is exchanged."""
    exchange = exchange_of(ret)
    if exchange is not None and S.CANCELLED in MOVES[exchange.state]:
        step(exchange, S.CANCELLED, due_at=None)


def waits(ret: Return) -> bool:
    """Whether the shop has still to be asked to send something."""
    return Exchange.objects.filter(
        ret=ret, state__in=(S.WAITING, S.AWAITING_PAYMENT, S.AWAITING_HOLD)
    ).exists()


def step(exchange: Exchange, state: str, **values: Any) -> None:
    """The one place where an exchange's state changes. Raises Conflict for a move that there is not."""
    if state != exchange.state and state not in MOVES[exchange.state]:
        raise Conflict(f"This exchange is {exchange.state}.", param="return_id", code="exchange_state")
    exchange.state, exchange.updated_at = state, timezone.now()
    for name, value in values.items():
        setattr(exchange, name, value)
    exchange.save()


def goods_of(lines: Sequence[ReturnLine]) -> list[ExchangeGoods]:
    """What is wanted, for the shop."""
    return [
        ExchangeGoods(line_id=line.line_id, variant=line.exchange_variant, title=line.exchange_title,
                      quantity=line.quantity)
        for line in lines
    ]  # fmt: skip


def told(ret: Return, exchange: Exchange) -> dict[str, Any]:
    """What every fact about an exchange tells."""
    return {
        "return_id": ret.id, "number": ret.number, "state": exchange.state, "difference": exchange.difference,
        "currency": ret.currency,
    }  # fmt: skip


def tell(ret: Return, fact: ExchangeFact, what: str) -> None:
    """Record a fact about an exchange, with a line in the return's history."""
    add_entry(ret, EntryKind.EXCHANGE, Side.SYSTEM, data={"what": what, "difference": str(fact.difference)})
    event_log.record(fact, order_id=ret.order_id)
