"""The steps that the commands of withdrawals are made of. Locks: the order, its withdrawal, the chain's end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from orders.commands import lock_order
from orders.models import Order, OrderLine
from returns.withdrawal.chaining import append
from returns.withdrawal.clock import Finding, Window, finding_of, window_of
from returns.withdrawal.facts import WithdrawalFact, WithdrawalMatched
from returns.withdrawal.goods import Good, goods_of, rules_of
from returns.withdrawal.models import Source, Status, Withdrawal, WithdrawalLine

REFUND_WITHIN: Final = timedelta(days=14)
REMIND_BEFORE: Final = timedelta(days=3)
LONGEST: Final = {"name": 200, "contract": 200, "email": 254, "text": 4000}

# Which status a withdrawal may go to from which. A status moves in `move` and nowhere else.
MOVES: Final[dict[str, frozenset[str]]] = {
    Status.UNMATCHED: frozenset({Status.OPEN, Status.SET_ASIDE}),
    Status.OPEN: frozenset({Status.COMPLETED, Status.SET_ASIDE}),
    Status.COMPLETED: frozenset(),
    Status.SET_ASIDE: frozenset({Status.UNMATCHED, Status.OPEN}),
}


@dataclass(frozen=True)
class Declaration:
    """What a consumer declares. order_id: proven by the order's link, or given by the shop.

    lines: order line → how many; empty for the whole order. declared_at: when the request came in (UTC).
    """

    declared_at: datetime
    source: Source
    name: str = ""
    contract: str = ""
    email: str = ""
    text: str = ""
    is_whole: bool = True
    lines: Mapping[UUID, int] = field(default_factory=dict)
    order_id: UUID | None = None
    locale: str = ""
    marks: tuple[str, ...] = ()


def typed(text: str, name: str) -> str:
    """What was typed, ready to be stored: cut, never refused."""
    return text.replace("\0", "").replace("\r\n", "\n").strip()[: LONGEST[name]]


def checked_lines(declaration: Declaration) -> dict[UUID, OrderLine]:
    """The lines that are declared; the order is locked from here on. Raises NotFound and Unprocessable."""
    if declaration.order_id is None:
        return {}
    lock_order(declaration.order_id)
    lines = {line.pk: line for line in OrderLine.objects.filter(order_id=declaration.order_id)}
    for pk, count in declaration.lines.items():
        if pk not in lines or not 0 < count <= lines[pk].quantity:
            raise Unprocessable(
                "The order does not have that many of it.", param="lines", code="unknown_line"
            )
    return {pk: line for pk, line in lines.items() if pk in declaration.lines}


def lock(withdrawal_id: UUID, order_id: UUID | None = None) -> Withdrawal:
    """The withdrawal, after its order (or the one it is to get). Raises NotFound."""
    known = Withdrawal.objects.filter(pk=withdrawal_id).values_list("order_id", flat=True).first()
    if known is None and not Withdrawal.objects.filter(pk=withdrawal_id).exists():
        raise NotFound("There is no such withdrawal.", param="withdrawal_id")
    for order in sorted({pk for pk in (known, order_id) if pk is not None}):
        lock_order(order)
    found: Withdrawal = Withdrawal.objects.select_for_update(of=("self",)).select_related("merchant").get(
        pk=withdrawal_id
    )  # fmt: skip
    return found


def settle_match(merchant: Merchant, withdrawal: Withdrawal, order_id: UUID, *, by: str) -> None:
    """The order is known: judge by the clock, note it in the chain, tell. The order is locked."""
    order = Order.objects.prefetch_related("lines").defer("raw", "search").get(pk=order_id)
    finding, window = judged(merchant, withdrawal, order)
    now = timezone.now()
    status = Status.SET_ASIDE if finding == Finding.CANCELLED else Status.OPEN
    move(
        withdrawal, status, order=order, finding=finding, window_ends_at=window.ends_at, matched_at=now,
        set_aside_reason="cancelled" if status == Status.SET_ASIDE else "",
        due_at=withdrawal.refund_due_at - REMIND_BEFORE if status == Status.OPEN else None,
    )  # fmt: skip
    append(withdrawal, "matched", {"order": public_id("ord", order.pk), "number": order.number, "by": by})
    tell(
        withdrawal,
        WithdrawalMatched(**told(withdrawal), finding=finding, refund_due_at=withdrawal.refund_due_at),
    )


def judged(merchant: Merchant, withdrawal: Withdrawal, order: Order) -> tuple[Finding, Window]:
    """What the clock and the shop's rules say about a declaration. The order's lines are prefetched."""
    rules = rules_of()
    window = window_of(merchant, order, informs=rules.informs, days=rules.days)
    goods: dict[UUID, Good] = goods_of(order, rules)
    chosen = set(withdrawal.lines.values_list("line_id", flat=True))
    tags = frozenset(tag.casefold() for tag in rules.business_tags)
    finding = finding_of(
        merchant, order, window, {pk: good for pk, good in goods.items() if not chosen or pk in chosen},
        declared_at=withdrawal.declared_at, business_tags=tags,
    )  # fmt: skip
    return finding, window


def store_lines(withdrawal: Withdrawal, lines: Mapping[UUID, int]) -> None:
    """Note the goods that a withdrawal is of."""
    WithdrawalLine.objects.bulk_create(
        WithdrawalLine(merchant_id=withdrawal.merchant_id, withdrawal=withdrawal, line_id=pk, quantity=count)
        for pk, count in sorted(lines.items())
    )


def move(withdrawal: Withdrawal, status: Status, **values: Any) -> None:
    """The one place where a status changes. The row is locked. Raises Conflict for a move that there is not."""
    if status not in MOVES[withdrawal.status]:
        raise Conflict(
            f"This withdrawal is {withdrawal.status}.", param="withdrawal_id", code="withdrawal_" + withdrawal.status
        )  # fmt: skip
    save(withdrawal, status=status, **values)


def save(withdrawal: Withdrawal, **values: Any) -> None:
    """Change what became of a locked withdrawal."""
    for name, value in {**values, "updated_at": timezone.now()}.items():
        setattr(withdrawal, name, value)
    withdrawal.save(update_fields=[*values, "updated_at"])


def told(withdrawal: Withdrawal) -> dict[str, Any]:
    """What every fact about a withdrawal tells."""
    return {
        "withdrawal_id": withdrawal.pk, "number": withdrawal.number, "status": withdrawal.status,
        "declared_at": withdrawal.declared_at,
    }  # fmt: skip


def tell(withdrawal: Withdrawal, fact: WithdrawalFact) -> None:
    """Record a fact about a withdrawal."""
    event_log.record(fact, order_id=withdrawal.order_id)


def note(action: str, withdrawal: Withdrawal, changes: dict[str, list[object]] | None = None) -> None:
    """Put into the audit log what a person or a key did."""
    audit.record_by_hand(action, public_id("wdr", withdrawal.pk), withdrawal.number, changes)
