"""A refund from the request to the shop's answer, and what the shop gives back by itself. Complaints 6 to 10."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from events.models import Fact
from ledger.models import Transfer
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Problem, Unprocessable
from merchants.scope import merchant_scope, platform_scope
from orders import commands as orders
from orders.models import Order
from returns.money.commands import confirm_refund, fail_refund
from returns.money.models import Refund, RefundState
from tests.money.helpers import ask, assert_books_balance, order_of, shop_refunds, stands


def facts_of(drain_all: Callable[[], int]) -> list[str]:
    drain_all()
    drain_all()  # what a reader recorded
    with platform_scope("reading facts in a test"):
        return [f.type for f in Fact.objects.order_by("position") if f.type.startswith("refund.")]


@pytest.fixture
def order(merchant: Merchant) -> Order:
    """An order of 100 euros."""
    return order_of(merchant)


def test_a_refund_is_set_aside_and_then_given_back(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    assert stands(merchant, order) == ("100", "0", "0", "100", "0", "0")
    refund = ask(merchant, order, "25", fee=Decimal("4.90"))
    assert (refund.state, refund.asked) == (RefundState.REQUESTED, 1)
    assert stands(merchant, order) == ("100", "0", "29.9", "70.1", "0", "0")
    done = confirm_refund(merchant, refund.pk, reference="R-1")
    assert (done.state, done.reference, done.due_at) == (RefundState.COMPLETED, "R-1", None)
    assert stands(merchant, order) == ("100", "25", "0", "70.1", "4.9", "0")
    assert facts_of(drain_all) == ["refund.requested", "refund.completed"]
    assert_books_balance()


def test_the_same_request_and_the_same_answer_twice_move_nothing_more(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    first, again = (ask(merchant, order, "25", key="return:1") for _ in range(2))
    assert first.pk == again.pk
    with pytest.raises(Conflict) as refused:
        ask(merchant, order, "26", key="return:1")
    assert refused.value.code == "refund_key_reused"
    confirm_refund(merchant, first.pk, reference="R-1")
    confirm_refund(merchant, first.pk, reference="R-1")
    assert ask(merchant, order, "25", key="return:1").state == RefundState.COMPLETED
    with pytest.raises(Conflict):
        fail_refund(merchant, first.pk)
    assert stands(merchant, order) == ("100", "25", "0", "75", "0", "0")
    assert facts_of(drain_all) == ["refund.requested", "refund.completed"]


def test_what_the_shop_cannot_give_back_is_free_again(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    refund = ask(merchant, order, "100")
    fail_refund(merchant, refund.pk, failure="The card is gone.")
    assert fail_refund(merchant, refund.pk).failure == "The card is gone."
    with pytest.raises(Conflict):
        confirm_refund(merchant, refund.pk)
    assert stands(merchant, order) == ("100", "0", "0", "100", "0", "0")
    ask(merchant, order, "100")
    assert facts_of(drain_all) == ["refund.requested", "refund.failed", "refund.requested"]


def test_several_refunds_never_exceed_what_was_paid(merchant: Merchant, order: Order) -> None:
    """Complaint 6: what is left can be refunded, again and again, until nothing is left."""
    for amount in ("30", "30", "39.99"):
        confirm_refund(merchant, ask(merchant, order, amount).pk)
    ask(merchant, order, "0.01")
    with pytest.raises(Conflict) as refused:
        ask(merchant, order, "0.01")
    assert refused.value.code == "refund_above_paid"
    assert stands(merchant, order) == ("100", "99.99", "0.01", "0", "0", "0")
    assert_books_balance()


def test_the_total_of_an_order_stays_right_after_several_returns(merchant: Merchant, order: Order) -> None:
    """Complaint 7: two refunds of the same line count once each, and the order's own total never changes."""
    with merchant_scope(merchant):
        line = order.lines.get()
    for key in ("return:1", "return:2", "return:2"):
        refund = ask(merchant, order, "50", key=key, lines={line.pk: 1})
        confirm_refund(merchant, refund.pk)
    with merchant_scope(merchant):
        order.refresh_from_db()
        assert (order.total, Refund.objects.count()) == (100, 2)
    assert stands(merchant, order) == ("100", "100", "0", "0", "0", "0")


