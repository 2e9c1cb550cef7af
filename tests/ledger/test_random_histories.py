"""P8: ten thousand random histories of transfers, held to plain arithmetic. The database alone says what is refused.

The steps go straight into the tables, past `ledger.commands`: what holds here holds for whoever writes. (Histories
through the product's commands: `tests/money/test_histories.py`.)
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from ledger import commands
from ledger.models import Account
from merchants.ids import uuid7
from merchants.models import Merchant

HISTORIES = 10_000
_AT_ONCE = 250
# What a history does, one step after the other. A savepoint is around what ought to be refused only: what ought to be
# accepted fails the test by itself when it is not.
_PLAY = """
CREATE OR REPLACE FUNCTION pg_temp.take(owner uuid, verb text, it uuid, debit uuid, credit uuid, amount numeric,
    key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF verb IN ('posted', 'pending') THEN
        INSERT INTO ledger_transfer (id, merchant_id, debit_account_id, credit_account_id, amount, currency,
            code, key, state, posted_amount, created_at, attempts)
        VALUES (it, owner, debit, credit, amount, 'EUR', 'test', key, verb,
            CASE verb WHEN 'posted' THEN amount ELSE 0 END, now(), 0);
    ELSE
        UPDATE ledger_transfer SET settled_at = clock_timestamp(), posted_amount = take.amount,
            state = CASE verb WHEN 'void' THEN 'voided' ELSE 'posted' END
        WHERE merchant_id = owner AND id = it;
    END IF;
END $$;
CREATE OR REPLACE FUNCTION pg_temp.play(owner uuid, steps jsonb) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE step record; accepted boolean[] := '{}';
BEGIN
    FOR step IN SELECT * FROM jsonb_to_recordset(steps)
        AS s(verb text, id uuid, debit uuid, credit uuid, amount numeric, key text, fine boolean)
    LOOP
        IF step.fine THEN
            PERFORM pg_temp.take(owner, step.verb, step.id, step.debit, step.credit, step.amount, step.key);
            accepted := accepted || true;
        ELSE
            BEGIN
                PERFORM pg_temp.take(owner, step.verb, step.id, step.debit, step.credit, step.amount, step.key);
                accepted := accepted || true;
            EXCEPTION WHEN check_violation OR unique_violation THEN
                accepted := accepted || false;
            END;
        END IF;
    END LOOP;
    RETURN accepted;
END $$
"""


@dataclass
class Book:
    """One account in plain arithmetic: what came, what went, what is set aside to go."""

    limited: bool
    came: Decimal = Decimal(0)
    went: Decimal = Decimal(0)
    aside: Decimal = Decimal(0)

    def gives(self, amount: Decimal) -> bool:
        return not self.limited or self.went + self.aside + amount <= self.came


@dataclass
class History:
    """Steps over three accounts of one order, and which of them have to be accepted."""

    books: dict[UUID, Book]
    steps: list[dict[str, Any]] = field(default_factory=list)
    expected: list[bool] = field(default_factory=list)
    pending: dict[UUID, tuple[UUID, UUID, Decimal]] = field(default_factory=dict)
    settled: list[UUID] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def move(self, verb: str, debit: UUID, credit: UUID, amount: Decimal, key: str) -> None:
        new = uuid7()
        fine = debit != credit and amount > 0 and key not in self.keys and self.books[debit].gives(amount)
        step = {"verb": verb, "id": new, "debit": debit, "credit": credit, "amount": amount, "key": key}
        self._note(step, fine=fine)
        if fine and verb == "posted":
            self.books[debit].went += amount
            self.books[credit].came += amount
        elif fine:
            self.books[debit].aside += amount
            self.pending[new] = (debit, credit, amount)
        if fine:
            self.keys.add(key)

    def settle(self, verb: str, transfer: UUID, amount: Decimal) -> None:
        waiting = self.pending.get(transfer)
        fine = waiting is not None and (verb == "void" or 0 < amount <= waiting[2])
        self._note({"verb": verb, "id": transfer, "amount": amount}, fine=fine)
        if waiting is not None and fine:
            debit, credit, whole = self.pending.pop(transfer)
            self.settled.append(transfer)
            self.books[debit].aside -= whole
            self.books[debit].went += amount
            self.books[credit].came += amount

    def _note(self, step: dict[str, Any], *, fine: bool) -> None:
        self.steps.append({**{name: str(value) for name, value in step.items()}, "fine": fine})
        self.expected.append(fine)


def _history(random: Random, books: dict[UUID, Book], name: str) -> History:
    story, accounts = History(books), list(books)
    story.move("posted", accounts[0], accounts[1], Decimal(random.randint(1, 1000)) / 10, f"{name}:0")
    for number in range(1, random.randint(4, 10)):
        known = [*story.pending, *story.settled]
        amount = Decimal(random.choice([0, 1, 10, 100, 500, random.randint(1, 1200)])) / 10
        if known and random.random() < 0.4:
            verb, transfer = random.choice(["post", "void"]), random.choice(known)
            whole = story.pending.get(transfer, (None, None, amount))[2]
            story.settle(verb, transfer, Decimal(0) if verb == "void" else random.choice([whole, amount]))
        else:
            key = f"{name}:{random.choice([number, number, number - 1])}"
            debit, credit = random.choice(accounts), random.choice(accounts)
            story.move(random.choice(["posted", "pending"]), debit, credit, amount, key)
    return story


def _accounts(owner: Merchant, count: int) -> list[Account]:
    """An account without a limit and two with one, for each history."""
    opened = [
        Account(
            merchant=owner,
            code="test",
            key=str(n),
            currency="EUR",
            limited=n % 3 > 0,
            created_at=timezone.now(),
        )
        for n in range(count * 3)
    ]
    return Account.objects.bulk_create(opened)


def test_ten_thousand_histories_keep_every_book_right(in_scope: Merchant) -> None:
    random, opened = Random(20), _accounts(in_scope, HISTORIES)
    refused = 0
    with connection.cursor() as cursor:
        cursor.execute(_PLAY)
        cursor.execute("ANALYZE ledger_account")
        for first in range(0, HISTORIES, _AT_ONCE):
            stories = [
                _history(random, {a.pk: Book(a.limited) for a in opened[3 * n : 3 * n + 3]}, f"h{n}")
                for n in range(first, first + _AT_ONCE)
            ]
            cursor.execute(
                "SELECT pg_temp.play(%s, s.steps) FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS s(steps, n)"
                " ORDER BY n",
                [in_scope.pk, json.dumps([story.steps for story in stories])],
            )
            for number, (accepted,) in enumerate(cursor.fetchall()):
                assert accepted == stories[number].expected, (first + number, stories[number].steps)
                refused += accepted.count(False)
            _compare(stories)
            if first in (0, 4 * _AT_ONCE):  # plans that were made for empty tables are made anew
                cursor.execute("ANALYZE ledger_account, ledger_transfer")
    assert refused > HISTORIES  # the histories do try what must not be


def _compare(stories: list[History]) -> None:
    """The accounts stand where the histories have them, and sum to nothing."""
    wanted = {pk: book for story in stories for pk, book in story.books.items()}
    rows = Account.objects.filter(pk__in=wanted)
    stand = {a.pk: (a.credits_posted, a.debits_posted, a.debits_pending) for a in rows}
    assert stand == {pk: (book.came, book.went, book.aside) for pk, book in wanted.items()}
    assert sum(came - went for came, went, _ in stand.values()) == 0


def test_the_check_can_fail(in_scope: Merchant) -> None:
    """The same comparison sees one cent that is not where it should be."""
    outside = commands.open_account(in_scope, "outside", "x", "EUR")
    wallet = commands.open_account(in_scope, "wallet", "x", "EUR", limited=True)
    story = History({outside.pk: Book(False), wallet.pk: Book(True)})
    _compare([story])
    commands.transfer(outside, wallet, Decimal("0.01"), code="test", key="1")
    try:
        _compare([story])
    except AssertionError:
        return
    raise AssertionError("a cent too much was not seen")
