"""Money for what was settled: refunds and credit through `returns.money`. Nothing is asked for twice."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import structlog
from django.db import transaction

from merchants.rest.errors import Problem
from merchants.scope import current_merchant
from orders.customers import put_customer
from orders.schemas import CustomerIn
from returns.amounts import ZERO
from returns.models import Return
from returns.money.commands import give_credit, request_refund

log = structlog.get_logger(__name__)


@dataclass
class Due:
    """What is to be given back now. kept: restocking that was taken off already. lines: of what is refunded."""

    refund: Decimal = ZERO
    credit: Decimal = ZERO
    bonus: Decimal = ZERO
    kept: Decimal = ZERO
    lines: dict[UUID, int] = field(default_factory=dict)

    @property
    def anything(self) -> bool:
        return bool(self.refund or self.credit or self.bonus)


def take_fee(ret: Return, due: Due) -> None:
    """Take what is left of the return's fee off what goes back: refunds first. A fee is never asked for by itself."""
    left = ret.fee - ret.fee_taken
    of_refund = min(left, due.refund)
    of_credit = min(left - of_refund, due.credit)
    due.refund, due.credit = due.refund - of_refund, due.credit - of_credit
    due.kept += of_refund + of_credit
    ret.fee_taken += of_refund + of_credit


def pay(ret: Return, due: Due) -> str:
    """Ask for the refund and give the credit of one settlement, by its own key. Returns what went wrong, or "".

    The order and the return are locked. What money refuses (more than was paid) is undone as a whole and told.
    """
    try:
        with transaction.atomic():
            pay_once(ret, due, ret.settlements)
    except Problem as refused:
        log.warning("return_money_refused", number=ret.number, code=refused.code)
        return refused.detail
    return ""


def pay_once(ret: Return, due: Due, number: int) -> None:
    """Ask for the money of one settlement, by its number: again, it is the same. Raises what money refuses."""
    key = f"return:{ret.id}:{number}"
    merchant, source = current_merchant(), ("return", ret.id)
    customer_id = receiver_of_credit(ret) if due.credit or due.bonus else None
    if (
        customer_id is None and due.credit
    ):  # nobody to give it to: it is money then, without what the shop adds
        due.refund, due.credit, due.bonus = due.refund + due.credit, ZERO, ZERO
    if due.refund > 0:
        request_refund(
            merchant, ret.order_id, amount=due.refund, key=f"{key}:refund", source=source, lines=due.lines,
            fee=due.kept, reason=ret.number,
        )  # fmt: skip
    if customer_id is not None and due.credit > 0:
        give_credit(
            merchant, customer_id, due.credit, ret.currency, key=f"{key}:credit", source=source, bonus=due.bonus,
            order_id=ret.order_id, reason=ret.number,
        )  # fmt: skip


def receiver_of_credit(ret: Return) -> UUID | None:
    """Whose credit it is: the buyer's, or of who got the present. None: nobody is known."""
    if not ret.gift:
        return ret.customer_id
    customer, _created = put_customer(current_merchant(), CustomerIn(email=ret.gift_email))
    return customer.id