def test_shipping_is_refunded_too(merchant: Merchant, drain_all: Callable[[], int]) -> None:
    """Complaint 8: shipping is a part of the amount, alone or with goods."""
    order = order_of(merchant, "104.90", shipping=Decimal("4.90"))
    ask(merchant, order, "4.90", shipping=Decimal("4.90"))
    ask(merchant, order, "100")
    assert stands(merchant, order) == ("104.9", "0", "104.9", "0", "0", "0")
    drain_all()
    with platform_scope("reading a fact in a test"):
        asked = Fact.objects.filter(type="refund.requested").order_by("position")[0].data
    assert (asked["amount"], asked["shipping"]) == ("4.90", "4.90")


def test_nothing_goes_back_that_nobody_asked_for_when_an_order_is_edited(
    merchant: Merchant, order: Order
) -> None:
    """Complaint 9: a changed order moves no money, and what was paid above its new total stays owed."""
    from orders.schemas import CustomerIn, LineIn, OrderIn

    def edit(total: str) -> None:
        line = LineIn(title="Sweater", quantity=2, unit_price=Decimal(total) / 2, external_id="L1")
        customer = CustomerIn(email=order.email)
        orders.place_order(merchant, OrderIn(
            external_id=order.external_id, number=order.number, currency="EUR", customer=customer, lines=[line],
            total=Decimal(total),
        ))  # fmt: skip

    ask(merchant, order, "10")
    edit("120")
    assert stands(merchant, order) == ("120", "0", "10", "110", "0", "0")
    edit("80")
    ask(merchant, order, "5")
    edit("100")
    with merchant_scope(merchant):
        assert Refund.objects.count() == 2
    assert stands(merchant, order)[1:3] == ("0", "15")
    assert_books_balance()


def test_an_order_without_payments_is_refunded_like_any_other(merchant: Merchant, order: Order) -> None:
    """Complaint 10: nobody has to attach a payment. One that cost nothing has nothing to give back."""
    assert ask(merchant, order, "100").state == RefundState.REQUESTED
    free = order_of(merchant, "0.00")
    assert stands(merchant, free) == ("0", "0", "0", "0", "0", "0")
    with pytest.raises(Conflict):
        ask(merchant, free, "0.01")
    assert stands(merchant, free) == ("0", "0", "0", "0", "0", "0")


@pytest.mark.parametrize(
    ("currency", "total", "amount", "too_fine"),
    [("JPY", "5001", "2500", "0.5"), ("KWD", "1.005", "0.335", "0.0005")],
)
def test_currencies_have_units_of_their_own(
    merchant: Merchant, currency: str, total: str, amount: str, too_fine: str
) -> None:
    order = order_of(merchant, total, currency=currency, tax=Decimal(total) / 5)
    refund = ask(merchant, order, amount)
    assert refund.tax == Decimal(amount) / 5
    with pytest.raises(Unprocessable) as refused:
        ask(merchant, order, too_fine)
    assert refused.value.code == "amount_too_fine"
    assert stands(merchant, order)[2] == amount


def test_what_is_no_refund_is_refused_and_nothing_moves(
    merchant: Merchant, order: Order, stranger: Merchant
) -> None:
    with merchant_scope(merchant):
        line = order.lines.get()
    wrongs: list[tuple[Callable[[], Any], type[Problem]]] = [
        (lambda: ask(merchant, order, "0"), Unprocessable),
        (lambda: ask(merchant, order, "-1"), Unprocessable),
        (lambda: ask(merchant, order, "NaN"), Unprocessable),
        (lambda: ask(merchant, order, "100.01"), Conflict),
        (lambda: ask(merchant, order, "100", fee=Decimal("0.01")), Conflict),
        (lambda: ask(merchant, order, "5", shipping=Decimal(6)), Unprocessable),
        (lambda: ask(merchant, order, "5", lines={line.pk: 3}), Unprocessable),
        (lambda: ask(merchant, order, "5", payments={"visa": Decimal(5)}), Unprocessable),
        (lambda: ask(stranger, order, "5"), NotFound),
    ]
    for wrong, error in wrongs:
        with pytest.raises(error):
            wrong()
    with platform_scope("counting in a test"):
        assert (Refund.objects.count(), Transfer.objects.count()) == (0, 0)


