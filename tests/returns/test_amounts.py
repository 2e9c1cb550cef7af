"""What goods were worth: however an order is taken apart, the parts add up to what was paid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns.amounts import of_quantity, paid_of_order, percent_of, shared_out, unit_of, up_to

CENT = Decimal("0.01")
amounts = st.decimals(0, 100_000, places=2)


@given(amounts, st.lists(amounts, min_size=1, max_size=12))
def test_shares_add_up_to_the_whole(amount: Decimal, weights: list[Decimal]) -> None:
    parts = shared_out(amount, weights, CENT)
    assert sum(parts) == (amount if any(weights) else 0)
    assert all(part >= 0 for part in parts)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)


@given(amounts, st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_pieces_taken_one_after_the_other_are_worth_what_was_paid(paid: Decimal, takes: list[int]) -> None:
    bought, taken, given_back = sum(takes), 0, Decimal(0)
    for count in takes:
        amount = of_quantity(paid, count, bought, taken=taken, taken_amount=given_back, unit=CENT)
        assert 0 <= amount <= paid - given_back
        taken, given_back = taken + count, given_back + amount
    assert given_back == paid


@given(amounts, amounts, amounts, amounts, st.booleans())
def test_an_order_is_goods_and_shipping_and_nothing_else(
    subtotal: Decimal, shipping: Decimal, tax: Decimal, discount: Decimal, on_top: bool
) -> None:
    total = max(subtotal - discount, Decimal(0)) + shipping + (tax if on_top else 0)
    paid = paid_of_order(
        subtotal=subtotal, shipping=shipping, tax=tax, discount=discount, total=total, unit=CENT
    )
    assert paid.goods + paid.shipping == total
    assert paid.goods_tax + paid.shipping_tax == tax
    assert min(paid.goods, paid.shipping, paid.goods_tax, paid.shipping_tax) >= 0


@given(amounts, st.integers(1, 20))
def test_the_first_pieces_never_get_more_than_all(amount: Decimal, of: int) -> None:
    steps = [up_to(amount, count, of, CENT) for count in range(of + 1)]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, amount)


@pytest.mark.parametrize(("currency", "unit"), [("EUR", "0.01"), ("JPY", "1"), ("KWD", "0.001")])
def test_every_currency_has_its_own_smallest_unit(currency: str, unit: str) -> None:
    assert unit_of(currency) == Decimal(unit)


def test_tax_on_top_is_shared_by_goods_and_shipping() -> None:
    paid = paid_of_order(
        subtotal=Decimal(100), shipping=Decimal(10), tax=Decimal("20.90"), discount=Decimal(0),
        total=Decimal("130.90"), unit=CENT,
    )  # fmt: skip
    assert (paid.goods, paid.shipping) == (Decimal("119.00"), Decimal("11.90"))
    assert (paid.goods_tax, paid.shipping_tax) == (Decimal("19.00"), Decimal("1.90"))
    assert percent_of(paid.goods, Decimal(10), CENT) == Decimal("11.90")
