"""Facts about exchanges: what the shop has to do, and what became of it. Part of the public API."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from events.facts import FactData, fact


class ExchangeGoods(FactData):
    """Wanted goods. variant: what the shop calls it; empty: the same again as the order line."""

    line_id: UUID
    variant: str
    title: str
    quantity: int


class ExchangeFact(FactData):
    """What every fact about an exchange tells. difference: positive is paid by the shopper, negative goes back."""

    return_id: UUID
    number: str
    state: str
    difference: Decimal
    currency: str
    notify: bool = True


@fact("exchange.payment_requested")
class ExchangePaymentRequested(ExchangeFact, kw_only=True):
    """The shopper has to pay the difference: make a payment link, `POST /returns/{id}/exchange/payment-link`."""

    tax: Decimal
    pay_by: datetime
    goods: list[ExchangeGoods] = []


@fact("exchange.payment_link_ready")
class ExchangePaymentLinkReady(ExchangeFact):
    """There is a link at which the shopper can pay."""


@fact("exchange.paid")
class ExchangePaid(ExchangeFact):
    """The difference was paid."""


@fact("exchange.hold_requested")
class ExchangeHoldRequested(ExchangeFact, kw_only=True):
    """It goes off before anything comes back: hold `amount`, `POST /returns/{id}/exchange/hold`."""

    amount: Decimal


@fact("exchange.released")
class ExchangeReleased(ExchangeFact):
    """Send these goods: make an order of them, `POST /returns/{id}/exchange/ordered`."""

    goods: list[ExchangeGoods] = []


@fact("exchange.ordered")
class ExchangeOrdered(ExchangeFact, kw_only=True):
    """The shop made an order of it."""

    new_order_id: UUID


@fact("exchange.hold_released")
class ExchangeHoldReleased(ExchangeFact, kw_only=True):
    """The goods came back: let go of the hold."""

    reference: str
    amount: Decimal


@fact("exchange.hold_charged")
class ExchangeHoldCharged(ExchangeFact, kw_only=True):
    """The goods did not come back in time: charge the hold."""

    reference: str
    amount: Decimal


@fact("exchange.fell_back")
class ExchangeFellBack(ExchangeFact, kw_only=True):
    """There will be no exchange (because: sold_out or not_paid): what comes back is refunded.

    payment_reference: the difference that was paid already; give it back.
    """

    because: str
    payment_reference: str = ""
