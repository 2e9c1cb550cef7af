"""Every history of a return, an exchange, a claim and a withdrawal of the same goods: none pays back too much.

Steps are taken by the product's commands from every state that they lead to (`tests.money.exploring`).
"""

import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Problem
from merchants.scope import merchant_scope
from orders.models import Order
from orders.schemas import LineIn
from returns import commands, exchange_commands
from returns.claims import commands as claims
from returns.claims.models import Claim, Kind, Resolution
from returns.claims.pool import cover
from returns.claims.steps import Asked
from returns.models import Return, ReturnedCount, ReturnLine
from returns.money.books import money_of
from returns.money.commands import confirm_refund, fail_refund
from returns.money.models import Refund
from returns.requesting import RequestedLine, RequestedReturn
from returns.withdrawal.commands import declare
from returns.withdrawal.models import Source, Withdrawal
from returns.withdrawal.refunds import proposal_of, refund
from returns.withdrawal.steps import Declaration
from returns.withdrawal.way_back import open_way
from tests.money.exploring import explore
from tests.money.helpers import assert_books_balance
from tests.returns.conftest import delivered, line_ids, rules
from tests.returns.test_exchanges import sell

PAID = Decimal(178)
# What a command could find, without ids and times.
_ROWS = """
SELECT (SELECT array_agg(concat_ws('|', r.request_key, r.kind, r.approval_state, r.logistics_state, r.money_state,
                                   r.fee_taken, r.settlements, r.closed_at IS NULL, l.quantity, l.resolution, l.paid,
                                   l.received, l.accepted, l.settled, l.settled_amount, e.state, e.paid_at IS NULL)
                         ORDER BY r.sequence, l.id)
        FROM returns_return r JOIN returns_returnline l ON (l.merchant_id, l.ret_id) = (r.merchant_id, r.id)
        LEFT JOIN returns_exchange e ON (e.merchant_id, e.ret_id) = (r.merchant_id, r.id)
        WHERE r.merchant_id = %(owner)s),
       (SELECT array_agg(concat_ws('|', source_kind, state, amount, fee) ORDER BY source_kind, state, amount, fee)
        FROM money_refund WHERE merchant_id = %(owner)s),
       (SELECT array_agg(concat_ws('|', taken, amount)) FROM returns_returnedcount WHERE merchant_id = %(owner)s),
       (SELECT array_agg(status) FROM claims_claim WHERE merchant_id = %(owner)s),
       (SELECT array_agg(concat_ws('|', status, refund_id IS NULL)) FROM withdrawal_withdrawal
        WHERE merchant_id = %(owner)s)
"""


class Affairs:
    """Two sweaters of 89.00 that were delivered, and everything that can become of them."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        sell(merchant)
        rules(merchant, refund_trigger="receipt")
        sweaters = LineIn(title="Sweater", quantity=2, unit_price=Decimal(89), external_id="L1", sku="SW-M")
        self.order: Order = delivered(merchant, lines=[sweaters], shipping=Decimal(0))
        self.line = line_ids(self.order)["L1"]
        with merchant_scope(merchant):
            parcel = self.order.shipments.get()
        cover(merchant, self.order.pk, premium=Decimal(2))
        asked = Asked(Kind.DAMAGED, lines={self.line: 1}, photos=(b"\xff\xd8jpeg",))
        self.claim: Claim = claims.claim(merchant, self.order.pk, parcel.pk, asked)
        declaration = Declaration(timezone.now(), Source.LINK, name="A", order_id=self.order.pk)
        self.withdrawal: Withdrawal = declare(merchant, declaration)

    def ask(self, key: str, **wanted: Any) -> None:
        line = RequestedLine(self.line, 1, **wanted)
        asked = RequestedReturn([line], method="own", key=key)
        commands.request_return(self.merchant, self.order.pk, asked, by="team")

    def of(self, key: str, act: Callable[..., Any], **more: Any) -> None:
        act(self.merchant, Return.objects.values_list("pk", flat=True).get(request_key=key), **more)

    def answer(self, act: Callable[..., Any]) -> None:
        for pk in (
            Refund.objects.filter(state="requested").order_by("requested_at").values_list("pk", flat=True)
        ):
            act(self.merchant, pk)

    def refund_withdrawal(self) -> None:
        withdrawal = Withdrawal.objects.get()
        amount, shipping = proposal_of(withdrawal)
        refund(self.merchant, withdrawal.pk, amount or PAID, shipping)


STEPS: dict[str, Callable[[Affairs], Any]] = {
    "one is returned": lambda it: it.ask("a"),
    "it comes back": lambda it: it.of("a", commands.receive),
    "one is exchanged for what costs 60.00 more": lambda it: it.ask(
        "b", resolution="exchange_other", exchange_variant="v-COAT"
    ),
    "the claim is approved": lambda it: claims.approve(it.merchant, it.claim.pk, Resolution.REFUND),
    "the withdrawn goods may come": lambda it: open_way(it.merchant, it.withdrawal.pk),
    "the withdrawal is refunded": Affairs.refund_withdrawal,
}
MORE: dict[str, Callable[[Affairs], Any]] = {
    "the coat is sold out": lambda it: it.of("b", exchange_commands.mark_sold_out),
    "the difference is paid": lambda it: it.of("b", exchange_commands.mark_paid, reference="p"),
    "what is exchanged comes back": lambda it: it.of("b", commands.receive),
    "the shop has given back": lambda it: it.answer(confirm_refund),
    "the shop could not": lambda it: it.answer(fail_refund),
}
if os.environ.get("HISTORIES"):  # as with `tests/money/test_every_history.py`
    STEPS |= MORE


def rows_of(merchant: Merchant) -> tuple[Any, ...]:
    """What a command could find."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"owner": merchant.pk})
        return tuple(tuple(part or ()) for part in cursor.fetchone() or ())


def check(affairs: Affairs) -> None:
    """What holds at any moment."""
    money = money_of(affairs.order)
    assert money.refunded + money.pending + money.fees <= money.paid == PAID
    assert money.over == 0
    live = Refund.objects.exclude(state="failed")
    assert (live.aggregate(n=Sum("amount"))["n"] or 0) <= PAID
    assert live.filter(source_kind__in=("claim", "withdrawal")).count() <= 2
    for kind in ("claim", "withdrawal"):
        assert live.filter(source_kind=kind).count() <= 1
    assert all(0 <= count.taken <= count.bought == 2 for count in ReturnedCount.objects.all())
    assert all(
        row.settled <= row.quantity and row.settled_amount <= row.paid for row in ReturnLine.objects.all()
    )
    assert_books_balance()


def test_no_history_of_several_affairs_gives_back_more_than_was_paid(merchant: Merchant) -> None:
    affairs = Affairs(merchant)

    def take(step: str, model: None) -> bool | None:
        try:
            with transaction.atomic():
                STEPS[step](affairs)
        except Problem:
            return False
        except Return.DoesNotExist:
            return None
        return True

    with merchant_scope(merchant):
        ways = explore(None, list(STEPS), take, lambda: rows_of(merchant), lambda _model: check(affairs))
    # So few steps were taken, in every state; so many histories are ways through them.
    assert ways.histories(6) > 10_000
    assert (len(ways.steps) > 60, ways.refused > 40) == (True, True)
