"""R22, P8: every history of these steps, in whatever order and however often each, keeps the books right."""

import os
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from merchants.models import Merchant
from tests.money.exploring import explore
from tests.money.helpers import assert_books_balance, order_of
from tests.money.histories import Played
from tests.money.model import Model

# Of 10.00 that were paid. Each is one request with its key: taken again, it is the retry of somebody who got no answer.
STEPS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "ask for 6.00 and keep 1.00": ("ask", ("a", Decimal(6), Decimal(1))),
    "ask for 3.00": ("ask", ("b", Decimal(3), Decimal(0))),
    "confirm the 6.00": ("confirm", ("a", "")),
    "confirm the 3.00, which the shop calls s1": ("confirm", ("b", "s1")),
    "fail the 6.00": ("fail", ("a",)),
    "the shop reports s1 of 6.00": ("report", ("s1", Decimal(6))),
    "give 4.00 as credit with 1.00 on top": ("give", ("g", Decimal(4), Decimal(1))),
    "spend 3.00 of credit": ("spend", ("p", Decimal(3))),
}
MORE: dict[str, tuple[str, tuple[Any, ...]]] = {
    "fail the 3.00": ("fail", ("b",)),
    "the shop reports s2 of 8.00": ("report", ("s2", Decimal(8))),
}
if os.environ.get("HISTORIES"):  # as with `test_histories.py`: more of them, in some minutes
    STEPS |= MORE
# What a command could find: rows without their ids and times. Of refunds their order counts, of the rest it does not.
_ROWS = """
SELECT (SELECT array_agg(concat_ws('|', r.key, r.state, r.amount, r.fee, r.reference, s.external_id)
                         ORDER BY r.requested_at, r.id)
        FROM money_refund r LEFT JOIN orders_refund s ON (s.merchant_id, s.id) = (r.merchant_id, r.reported_id)
        WHERE r.merchant_id = %(owner)s AND r.order_id = %(order)s AND r.source_kind <> 'shop'),
       (SELECT array_agg(concat_ws('|', s.external_id, s.amount, r.source_kind) ORDER BY s.external_id)
        FROM orders_refund s LEFT JOIN money_refund r ON (r.merchant_id, r.reported_id) = (s.merchant_id, s.id)
        WHERE s.merchant_id = %(owner)s AND s.order_id = %(order)s),
       (SELECT array_agg(concat_ws('|', code, debits_pending, debits_posted, credits_pending, credits_posted)
                         ORDER BY code, debits_pending, debits_posted, credits_pending, credits_posted)
        FROM ledger_account WHERE merchant_id = %(owner)s AND debits_pending + debits_posted + credits_pending
             + credits_posted > 0),
       (SELECT array_agg(concat_ws('|', t.code, t.state, t.amount, d.code, c.code)
                         ORDER BY t.code, t.state, t.amount, d.code, c.code)
        FROM ledger_transfer t
        JOIN ledger_account d ON (d.merchant_id, d.id) = (t.merchant_id, t.debit_account_id)
        JOIN ledger_account c ON (c.merchant_id, c.id) = (t.merchant_id, t.credit_account_id)
        WHERE t.merchant_id = %(owner)s AND t.state <> 'voided'),
       (SELECT array_agg(concat_ws('|', key, kind, amount, bonus) ORDER BY key)
        FROM money_creditentry WHERE merchant_id = %(owner)s)
"""


def rows_of(played: Played) -> tuple[Any, ...]:
    """What a command could find."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"owner": played.owner.pk, "order": played.order.pk})
        return tuple(tuple(part or ()) for part in cursor.fetchone() or ())


def compare(played: Played, model: Model) -> None:
    """The money stands where the model has it."""
    assert (played.stands(), played.credit()) == (model.stands(), model.wallet), model


def test_every_history_of_an_orders_money_ends_where_plain_arithmetic_has_it(merchant: Merchant) -> None:
    played = Played(merchant, order_of(merchant, "10.00"))

    def take(step: str, model: Model) -> bool | None:
        kind, arguments = STEPS[step]
        if kind in ("confirm", "fail") and arguments[0] not in model.asked:
            return None
        expected: bool = getattr(model, kind)(*arguments)
        assert played.take((kind, arguments)) == expected, (step, model)
        return expected

    ways = explore(
        Model(Decimal(10)), list(STEPS), take, lambda: rows_of(played), lambda model: compare(played, model)
    )
    # So few steps were taken, in every state; so many histories are ways through them.
    assert ways.histories(6) > 40_000
    assert (len(ways.steps) > 60, ways.refused > 100) == (True, True)
    assert_books_balance()


def test_a_cent_that_is_not_where_it_should_be_is_seen(merchant: Merchant) -> None:
    """The exploration can fail: steps that move a cent more than the model are found."""
    played = Played(merchant, order_of(merchant, "10.00"))

    def take(step: str, model: Model) -> bool:
        model.ask(step, Decimal(1), Decimal(0))
        return played.take(("ask", (step, Decimal(1) if step == "a" else Decimal("1.01"), Decimal(0))))

    with pytest.raises(AssertionError):
        explore(
            Model(Decimal(10)),
            ["a", "b"],
            take,
            lambda: rows_of(played),
            lambda model: compare(played, model),
        )
