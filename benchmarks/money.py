"""Transfers a second through the ledger, beside bare inserts of the same rows into a table with the same indexes."""

import os
import statistics
import uuid
from collections.abc import Callable
from decimal import Decimal

from benchmarks import raw
from benchmarks.harness import ROUNDS, Result
from tools.installation import Installation

TRANSFERS = 4_000
_PAIRS = 50  # of accounts, for each connection: as many orders whose money moves at once
_COLUMNS = (
    "id, merchant_id, debit_account_id, credit_account_id, amount, currency, code, key, state, posted_amount,"
    " created_at, settled_at, attempts"
)


def ledger_transfers(installation: Installation) -> Result:
    """Each transfer in a transaction of its own, from 4 connections; the books kept, the limit held, the key known."""
    with installation.connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_transfer (LIKE ledger_transfer INCLUDING ALL)")
        found = connection.execute("SELECT id FROM merchants_merchant WHERE slug = 'nordwind'").fetchone()
        assert found is not None
        merchant = str(found[0])
    limits, own = [], []
    for _ in range(ROUNDS):
        url = installation.database_url
        limits.append(raw.per_second("benchmarks.money:bare", url, TRANSFERS, merchant=merchant))
        own.append(raw.per_second("benchmarks.money:through_the_ledger", url, TRANSFERS, merchant=merchant))
    value, limit = statistics.median(own), statistics.median(limits)
    with installation.connect() as connection:
        [(wrong,)] = connection.execute(
            "SELECT count(*) FROM (SELECT FROM ledger_account GROUP BY currency"
            " HAVING sum(debits_posted) <> sum(credits_posted)) AS different"
        ).fetchall()
    if wrong:
        raise RuntimeError("the books do not balance")
    return Result("ledger_transfers", value, "transfers/s", raw=limit, ratio=value / limit, queries=5)


def bare(url: str, count: int, start: Callable[[], None], *, merchant: str) -> None:
    """The same rows, one INSERT and one commit each, and nothing else."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        insert = (
            f"INSERT INTO bench_transfer ({_COLUMNS})"
            " VALUES (%s, %s, %s, %s, 1, 'EUR', 'bench', %s, 'posted', 1, now(), now(), 0)"
        )
        pairs = [(uuid.uuid4(), uuid.uuid4()) for _ in range(_PAIRS)]
        start()
        for number in range(count):
            debit, credit = pairs[number % _PAIRS]
            key = uuid.uuid4()
            connection.execute(insert, [key, merchant, debit, credit, str(key)], prepare=True)


def through_the_ledger(url: str, count: int, start: Callable[[], None], *, merchant: str) -> None:
    """The product's own command, in its own kind of transaction."""
    os.environ |= {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1", "SECRET_KEY": "of-no-importance"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from ledger import commands
    from merchants.models import Merchant
    from merchants.scope import merchant_transaction

    owner, one, own = Merchant.objects.get(pk=merchant), Decimal(1), uuid.uuid4().hex
    with merchant_transaction(owner):
        pairs = []
        for number in range(_PAIRS):
            outside = commands.open_account(owner, "bench_outside", f"{own}{number}", "EUR")
            wallet = commands.open_account(owner, "bench_wallet", f"{own}{number}", "EUR", limited=True)
            commands.transfer(outside, wallet, Decimal(count), code="bench", key=f"{own}:{number}:in")
            pairs.append((wallet, outside))
    start()
    for number in range(count):
        debit, credit = pairs[number % _PAIRS]
        with merchant_transaction(owner):
            commands.transfer(debit, credit, one, code="bench", key=f"{own}:{number}")
