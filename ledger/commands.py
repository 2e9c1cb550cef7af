"""Opening accounts and moving amounts between them.

Everything happens in the caller's transaction and merchant's scope, and locks the accounts it touches until that ends,
in the order of their ids. Whoever moves on more than two in one transaction locks something above them first: the order
(`orders.commands.lock_order`), or all of the accounts (`lock_accounts`).

Every amount is a positive Decimal with at most four decimals; the ledger knows nothing of a currency's smallest unit.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.utils import timezone

from ledger.errors import KeyReused, NotEnough, NotPending
from ledger.models import Account, Transfer, TransferState
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.prepared import prepared_cursor
from merchants.rest.errors import NotFound
from merchants.scope import current_merchant

_OPEN = """
INSERT INTO ledger_account (id, merchant_id, code, key, currency, limited, debits_pending, debits_posted,
    credits_pending, credits_posted, created_at)
VALUES (%s, %s, %s, %s, %s, %s, 0, 0, 0, 0, %s) ON CONFLICT (merchant_id, code, key, currency) DO NOTHING
"""
_LOCK = """
SELECT id, limited, credits_posted - debits_posted - debits_pending FROM ledger_account
WHERE merchant_id = %s AND id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
_MOVE = """
INSERT INTO ledger_transfer (id, merchant_id, debit_account_id, credit_account_id, amount, currency, code, key, state,
    posted_amount, created_at, settled_at, due_at, attempts)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0) ON CONFLICT (merchant_id, key) DO NOTHING
"""


def open_account(merchant: Merchant, code: str, key: str, currency: str, *, limited: bool = False) -> Account:
    """The account of this code, key and currency, opened when it is not there yet.

    limited: it never gives away, or sets aside, more than came in. Raises ValueError for one that is there and was
    opened with another limit.
    """
    account = _account(code, key, currency)
    if account is None:
        row = [uuid7(), merchant.id, code, key, currency, limited, timezone.now()]
        with prepared_cursor() as cursor:
            cursor.execute(_OPEN, row)  # Somebody else may open it at this moment: then theirs is read.
        account = _account(code, key, currency)
        assert account is not None
    if account.limited != limited:
        raise ValueError(f"account {code} {key} was opened with limited={account.limited}")
    return account


def lock_accounts(account_ids: Iterable[UUID]) -> dict[UUID, Account]:
    """The accounts, fresh and locked until the transaction ends."""
    rows = Account.objects.filter(pk__in=set(account_ids)).order_by("pk")
    return {account.pk: account for account in rows.select_for_update(no_key=True)}


def transfer(debit: Account, credit: Account, amount: Decimal, *, code: str, key: str) -> Transfer:
    """Move an amount at once. With a key that moved the same before: the transfer of then, and nothing moves.

    Raises NotEnough when a limited `debit` has less than that available, KeyReused for a key that moved something
    else, and ValueError for an amount that is none, or accounts of two currencies.
    """
    return _move(debit, credit, amount, code, key, TransferState.POSTED, None)


def reserve(
    debit: Account, credit: Account, amount: Decimal, *, code: str, key: str, until: datetime | None = None
) -> Transfer:
    """Set an amount aside, to be posted or voided later. `until`: when it is voided by itself (UTC). As `transfer`."""
    return _move(debit, credit, amount, code, key, TransferState.PENDING, until)


def post(transfer_id: UUID, amount: Decimal | None = None) -> Transfer:
    """Let a pending transfer become real: all of it, or `amount` of it while the rest is free again.

    Posted before with the same amount: nothing happens. Raises NotFound, NotPending for one that was voided, posted
    with another amount, or whose time is up, and ValueError for more than was set aside.
    """
    row = _locked(transfer_id)
    wanted = row.amount if amount is None else amount
    if not 0 < wanted <= row.amount:
        raise ValueError(f"{wanted} of {row.amount} cannot be posted")
    if row.state == TransferState.POSTED and row.posted_amount == wanted:
        return row
    if row.state != TransferState.PENDING or (row.due_at and (row.attempts or row.due_at <= timezone.now())):
        raise NotPending("This transfer cannot be posted any more.")
    return _settle(row, TransferState.POSTED, wanted)


def void(transfer_id: UUID) -> Transfer:
    """Let a pending transfer be as if it had never been. Twice changes nothing. Raises NotFound, NotPending."""
    row = _locked(transfer_id)
    if row.state == TransferState.VOIDED:
        return row
    if row.state != TransferState.PENDING:
        raise NotPending("This transfer was posted.")
    return _settle(row, TransferState.VOIDED, Decimal(0))


def _account(code: str, key: str, currency: str) -> Account | None:
    found: Account | None = Account.objects.filter(code=code, key=key, currency=currency).first()
    return found


def _move(
    debit: Account,
    credit: Account,
    amount: Decimal,
    code: str,
    key: str,
    state: TransferState,
    until: datetime | None,
) -> Transfer:
    if amount <= 0 or amount != amount.quantize(Decimal("0.0001")):
        raise ValueError(f"{amount} cannot be moved")
    if debit.currency != credit.currency or debit.pk == credit.pk:
        raise ValueError("a transfer is between two accounts of one currency")
    if not connection.in_atomic_block:
        raise RuntimeError("a transfer happens in the transaction of what it is for")
    merchant, now, posted = current_merchant(), timezone.now(), state == TransferState.POSTED
    new = Transfer(
        id=uuid7(), merchant=merchant, debit_account_id=debit.pk, credit_account_id=credit.pk, amount=amount,
        currency=debit.currency, code=code, key=key, state=state, posted_amount=amount if posted else Decimal(0),
        created_at=now, settled_at=now if posted else None, due_at=until,
    )  # fmt: skip
    with prepared_cursor() as cursor:
        # 1. Both accounts, locked: nobody else moves on them until this transaction ends.
        cursor.execute(_LOCK, [merchant.id, [debit.pk, credit.pk]])
        enough = all(
            not limited or available >= amount
            for row, limited, available in cursor.fetchall()
            if row == debit.pk
        )
        # 2. The row, unless its key is known. The database books it on the accounts, and holds the limit by itself.
        if enough:
            cursor.execute(_MOVE, _columns(new))
            if cursor.rowcount == 1:
                return new
    # 3. Asked for again? Then what was done then is the answer, whatever is on the account by now.
    if (known := Transfer.objects.filter(key=key).first()) is not None:
        return _same(known, new)
    raise NotEnough("There is not that much available.", param="amount")


def _columns(new: Transfer) -> list[object]:
    return [
        new.id, new.merchant_id, new.debit_account_id, new.credit_account_id, new.amount, new.currency, new.code,
        new.key, str(new.state), new.posted_amount, new.created_at, new.settled_at, new.due_at,
    ]  # fmt: skip


def _same(known: Transfer, new: Transfer) -> Transfer:
    """The transfer of before, if it is what is asked for now."""
    names = ("debit_account_id", "credit_account_id", "amount", "code")
    if any(getattr(known, name) != getattr(new, name) for name in names):
        raise KeyReused("This key moved something else before.", param="key")
    return known


def _locked(transfer_id: UUID) -> Transfer:
    row: Transfer | None = Transfer.objects.filter(pk=transfer_id).select_for_update(no_key=True).first()
    if row is None:
        raise NotFound("There is no such transfer.", param="transfer_id")
    return row


def _settle(row: Transfer, state: TransferState, amount: Decimal) -> Transfer:
    row.state, row.posted_amount, row.settled_at, row.due_at = state, amount, timezone.now(), None
    row.save(update_fields=["state", "posted_amount", "settled_at", "due_at"])
    return row
