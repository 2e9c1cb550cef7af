"""Random histories of one order's money, step by step through the product's commands and the model beside it."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

from django.db import transaction

from merchants.models import Merchant
from merchants.rest.errors import Conflict
from merchants.scope import merchant_scope, merchant_transaction
from orders.commands import lock_order
from orders.models import Order
from returns.money import wallet
from returns.money.books import money_of
from returns.money.commands import confirm_refund, fail_refund, give_credit, request_refund, spend_credit
from returns.money.models import Refund
from returns.money.reports import payments_with_reports
from tests.money.helpers import order_of, shop_refunds
from tests.money.model import Model

UNITS = {"EUR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}
Step = tuple[str, tuple[Any, ...]]


def drawn(random: Random, unit: Decimal, most: Decimal) -> Decimal:
    """An amount from one unit to `most`: often all of it, a half, or a unit too much."""
    units = int(most / unit)
    return unit * max(
        1, random.choice([units, units // 2, units // 3, units + 1, random.randint(1, units + 1)])
    )


def steps(random: Random, model: Model, unit: Decimal, count: int) -> Iterator[Step]:
    """Steps that suit, or hardly suit, where the model stands when each is taken; now and then one is taken again."""
    last: Step | None = None
    for number in range(count):
        if last is not None and random.random() < 0.2:
            yield last
            continue
        left = max(model.left, unit)
        kind = random.choice(["ask", "ask", "confirm", "fail", "report", "give", "spend"])
        waiting = list(model.asked)
        if kind in ("confirm", "fail") and not waiting:
            kind = "ask"
        amount = drawn(random, unit, left)
        if kind == "ask":
            fee = drawn(random, unit, left) if random.random() < 0.3 else Decimal(0)
            last = kind, (f"a{number}", amount, fee)
        elif kind == "confirm":
            last = kind, (random.choice(waiting), random.choice(["", f"r{number}"]))
        elif kind == "fail":
            last = kind, (random.choice(waiting),)
        elif kind == "report":
            if waiting and random.random() < 0.6:
                amount = model.asked[random.choice(waiting)].amount
            last = kind, (f"s{number}", amount)
        elif kind == "give":
            last = kind, (f"g{number}", amount, random.choice([Decimal(0), unit]))
        else:
            last = kind, (f"p{number}", drawn(random, unit, max(model.wallet, unit)))
        yield last


class Played:
    """An order of the database that steps are taken with."""

    def __init__(self, owner: Merchant, order: Order) -> None:
        self.owner, self.order = owner, order

    def take(self, step: Step) -> bool:
        """Do it as the product does. Returns whether it was accepted; what is refused has rolled back."""
        kind, arguments = step
        act: Callable[..., Any] = getattr(self, kind)
        try:
            with transaction.atomic():
                act(*arguments)
        except Conflict:
            return False
        return True

    def _key(self, key: str) -> str:
        return f"{self.order.pk}:{key}"

    def _refund(self, key: str) -> Any:
        with merchant_scope(self.owner):
            return Refund.objects.get(key=self._key(key)).pk

    def ask(self, key: str, amount: Decimal, fee: Decimal) -> None:
        source = ("order", self.order.pk)
        request_refund(self.owner, self.order.pk, amount=amount, fee=fee, key=self._key(key), source=source)

    def confirm(self, key: str, reference: str) -> None:
        confirm_refund(self.owner, self._refund(key), reference=reference)

    def fail(self, key: str) -> None:
        fail_refund(self.owner, self._refund(key))

    def report(self, name: str, amount: Decimal) -> None:
        shop_refunds(self.owner, self.order, str(amount), name)
        with merchant_transaction(self.owner):
            payments_with_reports(self.owner, lock_order(self.order.pk))

    def give(self, key: str, amount: Decimal, bonus: Decimal) -> None:
        give_credit(
            self.owner, self.order.customer_id, amount, self.order.currency, key=self._key(key), bonus=bonus,
            source=("order", self.order.pk), order_id=self.order.pk,
        )  # fmt: skip

    def spend(self, key: str, amount: Decimal) -> None:
        spend_credit(self.owner, self.order.customer_id, amount, self.order.currency, key=self._key(key))

    def stands(self) -> tuple[Decimal, ...]:
        """As the model says it."""
        with merchant_scope(self.owner):
            money = money_of(self.order)
        return money.paid, money.refunded, money.pending, money.refundable, money.fees, money.over

    def credit(self) -> Decimal:
        with merchant_scope(self.owner):
            return wallet.balances(self.order.customer_id).get(self.order.currency, Decimal(0))


def play(owner: Merchant, seed: int) -> None:
    """One history: every step is accepted where the model accepts it, and the money stands where the model has it."""
    random = Random(seed)
    currency = random.choice(["EUR", "EUR", "JPY", "KWD"])
    total = UNITS[currency] * random.randint(1, 20_000)
    played = Played(owner, order_of(owner, str(total), currency=currency))
    model = Model(total)
    taken: list[Step] = []
    for step in steps(random, model, UNITS[currency], random.randint(3, 9)):
        kind, arguments = step
        expected = getattr(model, kind)(*arguments)
        taken.append(step)
        assert played.take(step) == expected, (seed, taken)
    assert played.stands() == model.stands(), (seed, taken)
    assert played.credit() == model.wallet, (seed, taken)
