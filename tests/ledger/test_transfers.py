"""Accounts and transfers, one at a time: what moves, what is refused, and what the database itself refuses."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from events import due
from ledger import commands
from ledger.errors import KeyReused, NotEnough, NotPending
from ledger.models import Account, Transfer, TransferState
from ledger.tasks import TIME_OUT
from merchants.models import Merchant
from merchants.rest.errors import NotFound
from merchants.scope import merchant_scope

TEN = Decimal(10)


@pytest.fixture
def accounts(in_scope: Merchant) -> tuple[Account, Account]:
    """A limited account with 100 euros on it, and the world outside."""
    outside = commands.open_account(in_scope, "outside", "x", "EUR")
    wallet = commands.open_account(in_scope, "wallet", "x", "EUR", limited=True)
    commands.transfer(outside, wallet, Decimal(100), code="paid", key="paid")
    return wallet, outside


def sums(account: Account) -> tuple[Decimal, Decimal, Decimal]:
    """Balance, what is set aside, what is available."""
    account.refresh_from_db()
    return account.balance, account.debits_pending, account.available


def test_an_account_is_opened_once(in_scope: Merchant) -> None:
    first = commands.open_account(in_scope, "wallet", "x", "EUR", limited=True)
    assert commands.open_account(in_scope, "wallet", "x", "EUR", limited=True).pk == first.pk
    assert commands.open_account(in_scope, "wallet", "x", "JPY", limited=True).pk != first.pk
    with pytest.raises(ValueError, match="limited"):
        commands.open_account(in_scope, "wallet", "x", "EUR")


def test_what_one_account_gives_the_other_gets(accounts: tuple[Account, Account]) -> None:
    wallet, outside = accounts
    commands.transfer(wallet, outside, Decimal("0.0001"), code="refund", key="1")
    commands.transfer(wallet, outside, Decimal("99.9999"), code="refund", key="2")
    assert sums(wallet) == (0, 0, 0)
    assert sums(outside)[0] == 0


def test_the_same_key_moves_nothing_twice_even_when_nothing_is_left(
    accounts: tuple[Account, Account],
) -> None:
    wallet, outside = accounts
    first = commands.transfer(wallet, outside, Decimal(100), code="refund", key="all")
    again = commands.transfer(wallet, outside, Decimal(100), code="refund", key="all")
    assert again.pk == first.pk
    with pytest.raises(KeyReused):
        commands.transfer(wallet, outside, TEN, code="refund", key="all")
    assert sums(wallet) == (0, 0, 0)


def test_more_than_is_available_is_refused_and_nothing_moves(accounts: tuple[Account, Account]) -> None:
    wallet, outside = accounts
    commands.reserve(wallet, outside, Decimal(95), code="refund", key="1")
    for move in (commands.transfer, commands.reserve):
        with pytest.raises(NotEnough):
            move(wallet, outside, Decimal("5.01"), code="refund", key="2")
    assert sums(wallet) == (100, 95, 5)
    assert Transfer.objects.count() == 2


def test_a_reserved_amount_is_posted_or_voided_once(accounts: tuple[Account, Account]) -> None:
    wallet, outside = accounts
    held = commands.reserve(wallet, outside, Decimal(60), code="refund", key="1")
    assert sums(wallet) == (100, 60, 40)
    assert commands.post(held.pk, Decimal(25)).state == TransferState.POSTED
    assert commands.post(held.pk, Decimal(25)).posted_amount == 25  # said twice
    assert sums(wallet) == (75, 0, 75)
    for wrong in (lambda: commands.post(held.pk), lambda: commands.void(held.pk)):
        with pytest.raises(NotPending):
            wrong()
    other = commands.reserve(wallet, outside, Decimal(75), code="refund", key="2")
    commands.void(other.pk)
    commands.void(other.pk)
    with pytest.raises(NotPending):
        commands.post(other.pk)
    assert sums(wallet) == (75, 0, 75)
    assert sums(outside)[0] == -75


def test_what_is_no_amount_or_no_pair_is_refused(
    in_scope: Merchant, accounts: tuple[Account, Account]
) -> None:
    wallet, outside = accounts
    yen = commands.open_account(in_scope, "outside", "x", "JPY")
    held = commands.reserve(wallet, outside, TEN, code="refund", key="1")
    for wrong in (
        lambda: commands.transfer(wallet, outside, Decimal(0), code="c", key="k"),
        lambda: commands.transfer(wallet, outside, Decimal(-1), code="c", key="k"),
        lambda: commands.transfer(wallet, outside, Decimal("0.00001"), code="c", key="k"),
        lambda: commands.transfer(wallet, yen, TEN, code="c", key="k"),
        lambda: commands.transfer(wallet, wallet, TEN, code="c", key="k"),
        lambda: commands.post(held.pk, Decimal(11)),
        lambda: commands.post(held.pk, Decimal(0)),
    ):
        with pytest.raises(ValueError):
            wrong()
    assert sums(wallet) == (100, 10, 90)


def test_another_merchants_transfer_is_not_there(
    accounts: tuple[Account, Account], stranger: Merchant
) -> None:
    wallet, outside = accounts
    held = commands.reserve(wallet, outside, TEN, code="refund", key="1")
    with merchant_scope(stranger):
        for wrong in (commands.post, commands.void):
            with pytest.raises(NotFound):
                wrong(held.pk)
    assert sums(wallet) == (100, 10, 90)


def _transfer_row(debit: Account, credit: Account, **values: Any) -> Transfer:
    return Transfer(**{
        "merchant_id": debit.merchant_id, "debit_account": debit, "credit_account": credit, "amount": TEN,
        "currency": "EUR", "code": "c", "key": "raw", "state": "posted", "posted_amount": TEN,
        "created_at": timezone.now(), **values,
    })  # fmt: skip


def test_the_database_holds_the_books_whoever_writes(
    in_scope: Merchant, accounts: tuple[Account, Account]
) -> None:
    """Past the commands: no balance below zero, none by hand, no transfer changed or between two currencies."""
    wallet, outside = accounts
    yen = commands.open_account(in_scope, "outside", "x", "JPY")
    done = commands.transfer(wallet, outside, TEN, code="refund", key="1")
    held = commands.reserve(wallet, outside, TEN, code="refund", key="2")
    of = Transfer.objects.filter
    wrongs: dict[str, Callable[[], Any]] = {
        "more than there is": lambda: _transfer_row(wallet, outside, amount=91, posted_amount=91).save(),
        "more set aside than there is": lambda: _transfer_row(
            wallet, outside, amount=91, state="pending", posted_amount=0
        ).save(),
        "two currencies": lambda: _transfer_row(outside, yen).save(),
        "another currency": lambda: _transfer_row(outside, wallet, currency="JPY").save(),
        "nothing": lambda: _transfer_row(wallet, outside, amount=0, posted_amount=0).save(),
        "to itself": lambda: _transfer_row(wallet, wallet).save(),
        "half at once": lambda: _transfer_row(wallet, outside, posted_amount=5).save(),
        "voided from the start": lambda: _transfer_row(wallet, outside, state="voided", posted_amount=0).save(),
        "a key twice": lambda: _transfer_row(wallet, outside, key="1").save(),
        "a balance by hand": lambda: Account.objects.filter(pk=wallet.pk).update(credits_posted=1000),
        "a limit taken away": lambda: Account.objects.filter(pk=wallet.pk).update(limited=False),
        "an account with money in it": lambda: Account.objects.create(
            merchant=in_scope, code="x", key="y", currency="EUR", limited=True, credits_posted=5,
            created_at=timezone.now(),
        ),
        "a posted one changed": lambda: of(pk=done.pk).update(amount=5),
        "a posted one voided": lambda: of(pk=done.pk).update(state="voided", posted_amount=0),
        "posted above its amount": lambda: of(pk=held.pk).update(state="posted", posted_amount=11),
        "a pending one raised": lambda: of(pk=held.pk).update(amount=11),
    }  # fmt: skip
    faults = []
    for name, wrong in wrongs.items():
        try:
            with transaction.atomic():
                wrong()
            faults.append(name)
        except IntegrityError:
            pass
    assert faults == []
    assert sums(wallet) == (90, 10, 80)
    assert Transfer.objects.count() == 3


def test_what_was_set_aside_for_a_time_is_free_when_that_is_over(
    merchant: Merchant, accounts: tuple[Account, Account]
) -> None:
    wallet, outside = accounts
    soon = timezone.now() + timedelta(minutes=5)
    held = commands.reserve(wallet, outside, TEN, code="hold", key="1", until=soon)
    kept = commands.reserve(wallet, outside, TEN, code="hold", key="2", until=soon)
    forever = commands.reserve(wallet, outside, TEN, code="hold", key="3")
    assert due.run(TIME_OUT) == 0
    Transfer.objects.filter(pk=held.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotPending):
        commands.post(held.pk)  # too late, though nobody has voided it yet
    commands.post(kept.pk)
    assert due.run(TIME_OUT) == 1
    states = dict(Transfer.objects.values_list("pk", "state"))
    assert (states[held.pk], states[kept.pk], states[forever.pk]) == ("voided", "posted", "pending")
    assert sums(wallet) == (90, 10, 80)
    assert not Transfer.objects.filter(due_at__isnull=False).exists()


def test_a_transfer_is_two_statements(
    accounts: tuple[Account, Account], django_assert_num_queries: Any
) -> None:
    wallet, outside = accounts
    with django_assert_num_queries(2):
        commands.transfer(wallet, outside, TEN, code="refund", key="1")
