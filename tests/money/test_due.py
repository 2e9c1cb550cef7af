"""What happens later: the shop is asked again until it answers, credit expires."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from events import due
from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from returns.money import steps, wallet
from returns.money.commands import confirm_refund, give_credit
from returns.money.models import CreditEntry, Refund, RefundState
from returns.money.tasks import ASK, EXPIRE
from tests.money.helpers import ask, order_of, shop_refunds, stands


def let_time_pass(merchant: Merchant) -> None:
    with merchant_scope(merchant):
        Refund.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))


def test_the_shop_is_asked_again_until_it_answers_and_no_money_moves_by_it(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    order = order_of(merchant)
    refund = ask(merchant, order, "30", reason="Too small")
    assert due.run(ASK) == 0
    for _ in range(2):
        let_time_pass(merchant)
        assert due.run(ASK) == 1
    confirm_refund(merchant, refund.pk)
    let_time_pass(merchant)
    assert due.run(ASK) == 0
    drain_all()
    with platform_scope("reading facts in a test"):
        asked = [f.data for f in Fact.objects.filter(type="refund.requested").order_by("position")]
    assert [fact.get("attempt", 1) for fact in asked] == [1, 2, 3]
    assert [fact.get("notify", True) for fact in asked] == [True, False, False]
    assert len({(fact["idempotency_key"], fact["amount"], fact["reason"]) for fact in asked}) == 1
    assert stands(merchant, order) == ("100", "30", "0", "70", "0", "0")


def test_a_shop_that_never_answers_is_left_alone_at_last(merchant: Merchant) -> None:
    order = order_of(merchant)
    refund = ask(merchant, order, "30")
    with merchant_scope(merchant):
        Refund.objects.update(asked=steps.MOST_ASKED - 1)
    let_time_pass(merchant)
    due.run(ASK)
    with merchant_scope(merchant):
        refund.refresh_from_db()
    assert (refund.state, refund.asked, refund.due_at) == (RefundState.REQUESTED, steps.MOST_ASKED, None)


def test_a_shop_that_has_reported_the_refund_is_not_asked_again(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    order = order_of(merchant)
    ask(merchant, order, "30")
    shop_refunds(merchant, order, "30", "R-1")
    let_time_pass(merchant)
    due.run(ASK)
    drain_all()
    with platform_scope("reading facts in a test"):
        assert Fact.objects.filter(type="refund.requested").count() == 1
        assert Fact.objects.filter(type="refund.completed").count() == 1


def test_credit_expires_by_itself(merchant: Merchant) -> None:
    order = order_of(merchant)
    assert order.customer_id
    give_credit(
        merchant, order.customer_id, Decimal(10), "EUR", key="g", source=("order", order.pk),
        expires_at=timezone.now() + timedelta(days=30),
    )  # fmt: skip
    assert due.run(EXPIRE) == 0
    with merchant_scope(merchant):
        past = timezone.now() - timedelta(seconds=1)
        CreditEntry.objects.update(expires_at=past, due_at=past)
    assert due.run(EXPIRE) == 1
    assert due.run(EXPIRE) == 0
    with merchant_scope(merchant):
        assert wallet.balances(order.customer_id) == {}
        assert list(CreditEntry.objects.order_by("created_at").values_list("kind", "amount")) == [
            ("given", 10), ("expired", 10)
        ]  # fmt: skip
