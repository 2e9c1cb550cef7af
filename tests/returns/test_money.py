"""The money of returns: by the rule's trigger, once, never more than was paid."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_scope
from orders.models import Order
from returns import commands
from returns.models import Return
from returns.money.commands import confirm_refund, fail_refund, money_of, request_refund
from returns.money.models import CreditEntry, Refund
from returns.receiving import InspectedLine
from returns.requesting import RequestedLine, RequestedReturn
from returns.retrying import pay_again
from returns.states import Side
from tests.returns.conftest import delivered, line_ids, rules


def ask(merchant: Merchant, order: Order, line: str = "L1", quantity: int = 1, **fields: Any) -> Return:
    """A return that the shop asks for on behalf of the shopper: approved at once."""
    more = {name: fields.pop(name) for name in ("gift", "gift_email", "method") if name in fields}
    wanted = RequestedReturn([RequestedLine(line_ids(order)[line], quantity, **fields)], **more)
    return commands.request_return(merchant, order.id, wanted, by=Side.TEAM)


def refunds(merchant: Merchant) -> list[tuple[Decimal, Decimal, str]]:
    with merchant_scope(merchant):
        return [(r.amount, r.fee, r.state) for r in Refund.objects.order_by("requested_at")]


def look(ret: Return) -> Return:
    with merchant_scope(ret.merchant):
        ret.refresh_from_db()
    return ret


@pytest.mark.parametrize(
    ("trigger", "moments"),
    [("instant", 0), ("scan", 1), ("drop_off", 1), ("receipt", 2), ("inspection", 3)],
)
def test_money_is_asked_for_at_the_rules_moment_and_once(
    merchant: Merchant, trigger: str, moments: int, drain_all: Callable[[], int]
) -> None:
    rules(merchant, refund_trigger=trigger)
    ret = ask(merchant, delivered(merchant))
    with merchant_scope(merchant):
        line = ret.lines.get()
    steps = [
        lambda: commands.mark_sent(merchant, ret.id),
        lambda: commands.receive(merchant, ret.id),
        lambda: commands.inspect(merchant, ret.id, [InspectedLine(line.id, 1)]),
    ]
    for done in range(4):
        assert len(refunds(merchant)) == (done >= moments), done
        if done < 3:
            steps[done]()
            if done != 2:
                steps[done]()  # told twice
    assert refunds(merchant) == [(Decimal("89.00"), Decimal(0), "requested")]
    assert look(ret).money_state == "pending"
    with merchant_scope(merchant):
        refund = Refund.objects.get()
    for _ in range(2):
        confirm_refund(merchant, refund.id, reference="shop-1")
        drain_all()
    assert (look(ret).money_state, bool(ret.closed_at)) == ("done", True)
    with merchant_scope(merchant):
        assert money_of(ret.order).refunded == Decimal("89.00")


def test_a_fee_is_taken_once_and_restocking_of_each_item(merchant: Merchant) -> None:
    rules(merchant, fees={"flat": "4.90", "restocking_percent": "10"})
    order = delivered(merchant)
    ret = ask(merchant, order, quantity=2)
    with merchant_scope(merchant):
        line = ret.lines.get()
    from returns.receiving import ReceivedLine

    commands.receive(merchant, ret.id, [ReceivedLine(line.id, 1)])
    commands.receive(merchant, ret.id, [ReceivedLine(line.id, 1)])
    assert [(amount, fee) for amount, fee, _ in refunds(merchant)] == [
        (Decimal("75.20"), Decimal("13.80")), (Decimal("80.10"), Decimal("8.90")),
    ]  # fmt: skip


def test_credit_comes_with_its_bonus_and_a_present_never_pays_the_giver(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    rules(merchant, bonus_percent="10", refund_trigger="instant")
    ret = ask(merchant, delivered(merchant), resolution="store_credit")
    assert (look(ret).money_state, refunds(merchant)) == ("done", [])
    gift = delivered(merchant)
    wanted = RequestedReturn([RequestedLine(line_ids(gift)["L1"])], gift=True, gift_email="ben@example.test")
    with pytest.raises(Unprocessable):
        commands.request_return(merchant, gift.id, wanted, by=Side.SHOPPER)
    ask(merchant, gift, resolution="store_credit", gift=True, gift_email="ben@example.test")
    with merchant_scope(merchant):
        entries = CreditEntry.objects.order_by("created_at").select_related("customer")
        assert [(e.amount, e.bonus) for e in entries] == [(Decimal("97.90"), Decimal("8.90"))] * 2
        assert entries[0].customer_id == ret.customer_id
        assert entries[1].customer.email == "ben@example.test"


def test_what_money_refuses_is_told_and_moves_nothing(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    rules(merchant, refund_trigger="instant")
    order = delivered(merchant)
    request_refund(merchant, order.id, amount=Decimal(300), key="by-hand", source=("order", order.id))
    ret = ask(merchant, order)
    assert look(ret).money_state == "failed"
    with merchant_scope(merchant):
        assert "Conflict" not in ret.entries.filter(kind="money").get().text
        assert Refund.objects.count() == 1


def test_what_was_refused_is_asked_for_again_once(merchant: Merchant, drain_all: Callable[[], int]) -> None:
    rules(merchant, refund_trigger="instant", fees={"flat": "4.90"})
    order = delivered(merchant)
    by_hand = request_refund(merchant, order.id, amount=Decimal(300), key="hand", source=("order", order.id))
    ret = ask(merchant, order)
    with pytest.raises(Conflict):
        pay_again(merchant, ret.id)
    assert look(ret).money_state == "failed"
    fail_refund(merchant, by_hand.id)
    pay_again(merchant, ret.id)
    assert [r[:2] for r in refunds(merchant)[1:]] == [(Decimal("84.10"), Decimal("4.90"))]
    with pytest.raises(Conflict):
        pay_again(merchant, ret.id)
    with merchant_scope(merchant):
        mine = Refund.objects.get(source_kind="return")
    # Now the shop cannot: once more, and only what failed.
    fail_refund(merchant, mine.id)
    drain_all()
    assert look(ret).money_state == "failed"
    pay_again(merchant, ret.id)
    with merchant_scope(merchant):
        again = Refund.objects.get(key=mine.key + ":again")
    confirm_refund(merchant, again.id)
    drain_all()
    assert look(ret).money_state == "done"
    assert len(refunds(merchant)) == 3


def test_a_refund_that_the_shop_cannot_give_is_seen(merchant: Merchant, drain_all: Callable[[], int]) -> None:
    rules(merchant, refund_trigger="instant")
    ret = ask(merchant, delivered(merchant))
    with merchant_scope(merchant):
        refund = Refund.objects.get()
    fail_refund(merchant, refund.id, failure="card closed")
    drain_all()
    assert (look(ret).money_state, ret.closed_at) == ("failed", None)


def test_what_is_kept_is_refunded_and_sent_nowhere(merchant: Merchant) -> None:
    rules(merchant, keep_item=True, auto_approve=True)
    order = delivered(merchant)
    wanted = RequestedReturn([RequestedLine(line_ids(order)["L1"])])
    ret = commands.request_return(merchant, order.id, wanted, by=Side.SHOPPER)
    assert (ret.approval_state, ret.logistics_state, ret.method, ret.expires_at) == (
        "approved",
        "none",
        "",
        None,
    )
    assert refunds(merchant) == [(Decimal("89.00"), Decimal(0), "requested")]


def test_a_withdrawals_money_is_not_the_returns(merchant: Merchant, order: Order) -> None:
    ret = commands.request_return(merchant, order.id, RequestedReturn(kind="withdrawal"), by=Side.SHOPPER)
    commands.receive(merchant, ret.id)
    assert (look(ret).approval_state, ret.logistics_state, ret.money_state) == (
        "approved",
        "received",
        "none",
    )
    assert refunds(merchant) == []
