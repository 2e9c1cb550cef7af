"""Is the money of every order right? The ledger's own proof, and refunds against their transfers."""

from decimal import Decimal

import msgspec
from django.db import connection

from ledger.verifying import (
    CurrencySum,
    WrongAccount,
    beside_their_transfers,
    out_of_bounds,
    sums_by_currency,
)
from merchants.ids import public_id

_OVER = """
SELECT merchant_id, key::uuid, currency, debits_posted - credits_posted FROM ledger_account
WHERE code = 'order_over' AND debits_posted > credits_posted ORDER BY merchant_id, key
"""
# A refund's parts sum up to it, and their transfers stand where the refund does. The shop's own may be partly `over`.
_REFUNDS = """
SELECT r.merchant_id, r.id, r.currency, r.amount - coalesce(sum(part.amount), 0) FROM money_refund AS r
LEFT JOIN money_refundpart AS part ON part.merchant_id = r.merchant_id AND part.refund_id = r.id
LEFT JOIN ledger_transfer AS back ON back.merchant_id = r.merchant_id AND back.key = 'refund:' || part.id
LEFT JOIN ledger_transfer AS fee ON fee.merchant_id = r.merchant_id AND fee.key = 'fee:' || part.id
GROUP BY r.merchant_id, r.id
HAVING (r.source_kind <> 'shop'
        AND (r.amount, r.fee) <> (coalesce(sum(part.amount), 0), coalesce(sum(part.fee), 0)))
    OR coalesce(sum(part.amount), 0) <> coalesce(sum(back.amount), 0)
    OR coalesce(sum(part.fee), 0) <> coalesce(sum(fee.amount), 0)
    OR NOT coalesce(bool_and(coalesce(back.state, fee.state) = coalesce(fee.state, back.state)
        AND coalesce(back.state, fee.state) = CASE r.state
            WHEN 'requested' THEN 'pending' WHEN 'completed' THEN 'posted' ELSE 'voided' END), true)
ORDER BY r.merchant_id, r.id
"""


class WrongMoney(msgspec.Struct):
    """An order that got back more than was paid for it, or a refund that is not what its transfers are."""

    merchant_id: str
    id: str
    currency: str
    difference: Decimal


class Proof(msgspec.Struct):
    """All that was looked at. `differences`: how many things are not as they should be."""

    differences: int
    currencies: list[CurrencySum]
    accounts_out_of_bounds: list[WrongAccount]
    accounts_beside_their_transfers: list[WrongAccount]
    orders_refunded_above_paid: list[WrongMoney]
    refunds_beside_their_transfers: list[WrongMoney]


def verify() -> Proof:
    """Look at every account, transfer, order and refund of the installation. Reads one state of the database when the
    caller is in a transaction that does."""
    proof = Proof(
        differences=0,
        currencies=sums_by_currency(),
        accounts_out_of_bounds=out_of_bounds(),
        accounts_beside_their_transfers=beside_their_transfers(),
        orders_refunded_above_paid=_found(_OVER, "ord"),
        refunds_beside_their_transfers=_found(_REFUNDS, "rfd"),
    )
    wrong = msgspec.structs.astuple(proof)[2:]
    proof.differences = sum(not sums.zero for sums in proof.currencies) + sum(map(len, wrong))
    return proof


def _found(statement: str, prefix: str) -> list[WrongMoney]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [
            WrongMoney(public_id("mer", merchant), public_id(prefix, id_), currency, difference)
            for merchant, id_, currency, difference in cursor.fetchall()
        ]
