"""Exchanges: by stock, with the difference, at once against a hold, and back to a refund when they cannot be."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_scope
from orders.models import Order, Product, Variant
from returns import commands, exchange_commands, stock
from returns.difference import Swap, difference_of
from returns.exchange_models import ExchangeState
from returns.exchanging import MOVES
from returns.models import Exchange, Return
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Side
from returns.tasks import end_waiting_exchanges
from tests.returns.conftest import delivered, line_ids
from tests.returns.test_money import ask, look, refunds

CENT = Decimal("0.01")
money = st.decimals(0, 5000, places=2)


def sell(merchant: Merchant, **stock_of: int | None) -> None:
    """The sweater in three sizes (M is what was bought) at 89, and a coat at 149."""
    now = timezone.now()
    with merchant_scope(merchant):
        for title, variants in (("Sweater", {"SW-M": 5, "SW-L": 1, "SW-S": None}), ("Coat", {"COAT": 5})):
            product = Product.objects.create(
                merchant=merchant, external_id=title, title=title, created_at=now, updated_at=now
            )
            for place, (sku, left) in enumerate({**variants}.items()):
                Variant.objects.create(
                    merchant=merchant, product=product, external_id=f"v-{sku}", position=place, sku=sku, title=sku[-1],
                    price=149 if sku == "COAT" else 89, currency="EUR", inventory_quantity=stock_of.get(sku, left),
                )  # fmt: skip


def exchange(ret: Return) -> Exchange:
    with merchant_scope(ret.merchant):
        return ret.exchanges.get()


@pytest.fixture
def shop(merchant: Merchant) -> Merchant:
    sell(merchant)
    return merchant


def test_another_size_is_sent_when_the_first_one_came(
    shop: Merchant, order: Order, drain_all: Callable[[], int], told_all: Callable[[str], list[str]]
) -> None:
    ret = ask(shop, order, resolution="exchange", exchange_variant="v-SW-L")
    assert (exchange(ret).state, exchange(ret).difference) == ("waiting", 0)
    commands.receive(shop, ret.id)
    commands.receive(shop, ret.id)
    assert exchange(ret).state == "released"
    assert (look(ret).money_state, refunds(shop)) == ("done", [])
    new = delivered(shop)
    for _ in range(2):
        exchange_commands.mark_ordered(shop, ret.id, new.id)
    assert told_all("exchange.") == ["released", "ordered"]


def test_the_last_piece_is_exchanged_for_once(shop: Merchant, order: Order) -> None:
    with merchant_scope(shop):
        line = order.lines.get(external_id="L1")
        assert [(c.variant.sku, c.left, c.available) for c in stock.choices_for(line)] == [
            ("SW-M", 5, True), ("SW-L", 1, True), ("SW-S", None, True),
        ]  # fmt: skip
    ask(shop, order, resolution="exchange", exchange_variant="v-SW-L")
    with merchant_scope(shop):
        assert not stock.choices_for(line)[1].available
    with pytest.raises(Conflict, match="sold out") as refused:
        ask(shop, delivered(shop), resolution="exchange", exchange_variant="v-SW-L")
    assert refused.value.code == "sold_out"
    with merchant_scope(shop):
        assert Return.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_shoppers_never_get_the_same_last_piece() -> None:
    from tests import factories

    merchant = factories.merchant()
    sell(merchant)
    orders, start, outcomes = [delivered(merchant) for _ in range(4)], Barrier(4), []

    def swap(order: Order) -> None:
        wanted = RequestedReturn(
            [RequestedLine(line_ids(order)["L1"], resolution="exchange", exchange_variant="v-SW-L")]
        )
        start.wait()
        try:
            commands.request_return(merchant, order.id, wanted, by=Side.SHOPPER)
            outcomes.append("made")
        except Conflict as refused:
            outcomes.append(refused.code)
        connection.close()

    threads = [Thread(target=swap, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "sold_out", "sold_out", "sold_out"]


def test_what_costs_more_is_paid_first(
    shop: Merchant, order: Order, told_all: Callable[[str], list[str]]
) -> None:
    ret = ask(shop, order, resolution="exchange_other", exchange_variant="v-COAT")
    assert (exchange(ret).state, exchange(ret).difference) == ("awaiting_payment", Decimal(60))
    assert look(ret).money_state == "awaiting_payment"
    exchange_commands.set_payment_link(shop, ret.id, "https://shop.test/pay/1")
    commands.receive(shop, ret.id)
    assert exchange(ret).state == "awaiting_payment"
    for _ in range(2):
        exchange_commands.mark_paid(shop, ret.id, reference="pay-1")
    assert (exchange(ret).state, look(ret).money_state, refunds(shop)) == ("released", "done", [])
    assert told_all("exchange.") == ["payment_requested", "payment_link_ready", "paid", "released"]


def test_what_costs_less_is_given_back_with_it(shop: Merchant, order: Order) -> None:
    ret = ask(shop, order, "L2", resolution="exchange_other", exchange_variant="v-SW-L")
    commands.receive(shop, ret.id)
    assert [amount for amount, _fee, _state in refunds(shop)] == [Decimal("40.00")]
    # The shop has none left after all: the rest follows, and nothing goes back twice.
    for _ in range(2):
        exchange_commands.mark_sold_out(shop, ret.id)
    assert [amount for amount, _fee, _state in refunds(shop)] == [Decimal("40.00"), Decimal("89.00")]
    assert exchange(ret).state == "fell_back"


def test_an_exchange_that_is_not_paid_becomes_a_refund(
    shop: Merchant, order: Order, told_all: Callable[[str], list[str]]
) -> None:
    ret = ask(shop, order, resolution="exchange_other", exchange_variant="v-COAT")
    commands.receive(shop, ret.id)
    end_waiting_exchanges()
    assert exchange(ret).state == "awaiting_payment"
    with merchant_scope(shop):
        Exchange.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    end_waiting_exchanges()
    assert exchange(ret).state == "fell_back"
    assert refunds(shop) == [(Decimal("89.00"), Decimal(0), "requested")]
    with pytest.raises(Conflict):
        exchange_commands.mark_paid(shop, ret.id, reference="late")
    assert told_all("exchange.") == ["payment_requested", "fell_back"]


@pytest.mark.parametrize("comes_back", [True, False])
def test_an_instant_exchange_goes_off_against_a_hold(
    shop: Merchant, order: Order, told_all: Callable[[str], list[str]], comes_back: bool
) -> None:
    ret = ask(shop, order, resolution="instant_exchange", exchange_variant="v-SW-L")
    assert (exchange(ret).state, exchange(ret).hold_amount) == ("awaiting_hold", Decimal(89))
    for _ in range(2):
        exchange_commands.mark_held(shop, ret.id, reference="hold-1")
    assert (exchange(ret).state, exchange(ret).hold) == ("released", "held")
    if comes_back:
        commands.receive(shop, ret.id)
    with merchant_scope(shop):
        Exchange.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
    end_waiting_exchanges()
    end = "hold_released" if comes_back else "hold_charged"
    assert told_all("exchange.") == ["hold_requested", "released", end]
    assert refunds(shop) == []


def test_a_card_that_takes_no_hold_waits_for_the_goods(shop: Merchant, order: Order) -> None:
    ret = ask(shop, order, resolution="instant_exchange", exchange_variant="v-SW-L")
    exchange_commands.refuse_hold(shop, ret.id)
    assert exchange(ret).state == "waiting"
    commands.receive(shop, ret.id)
    assert exchange(ret).state == "released"


def test_there_is_no_endless_chain_of_exchanges(shop: Merchant) -> None:
    order = delivered(shop)
    for _ in range(2):
        ret = ask(shop, order, resolution="exchange", exchange_variant="v-SW-S")
        commands.receive(shop, ret.id)
        order = delivered(shop)
        exchange_commands.mark_ordered(shop, ret.id, order.id)
    with pytest.raises(Conflict) as refused:
        ask(shop, order, resolution="exchange", exchange_variant="v-SW-S")
    assert refused.value.code == "exchange_limit"
    ask(shop, order)  # as a refund it comes back


def test_a_variant_of_another_product_is_no_other_size(shop: Merchant, order: Order) -> None:
    for wrong in ("v-COAT", "", "v-gone"):
        with pytest.raises(Unprocessable) as refused:
            ask(shop, order, resolution="exchange", exchange_variant=wrong)
        assert refused.value.code == "unknown_variant"


def test_a_cancelled_return_lets_its_piece_go(shop: Merchant, order: Order) -> None:
    ret = ask(shop, order, resolution="exchange", exchange_variant="v-SW-L")
    commands.cancel(shop, ret.id, by=Side.SHOPPER)
    assert exchange(ret).state == "cancelled"
    ask(shop, order, resolution="exchange", exchange_variant="v-SW-L")


def test_every_exchange_state_has_its_moves() -> None:
    assert MOVES.keys() == set(ExchangeState.values)


@given(money, st.integers(0, 25), money, st.integers(1, 5), st.booleans(), money)
def test_a_difference_is_what_is_paid_more_and_its_tax_is_a_part_of_it(
    paid: Decimal, percent: int, price: Decimal, quantity: int, on_top: bool, fee: Decimal
) -> None:
    tax = (paid * percent / (100 + percent)).quantize(CENT)
    swap = Swap(paid, tax, quantity, price, on_top)
    found = difference_of([swap], fee, CENT)
    assert found.amount == found.amount.quantize(CENT)
    assert abs(found.tax) <= abs(found.amount)
    assert found.tax * found.amount >= 0
    if not on_top:
        assert found.amount == price * quantity - paid + fee
    assert difference_of([swap], fee + 1, CENT).amount == found.amount + 1


@given(money, money, st.integers(0, 100), st.integers(0, 100))
def test_a_variant_at_the_same_price_costs_only_what_the_rules_keep(
    paid: Decimal, price: Decimal, restocking: int, bonus: int
) -> None:
    swap = Swap(paid, Decimal(0), 1, price, even=True, restocking_percent=Decimal(restocking),
                bonus_percent=Decimal(bonus))  # fmt: skip
    assert 0 <= difference_of([swap], Decimal(0), CENT).amount <= paid


@given(st.lists(st.tuples(money, money), min_size=1, max_size=6))
def test_several_items_differ_by_the_sum_of_their_differences(items: list[Any]) -> None:
    swaps = [Swap(paid, Decimal(0), 1, price) for paid, price in items]
    alone = sum(difference_of([swap], Decimal(0), CENT).amount for swap in swaps)
    assert difference_of(swaps, Decimal(0), CENT).amount == alone