# --- what the shop gives back by itself -----------------------------------------------------------


def test_a_refund_of_the_shop_counts_once(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    shop_refunds(merchant, order, "30", "R-1")
    assert stands(merchant, order)[1] == "30"  # before anybody has read of it
    drain_all()
    drain_all()
    assert stands(merchant, order) == ("100", "30", "0", "70", "0", "0")
    with pytest.raises(Conflict):
        ask(merchant, order, "70.01")
    with merchant_scope(merchant):
        assert Refund.objects.get().source_kind == "shop"
    assert_books_balance()


def test_a_refund_is_capped_by_what_the_shop_reported_a_moment_ago(merchant: Merchant, order: Order) -> None:
    shop_refunds(merchant, order, "60", "R-1")
    with pytest.raises(Conflict):
        ask(merchant, order, "50")
    ask(merchant, order, "40")
    assert stands(merchant, order) == ("100", "60", "40", "0", "0", "0")


def test_the_shops_own_news_of_our_refund_is_its_confirmation(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    refund = ask(merchant, order, "30")
    shop_refunds(merchant, order, "30", "R-1")
    drain_all()
    confirmed = confirm_refund(merchant, refund.pk, reference="R-1")
    assert (confirmed.state, confirmed.reference) == (RefundState.COMPLETED, "R-1")
    assert stands(merchant, order) == ("100", "30", "0", "70", "0", "0")
    assert facts_of(drain_all) == ["refund.requested", "refund.completed"]


@pytest.mark.parametrize("reference", ["R-1", ""])
def test_a_confirmed_refund_that_the_shop_reports_later_is_not_another_one(
    merchant: Merchant, order: Order, drain_all: Callable[[], int], reference: str
) -> None:
    waiting = ask(merchant, order, "30")
    refund = ask(merchant, order, "30")
    confirm_refund(merchant, refund.pk, reference=reference)
    shop_refunds(merchant, order, "30", "R-1")
    drain_all()
    assert stands(merchant, order) == ("100", "30", "30", "40", "0", "0")
    shop_refunds(merchant, order, "30", "R-2")
    drain_all()
    with merchant_scope(merchant):
        waiting.refresh_from_db()
    assert (waiting.state, waiting.reference) == (RefundState.COMPLETED, "R-2")
    assert stands(merchant, order) == ("100", "60", "0", "40", "0", "0")


def test_a_refund_of_another_amount_is_another_refund(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    refund = ask(merchant, order, "30")
    shop_refunds(merchant, order, "29.99", "R-1")
    drain_all()
    assert stands(merchant, order) == ("100", "29.99", "30", "40.01", "0", "0")
    with pytest.raises(Conflict) as refused:
        confirm_refund(merchant, refund.pk, reference="R-1")
    assert refused.value.code == "refund_counted_already"
    fail_refund(merchant, refund.pk)
    assert stands(merchant, order) == ("100", "29.99", "0", "70.01", "0", "0")


def test_what_the_shop_gave_back_above_what_was_paid_is_seen_and_settled_when_it_can_be(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    refund = ask(merchant, order, "90")
    shop_refunds(merchant, order, "25", "R-1")
    drain_all()
    assert stands(merchant, order) == ("100", "25", "90", "0", "0", "15")
    fail_refund(merchant, refund.pk)
    assert stands(merchant, order) == ("100", "25", "0", "75", "0", "0")
    shop_refunds(merchant, order, "80", "R-2")
    drain_all()
    assert stands(merchant, order) == ("100", "105", "0", "0", "0", "5")
    assert_books_balance()


def test_money_of_an_order_is_two_queries(
    merchant: Merchant, order: Order, django_assert_num_queries: Any
) -> None:
    from returns.money.books import money_of

    ask(merchant, order, "30")
    with merchant_scope(merchant), django_assert_num_queries(2):
        money_of(order)
