"""Is every book right? Asked of the whole installation, by plain sums over what is stored."""

from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from merchants.ids import public_id

_SUMS = """
SELECT currency, sum(debits_posted), sum(credits_posted), sum(debits_pending), sum(credits_pending), count(*)
FROM ledger_account GROUP BY currency ORDER BY currency
"""
_OUT_OF_BOUNDS = """
SELECT merchant_id, id, code, key, currency, credits_posted - debits_posted - debits_pending FROM ledger_account
WHERE limited AND credits_posted < debits_posted + debits_pending ORDER BY merchant_id, id
"""
# What an account says against what its transfers say.
_DIFFERENT = """
WITH side AS (
    SELECT merchant_id, debit_account_id AS id, posted_amount AS debited, 0 AS credited,
        CASE state WHEN 'pending' THEN amount ELSE 0 END AS debit_waits, 0 AS credit_waits FROM ledger_transfer
    UNION ALL
    SELECT merchant_id, credit_account_id, 0, posted_amount, 0, CASE state WHEN 'pending' THEN amount ELSE 0 END
    FROM ledger_transfer
), moved AS (
    SELECT merchant_id, id, sum(debited) AS debited, sum(credited) AS credited, sum(debit_waits) AS debit_waits,
        sum(credit_waits) AS credit_waits
    FROM side GROUP BY merchant_id, id
)
SELECT a.merchant_id, a.id, a.code, a.key, a.currency,
    a.credits_posted - a.debits_posted - coalesce(m.credited - m.debited, 0)
FROM ledger_account AS a LEFT JOIN moved AS m USING (merchant_id, id)
WHERE (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending) IS DISTINCT FROM
    (coalesce(m.debited, 0), coalesce(m.credited, 0), coalesce(m.debit_waits, 0), coalesce(m.credit_waits, 0))
ORDER BY a.merchant_id, a.id
"""


class CurrencySum(msgspec.Struct):
    """A currency over all accounts: debits and credits are the same, posted and pending, or something is wrong."""

    currency: str
    accounts: int
    debits_posted: Decimal
    credits_posted: Decimal
    debits_pending: Decimal
    credits_pending: Decimal

    @property
    def zero(self) -> bool:
        return self.debits_posted == self.credits_posted and self.debits_pending == self.credits_pending


class WrongAccount(msgspec.Struct):
    """An account that is not as it should be. `difference`: by how much it is below zero, or beside its transfers."""

    merchant_id: str
    code: str
    key: str
    currency: str
    difference: Decimal


def sums_by_currency() -> list[CurrencySum]:
    """Every currency with its sums."""
    return [CurrencySum(c, count, *sums) for c, *sums, count in _rows(_SUMS)]


def out_of_bounds() -> list[WrongAccount]:
    """Limited accounts that gave away, or set aside, more than came in."""
    return [_wrong(row) for row in _rows(_OUT_OF_BOUNDS)]


def beside_their_transfers() -> list[WrongAccount]:
    """Accounts whose sums are not those of their transfers."""
    return [_wrong(row) for row in _rows(_DIFFERENT)]


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def _wrong(row: tuple[Any, ...]) -> WrongAccount:
    merchant, _id, code, key, currency, difference = row
    return WrongAccount(public_id("mer", merchant), code, key, currency, difference)
