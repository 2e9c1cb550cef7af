"""Random histories of returns: in whatever order things are done, no more goes back than was paid, nothing twice."""

import os
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Problem
from merchants.scope import merchant_scope
from orders.models import Order
from returns import commands, exchange_commands
from returns.models import Exchange, Return, ReturnedCount, ReturnLine
from returns.money.commands import confirm_refund, fail_refund, money_of
from returns.money.models import CreditEntry, Refund, RefundState
from returns.parcels import set_parcel
from returns.receiving import InspectedLine, ReceivedLine
from returns.requesting import RequestedLine, RequestedReturn
from returns.retrying import pay_again
from returns.states import Condition, Resolution
from tests.returns.conftest import delivered, rules
from tests.returns.test_exchanges import sell

STEPS = 30
TRIGGERS = ("instant", "scan", "receipt", "inspection")


class History:
    """Somebody who does anything, on one order."""

    def __init__(self, merchant: Merchant, rng: Random, drain_all: Callable[[], int]) -> None:
        self.merchant, self.rng, self.drain = merchant, rng, drain_all
        rules(
            merchant, refund_trigger=rng.choice(TRIGGERS), bonus_percent=rng.choice(("0", "10")),
            fees={"flat": rng.choice(("0", "4.90")), "restocking_percent": rng.choice(("0", "15"))},
        )  # fmt: skip
        self.order = delivered(merchant, discount=Decimal(rng.choice(("0", "10.01"))))

    def step(self) -> None:
        """One thing. What is refused changes nothing, and that is checked afterwards like the rest."""
        with merchant_scope(self.merchant):
            ids = list(Return.objects.order_by("sequence").values_list("pk", flat=True))
        if not ids or self.rng.random() < 0.15:
            self.request()
            return
        ret = self.rng.choice(ids)
        verb = self.rng.choice([self.decide, self.decide, self.move, self.move, self.inspect, self.inspect,
                                self.exchange, self.exchange, self.money, self.money])  # fmt: skip
        verb(ret)
        if self.rng.random() < 0.3:
            self.drain()

    def request(self) -> None:
        lines = list(self.order_lines())
        chosen = self.rng.sample(lines, self.rng.randint(1, len(lines)))
        wanted = [
            RequestedLine(pk, self.rng.randint(1, quantity), resolution=(res := self.rng.choice(Resolution.values)),
                          exchange_variant=self.variant(res))
            for pk, quantity in chosen
        ]  # fmt: skip
        by = self.rng.choice(("shopper", "team"))
        commands.request_return(self.merchant, self.order.id, RequestedReturn(wanted, method="own"), by=by)

    def variant(self, resolution: str) -> str:
        if resolution == "exchange_other":
            return self.rng.choice(("v-COAT", "v-SW-S"))
        return self.rng.choice(("v-SW-L", "v-SW-S")) if "exchange" in resolution else ""

    def order_lines(self) -> Any:
        with merchant_scope(self.merchant):
            return list(self.order.lines.values_list("pk", "quantity"))

    def decide(self, ret: Any) -> None:
        m = self.merchant
        self.rng.choice([
            lambda: commands.approve(m, ret), lambda: commands.approve(m, ret), lambda: commands.reject(m, ret, "no"),
            lambda: commands.cancel(m, ret, by="shopper"), lambda: commands.approve(m, ret, quantities=self.some(ret)),
            lambda: self.expire(ret), lambda: commands.resolve(m, ret),
        ])()  # fmt: skip

    def some(self, ret: Any) -> dict[Any, int]:
        with merchant_scope(self.merchant):
            return {r.id: self.rng.randint(0, r.quantity) for r in ReturnLine.objects.filter(ret_id=ret)}

    def expire(self, ret: Any) -> None:
        with merchant_scope(self.merchant):
            Return.objects.filter(pk=ret).update(expires_at=timezone.now() - timedelta(seconds=1))
        commands.expire(self.merchant, ret)

    def move(self, ret: Any) -> None:
        m = self.merchant
        self.rng.choice([
            lambda: commands.mark_sent(m, ret), lambda: commands.receive(m, ret),
            lambda: set_parcel(m, ret, tracking_number=f"HIST-{ret.hex[:8]}", carrier="dhl"),
            lambda: commands.receive(m, ret, [ReceivedLine(pk, n) for pk, n in self.some(ret).items()]),
        ])()  # fmt: skip

    def inspect(self, ret: Any) -> None:
        found = [
            InspectedLine(pk, n, self.rng.choice(Condition.values) if not n else "good")
            for pk, n in self.some(ret).items()
        ]
        commands.inspect(self.merchant, ret, found)

    def exchange(self, ret: Any) -> None:
        m = self.merchant
        self.rng.choice([
            lambda: exchange_commands.mark_paid(m, ret, reference="p"),
            lambda: exchange_commands.mark_held(m, ret, reference="h"), lambda: exchange_commands.refuse_hold(m, ret),
            lambda: exchange_commands.mark_sold_out(m, ret), lambda: exchange_commands.exchange_is_due(m, ret),
        ])()  # fmt: skip

    def money(self, ret: Any) -> None:
        with merchant_scope(self.merchant):
            refund = Refund.objects.filter(source_id=ret, state=RefundState.REQUESTED).first()
        if refund is None:
            pay_again(self.merchant, ret)
        elif self.rng.random() < 0.7:
            confirm_refund(self.merchant, refund.id)
        else:
            fail_refund(self.merchant, refund.id)
        self.drain()


def check(merchant: Merchant, order: Order) -> None:
    """What holds at any moment."""
    with merchant_scope(merchant):
        money = money_of(order)
        counts = list(ReturnedCount.objects.all())
        live = ReturnLine.objects.exclude(ret__approval_state__in=("rejected", "cancelled"))
        credit = CreditEntry.objects.aggregate(n=Sum("amount") - Sum("bonus"))["n"] or 0
        asked = Refund.objects.exclude(state=RefundState.FAILED).aggregate(n=Sum("amount"))["n"] or 0
        assert asked + credit <= order.total
        assert money.refunded + money.pending <= money.paid
        assert all(0 <= count.taken <= count.bought and count.amount >= 0 for count in counts)
        assert all(line.settled <= line.quantity and line.settled_amount <= line.paid for line in live)
        keys = list(Refund.objects.values_list("key", flat=True))
        assert len(keys) == len(set(keys))
        assert not Exchange.objects.filter(state="ordered", new_order=None).exists()


@pytest.mark.parametrize("seed", range(int(os.environ.get("AFTERWARD_HISTORIES", "12"))))
def test_no_history_gives_back_more_than_was_paid(
    merchant: Merchant, seed: int, drain_all: Callable[[], int]
) -> None:
    sell(merchant)
    history = History(merchant, Random(seed), drain_all)
    refused = 0
    for _ in range(STEPS):
        try:
            history.step()
        except Problem:
            refused += 1
        check(merchant, history.order)
    assert refused < STEPS
