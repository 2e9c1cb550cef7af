"""What templates say about a return, an exchange, a refund or a credit: plain words in the language that is active."""

from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from merchants.ids import public_id
from merchants.models import Merchant
from notifications.about_returns import AboutReturn
from notifications.rendering import delivery_window, money
from orders.models import Order
from orders.queries import token_of
from returns.exchange_facts import ExchangeFellBack, ExchangePaymentRequested
from returns.exchange_models import Exchange, ExchangeState
from returns.facts import ReturnCancelled, ReturnExpired, ReturnInTransit, ReturnReceived
from returns.models import Return, ReturnLine
from returns.money.facts import CreditFact, CreditGiven, RefundCompleted, RefundFact
from returns.money.models import PaymentKind
from returns.states import SENDS_GOODS, Approval, Kind, Logistics, Method
from returns.withdrawal.way_back import SEND_WITHIN

_TO_SEND = (Logistics.AWAITING, Logistics.LABEL_CREATED)


def return_words(about: AboutReturn, merchant: Merchant, language: str, zone: tzinfo) -> dict[str, Any]:
    """Whatever the fact is about: `return`, `exchange`, `refund`, `credit`; each only where there is one."""
    shown: dict[str, Any] = {}
    if about.ret is not None:
        shown["return"] = _return(about, about.ret, merchant, language, zone)
    if about.ret is not None and about.exchange is not None:
        shown["exchange"] = _exchange(about, about.ret, about.exchange, language, zone)
    if isinstance(about.fact, RefundFact):
        shown["refund"] = _refund(about, about.fact, language)
    if isinstance(about.fact, CreditFact):
        shown["credit"] = _credit(about.fact, language, zone)
    return shown


def return_url(portal: str, order: Order, about: AboutReturn, touchpoint: str) -> str:
    """Where the button leads: the page about the return beside the order's (`portal`), or where it is paid."""
    if about.ret is None:
        return portal
    if touchpoint == "exchange_payment" and about.exchange and about.exchange.payment_url:
        return about.exchange.payment_url
    token = token_of(order)
    return portal.removesuffix(f"t/{token}/") + f"o/{token}/returns/{public_id('ret', about.ret.pk)}/"


def _return(
    about: AboutReturn, ret: Return, merchant: Merchant, language: str, zone: tzinfo
) -> dict[str, Any]:
    """number, kind, items, text (what was said), step, method, method_name, until (a day), address; each may be ""."""
    sends = ret.approval_state == Approval.APPROVED and ret.logistics_state in _TO_SEND
    to = "\n".join(part for part in (merchant.legal_name or merchant.name, merchant.postal_address) if part)
    return {
        "number": ret.number,
        "kind": ret.kind,
        "items": [_item(line) for line in ret.lines.all() if line.quantity or ret.closed_at],
        "text": about.entry.text if about.entry else "",
        "step": _step(about),
        "method": ret.method,
        "method_name": str(Method(ret.method).label) if ret.method and sends else "",
        "until": _day(_send_by(ret), language, zone) if sends else "",
        "address": to if sends and ret.method == Method.OWN else "",
    }


def _send_by(ret: Return) -> datetime | None:
    """Until when it has to be on its way; withdrawn goods by the law's 14 days, which close nothing."""
    if ret.kind == Kind.WITHDRAWAL and ret.withdrawal is not None:
        return ret.withdrawal.declared_at + SEND_WITHIN
    return ret.expires_at


def _step(about: AboutReturn) -> str:
    """in_transit, received, partly_received, cancelled_by_us, cancelled, expired; "" for others."""
    fact = about.fact
    if isinstance(fact, ReturnReceived):
        return "received" if fact.complete else "partly_received"
    if isinstance(fact, ReturnCancelled):
        return "cancelled" if fact.by == "shopper" else "cancelled_by_us"
    if isinstance(fact, ReturnExpired):
        return "expired"
    return "in_transit" if isinstance(fact, ReturnInTransit) else ""


def _item(line: ReturnLine) -> dict[str, Any]:
    part = line.part
    title = part.title if part else " · ".join(filter(None, (line.line.title, line.line.variant)))
    return {"title": title, "quantity": line.quantity}


def _exchange(
    about: AboutReturn, ret: Return, exchange: Exchange, language: str, zone: tzinfo
) -> dict[str, Any]:
    """items (that are sent), difference (to be paid yet), pay_by (a day), because (sold_out, not_paid, or "")."""
    fact, more = about.fact, exchange.difference
    is_unpaid = exchange.state == ExchangeState.AWAITING_PAYMENT
    wanted = [line for line in ret.lines.all() if line.resolution in SENDS_GOODS and line.quantity]
    return {
        "items": [
            {"title": line.exchange_title or line.line.title, "quantity": line.quantity} for line in wanted
        ],
        "difference": money(more, ret.currency, language) if more > 0 and is_unpaid else "",
        "pay_by": _day(fact.pay_by if isinstance(fact, ExchangePaymentRequested) else exchange.due_at,
                       language, zone),
        "because": fact.because if isinstance(fact, ExchangeFellBack) else "",
    }  # fmt: skip


def _refund(about: AboutReturn, fact: RefundFact, language: str) -> dict[str, Any]:
    """amount, fee (kept, or ""), state (requested, completed), ways: [{name, amount}]."""
    kinds = {
        PaymentKind.ORIGINAL: _("The way you paid"),
        PaymentKind.GIFT_CARD: _("Gift card"),
        PaymentKind.STORE_CREDIT: _("Store credit"),
        PaymentKind.POINTS: _("Points"),
    }
    return {
        "amount": money(fact.amount, fact.currency, language),
        "fee": money(fact.fee, fact.currency, language) if fact.fee else "",
        "state": "completed" if isinstance(fact, RefundCompleted) else "requested",
        "ways": [
            {
                "name": part.payment.label or kinds[PaymentKind(part.payment.kind)],
                "amount": money(part.amount, fact.currency, language),
            }
            for part in about.parts
        ],
    }


def _credit(fact: CreditFact, language: str, zone: tzinfo) -> dict[str, Any]:
    """amount, bonus (of it, or ""), balance (then), until (a day, or "")."""
    bonus = fact.bonus if isinstance(fact, CreditGiven) else Decimal(0)
    return {
        "amount": money(fact.amount, fact.currency, language),
        "bonus": money(bonus, fact.currency, language) if bonus else "",
        "balance": money(fact.balance, fact.currency, language),
        "until": _day(fact.expires_at if isinstance(fact, CreditGiven) else None, language, zone),
    }


def _day(moment: datetime | None, language: str, zone: tzinfo) -> str:
    return delivery_window(moment.astimezone(zone), None, language) if moment else ""
