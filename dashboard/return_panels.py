"""What a return's page shows of its label and of what goes out in exchange, and what can be said of them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import formats
from dashboard.words import Label
from merchants.ids import public_id
from merchants.models import Merchant
from notifications.rendering.formats import money
from returns.exchange_models import ExchangeState, Hold
from returns.label_models import LabelMaker, LabelState
from returns.models import Return
from returns.states import NOT_SENT, SENDS_GOODS, Approval, Method

EXCHANGES: Final[dict[str, Label]] = {
    ExchangeState.WAITING: Label(gettext_lazy("Waits for the goods"), "info"),
    ExchangeState.AWAITING_PAYMENT: Label(gettext_lazy("Waits for the difference"), "warn"),
    ExchangeState.AWAITING_HOLD: Label(gettext_lazy("Waits for a hold"), "warn"),
    ExchangeState.RELEASED: Label(gettext_lazy("To be sent by you"), "bad"),
    ExchangeState.ORDERED: Label(gettext_lazy("Ordered"), "ok"),
    ExchangeState.FELL_BACK: Label(gettext_lazy("Refunded instead"), "quiet"),
    ExchangeState.CANCELLED: Label(gettext_lazy("Cancelled"), "quiet"),
}
HOLDS: Final[dict[str, Promise]] = {
    Hold.REQUESTED: gettext_lazy("to be held"),
    Hold.HELD: gettext_lazy("held"),
    Hold.RELEASED: gettext_lazy("let go"),
    Hold.CHARGED: gettext_lazy("charged"),
}
_OPEN: Final = (ExchangeState.WAITING, ExchangeState.AWAITING_PAYMENT, ExchangeState.AWAITING_HOLD)


@dataclass(frozen=True)
class ExchangePanel:
    """What goes to the customer. difference, hold: in words with their amounts, or "". order_url: the new order."""

    state: Label
    goods: list[str]
    difference: str
    hold: str
    payment_url: str
    order_url: str
    may_link: bool
    may_hold: bool
    may_order: bool
    may_sell_out: bool


def exchange_panel(merchant: Merchant, ret: Return) -> ExchangePanel | None:
    """Of a return with its lines and exchanges loaded; None without an exchange."""
    exchange = next(iter(ret.exchanges.all()), None)
    if exchange is None:
        return None
    more = exchange.difference
    order_id = exchange.new_order_id
    return ExchangePanel(
        state=EXCHANGES[exchange.state],
        goods=[
            f"{line.quantity} × {line.exchange_title or line.line.title}"
            for line in ret.lines.all()
            if line.resolution in SENDS_GOODS and line.quantity
        ],
        difference=_difference(ret, more),
        hold=f"{_money(ret, exchange.hold_amount)} {HOLDS[exchange.hold]}" if exchange.hold in HOLDS else "",
        payment_url=exchange.payment_url,
        order_url=f"/app/{merchant.slug}/orders/{public_id('ord', order_id)}/" if order_id else "",
        may_link=exchange.state == ExchangeState.AWAITING_PAYMENT,
        may_hold=exchange.state == ExchangeState.AWAITING_HOLD,
        may_order=exchange.state == ExchangeState.RELEASED,
        may_sell_out=ret.approval_state == Approval.APPROVED
        and exchange.state in (*_OPEN, ExchangeState.RELEASED),
    )


def _difference(ret: Return, more: Decimal) -> str:
    if not more:
        return ""
    amount = _money(ret, abs(more))
    return _("The customer pays %(amount)s.") % {"amount": amount} if more > 0 else (
        _("The customer gets %(amount)s back.") % {"amount": amount}
    )  # fmt: skip


def _money(ret: Return, amount: Decimal) -> str:
    return money(amount, ret.currency, formats.locale())


@dataclass(frozen=True)
class LabelPanel:
    """Where the label of a return is. error: what its maker said; may_send: whether the team can send one itself."""

    state: Label
    is_ready: bool
    error: str
    may_send: bool


def label_panel(ret: Return) -> LabelPanel | None:
    """Of an approved return that is sent with a label or a code, its labels loaded; else None."""
    if ret.approval_state != Approval.APPROVED or ret.method not in (Method.LABEL, Method.QR):
        return None
    label = next(iter(ret.labels.all()), None)
    if label is None:
        return None
    by_shop = label.maker == LabelMaker.SHOP
    states = {
        LabelState.WANTED: Label(
            _("To be sent by you") if by_shop else _("Being made"), "warn" if by_shop else "info"
        ),
        LabelState.READY: Label(_("Ready"), "ok"),
        LabelState.FAILED: Label(_("Failed"), "bad"),
    }
    waits = label.state == LabelState.FAILED or (label.state == LabelState.WANTED and by_shop)
    return LabelPanel(
        states[LabelState(label.state)], label.state == LabelState.READY, label.error,
        waits and ret.logistics_state in NOT_SENT,
    )  # fmt: skip
