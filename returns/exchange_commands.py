"""What the shop tells us about an exchange, and what happens when it does not. One function a verb, one transaction."""

from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from orders.models import Order
from returns import exchanging
from returns.exchange_facts import (
    ExchangeHoldCharged,
    ExchangeOrdered,
    ExchangePaid,
    ExchangePaymentLinkReady,
)
from returns.exchange_models import Exchange, ExchangeState, Hold
from returns.exchanging import fall_back, hold_or_wait, release, step, tell, told
from returns.models import Return
from returns.settling import close_if_done, settle
from returns.states import Logistics, Money
from returns.steps import lines_of, lock_return, move, note


def _locked(return_id: UUID) -> tuple[Return, Exchange]:
    ret = lock_return(return_id)
    exchange = Exchange.objects.select_for_update(no_key=True).filter(ret=ret).first()
    if exchange is None:
        raise NotFound("This return has no exchange.", param="return_id")
    return ret, exchange


def set_payment_link(merchant: Merchant, return_id: UUID, url: str) -> Exchange:
    """The shop made a link at which the difference is paid. Raises NotFound, Conflict, Unprocessable."""
    if not url.startswith("https://") or len(url) > 1000:
        raise Unprocessable("Send a link that begins with https://.", param="url", code="not_a_link")
    with merchant_transaction(merchant):
        ret, exchange = _locked(return_id)
        if exchange.state != ExchangeState.AWAITING_PAYMENT:
            raise Conflict(f"This exchange is {exchange.state}.", param="return_id", code="exchange_state")
        if exchange.payment_url != url:
            step(exchange, exchange.state, payment_url=url)
            tell(ret, ExchangePaymentLinkReady(**told(ret, exchange)), "payment_link")
            note("return.exchange_link", ret)
    return exchange


def mark_paid(merchant: Merchant, return_id: UUID, *, reference: str) -> Exchange:
    """The difference was paid; `reference`: what the shop calls the payment. Twice is once.

    Raises NotFound, Conflict.
    """
    with merchant_transaction(merchant):
        ret, exchange = _locked(return_id)
        if exchange.paid_at is not None:
            return exchange
        if exchange.state != ExchangeState.AWAITING_PAYMENT:
            raise Conflict(f"This exchange is {exchange.state}.", param="return_id", code="exchange_state")
        exchange.paid_at, exchange.payment_reference = timezone.now(), reference[:191]
        tell(ret, ExchangePaid(**told(ret, exchange)), "paid")
        hold_or_wait(ret, exchange)
        move(ret, money_state=Money.NONE)
        settle(ret)
        close_if_done(ret)
        note("return.exchange_paid", ret)
    return exchange


def mark_held(merchant: Merchant, return_id: UUID, *, reference: str) -> Exchange:
    """The shop holds the amount: the goods go off at once. Twice is once. Raises NotFound, Conflict."""
    with merchant_transaction(merchant):
        ret, exchange = _locked(return_id)
        if exchange.hold != Hold.REQUESTED or exchange.state != ExchangeState.AWAITING_HOLD:
            if exchange.hold == Hold.NONE:
                raise Conflict("This exchange needs no hold.", param="return_id", code="exchange_state")
            return exchange
        until = (ret.expires_at or timezone.now()) + exchanging.GRACE
        exchange.hold, exchange.hold_reference = Hold.HELD, reference[:191]
        release(ret, exchange, lines_of(ret), due_at=until)
        settle(ret)
        note("return.exchange_held", ret)
    return exchange


def refuse_hold(merchant: Merchant, return_id: UUID) -> Exchange:
    """The card did not take the hold: it is an exchange like others then, sent when the goods came. Raises NotFound."""
    with merchant_transaction(merchant):
        ret, exchange = _locked(return_id)
        if exchange.state == ExchangeState.AWAITING_HOLD:
            step(exchange, ExchangeState.WAITING, hold=Hold.NONE, instant=False)
            settle(ret)
            note("return.exchange_hold_refused", ret)
    return exchange


def mark_ordered(merchant: Merchant, return_id: UUID, order_id: UUID) -> Exchange:
    """The shop made this order of the exchange. Twice is once. Raises NotFound (the order too), Conflict."""
    with merchant_transaction(merchant):
        ret, exchange = _locked(return_id)
        if exchange.new_order_id == order_id:
            return exchange
        if order_id == ret.order_id or not Order.objects.filter(pk=order_id).exists():
            raise NotFound("There is no such order.", param="order_id", code="order_not_found")
        if exchange.state != ExchangeState.RELEASED:
            raise Conflict(f"This exchange is {exchange.state}.", param="return_id", code="exchange_state")
        step(exchange, ExchangeState.ORDERED, new_order_id=order_id)
        tell(ret, ExchangeOrdered(**told(ret, exchange), new_order_id=order_id), "ordered")
        note("return.exchange_ordered", ret)
    return exchange


def mark_sold_out(merchant: Merchant, return_id: UUID) -> Exchange:
    """The shop cannot send it: what came back is refunded. Twice is once.

    Raises NotFound, and Conflict once it was ordered.
    """
    with merchant_transaction(merchant):
        ret, exchange = _locked(return_id)
        if exchange.state == ExchangeState.FELL_BACK:
            return exchange
        fall_back(ret, exchange, lines_of(ret), "sold_out")
        settle(ret)
        note("return.exchange_sold_out", ret)
    return exchange


def exchange_is_due(merchant: Merchant, return_id: UUID) -> None:
    """Its time is over: not paid, or not come back."""
    with merchant_transaction(merchant):
        ret, exchange = _locked(return_id)
        now = timezone.now()
        if exchange.state == ExchangeState.AWAITING_PAYMENT:
            fall_back(ret, exchange, lines_of(ret), "not_paid")
            settle(ret)
        elif exchange.hold == Hold.HELD and ret.logistics_state == Logistics.IN_TRANSIT:
            step(exchange, exchange.state, due_at=now + exchanging.GRACE)  # it is on its way: some days more
        elif exchange.hold == Hold.HELD:
            step(exchange, exchange.state, hold=Hold.CHARGED, due_at=None)
            fact = ExchangeHoldCharged(
                **told(ret, exchange), reference=exchange.hold_reference, amount=exchange.hold_amount
            )
            tell(ret, fact, "hold_charged")
        else:
            step(exchange, exchange.state, due_at=None)
