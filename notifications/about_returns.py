"""Which return, exchange, refund or credit a message is about, whether it is still so, and who reads it."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from events.facts import FactData
from orders.models import Order
from returns.exchange_facts import ExchangeFact
from returns.exchange_models import Exchange, ExchangeState
from returns.facts import ReturnFact
from returns.models import Return, ReturnEntry
from returns.money.facts import CreditFact, RefundFact, RefundRequested
from returns.money.models import Refund, RefundPart, RefundState
from returns.states import UNDECIDED, Approval, Logistics

# An extension gives at least this much more time: then nobody needs to hurry yet.
_SOON: Final = timedelta(days=7)


@dataclass(frozen=True)
class AboutReturn:
    """What a fact tells about. ret: None for money that is for no return. entry: the line of its history.

    parts: what of the refund goes back to which payment, loaded with it.
    """

    fact: FactData
    ret: Return | None = None
    entry: ReturnEntry | None = None
    refund: Refund | None = None
    parts: tuple[RefundPart, ...] = ()

    @property
    def exchange(self) -> Exchange | None:
        """The exchange of the return, if it has one."""
        return next(iter(self.ret.exchanges.all()), None) if self.ret else None


def return_id_of(fact: FactData) -> UUID | None:
    """The return that a fact is about, None when it is about none."""
    if isinstance(fact, (ReturnFact, ExchangeFact)):
        return fact.return_id
    if isinstance(fact, (RefundFact, CreditFact)) and fact.source_kind == "return":
        return fact.source_id
    return None


def about_returns(facts: Mapping[int, FactData]) -> dict[int, AboutReturn]:
    """What these facts of the open scope tell about, by the facts' positions: six queries, or none."""
    told = {
        at: fact
        for at, fact in facts.items()
        if isinstance(fact, (ReturnFact, ExchangeFact, RefundFact, CreditFact))
    }
    if not told:
        return {}
    lines = ("lines__line", "lines__part", "exchanges")
    rows = (
        Return.objects.select_related("withdrawal")
        .prefetch_related(*lines)
        .in_bulk({return_id_of(fact) for fact in told.values()})
    )
    entries = ReturnEntry.objects.in_bulk({_entry_id(fact) for fact in told.values()})
    refunds = Refund.objects.in_bulk({f.refund_id for f in told.values() if isinstance(f, RefundFact)})
    parts: dict[UUID, list[RefundPart]] = {}
    for part in RefundPart.objects.filter(refund__in=refunds, amount__gt=0).select_related("payment"):
        parts.setdefault(part.refund_id, []).append(part)
    return {
        at: AboutReturn(
            fact=fact,
            ret=rows.get(return_id_of(fact)),
            entry=entries.get(_entry_id(fact)),
            refund=refunds.get(fact.refund_id) if isinstance(fact, RefundFact) else None,
            parts=tuple(parts.get(fact.refund_id, ())) if isinstance(fact, RefundFact) else (),
        )
        for at, fact in told.items()
    }


def _entry_id(fact: FactData) -> UUID | None:
    return fact.return_entry_id if isinstance(fact, ReturnFact) else None


def is_overtaken(touchpoint: str, about: AboutReturn) -> bool:
    """Whether what the fact told is not so any more: decided, paid, sent or called off meanwhile."""
    ret, exchange = about.ret, about.exchange
    if touchpoint == "refund_moved" and isinstance(about.fact, RefundRequested):
        return about.refund is not None and about.refund.state != RefundState.REQUESTED
    if touchpoint == "exchange_payment":
        return exchange is None or exchange.state != ExchangeState.AWAITING_PAYMENT
    if ret is None:
        return False
    holds = {
        "return_requested": ret.approval_state in UNDECIDED,
        "return_question": ret.approval_state == Approval.ASKED,
        "return_approved": ret.approval_state == Approval.APPROVED,
        "return_label": ret.approval_state == Approval.APPROVED
        and ret.logistics_state == Logistics.LABEL_CREATED,
        "return_expiring": _expires_soon(ret),
    }
    return not holds.get(touchpoint, True)


def _expires_soon(ret: Return) -> bool:
    waits = ret.logistics_state in (Logistics.AWAITING, Logistics.LABEL_CREATED) and ret.closed_at is None
    now = timezone.now()
    return waits and ret.expires_at is not None and now < ret.expires_at < now + _SOON


# --- presents: who got it reads about it, who bought it never does ---------------------------------------


def reader_of(order: Order, fact: FactData, ret: Return | None) -> Order | None:
    """The order (unsaved) with the address of who got the present in place of the buyer's; None for no present.

    Money that goes back to the buyer's payment is told to nobody.
    """
    if ret is None or not ret.gift:
        return None
    reader = copy(order)
    reader.email = "" if isinstance(fact, RefundFact) else ret.gift_email
    reader.first_name = reader.last_name = reader.phone = ""
    reader.sms_consent, reader.customer = False, None
    return reader


def presents(facts: Iterable[FactData]) -> dict[UUID, Return]:
    """The returns of presents among those that facts of the open scope are about: one query, or none."""
    ids = {found for fact in facts if (found := return_id_of(fact)) is not None}
    return dict(Return.objects.filter(gift=True).in_bulk(ids)) if ids else {}
