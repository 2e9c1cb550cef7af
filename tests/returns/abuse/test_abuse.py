"""The hint about who returns unusually much: its score, its reasons, and when there is none."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from orders.schemas import AddressIn
from returns.abuse.queries import hint_about
from returns.abuse.signals import Hint, Past, weigh
from returns.commands import request_return
from returns.models import Return, ReturnLine
from returns.reasons import known
from returns.requesting import RequestedReturn
from returns.states import Kind, Side
from tests.returns.policy.test_verdicts import delivered

HOME = AddressIn(address1="Ring 5", city="Berlin", postcode="10115", country="DE")


@pytest.mark.parametrize(
    ("past", "score", "codes"),
    [
        (Past(), 0, []),
        (Past(orders=2, items=4, value=Decimal(400), returned_items=4, returned_value=Decimal(400)), 0, []),
        (Past(orders=9, items=10, value=Decimal(100), returned_items=3, returned_value=Decimal(30)), 0, []),
        (Past(orders=9, items=10, value=Decimal(100), returned_items=6, returned_value=Decimal(60)),
         52, ["rate", "value"]),
        (Past(recent=4), 10, ["velocity"]),
        (Past(neighbours=1), 5, ["address"]),
        (Past(orders=9, items=10, value=Decimal(100), returned_items=10, returned_value=Decimal(100), recent=9,
              neighbours=9), 100, ["rate", "value", "velocity", "address"]),
    ],
)  # fmt: skip
def test_the_score_says_why(past: Past, score: int, codes: list[str]) -> None:
    hint = weigh(past)
    assert (hint.score, [signal.code for signal in hint.signals]) == (score, codes)
    assert sum(signal.points for signal in hint.signals) == score
    assert hint.is_notable == (score >= 40)


def returned(merchant: Merchant, order: Order, **more: Any) -> Return:
    return request_return(merchant, order.id, RequestedReturn(**more), by=Side.SHOPPER)


def hint(merchant: Merchant, ret: Return) -> Hint | None:
    with merchant_scope(merchant):
        return hint_about(Return.objects.select_related("order").get(pk=ret.pk))


def test_a_year_of_a_customer_is_counted(
    merchant: Merchant, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    mine = [
        delivered(merchant, 2, email="bo@example.test", quantity=2, shipping_address=HOME) for _ in range(3)
    ]
    same = AddressIn(address1="RING 5.", city="Berlin", postcode="10115", country="DE")
    other = delivered(merchant, 2, email="mo@example.test", shipping_address=same)
    returned(merchant, other)
    last = [returned(merchant, order) for order in mine][-1]
    with merchant_scope(merchant):
        ret = Return.objects.select_related("order").get(pk=last.pk)
        known()  # a request reads the shop's reasons once
        with django_assert_max_num_queries(6):
            found = hint_about(ret)
    assert found is not None
    assert {signal.code: signal.counts for signal in found.signals} == {
        "rate": (6, 6), "value": (100,), "velocity": (3,), "address": (1,),
    }  # fmt: skip
    assert found.signals[0].sentence == "6 of 6 items of a year came back"
    with translation.override("de"):
        assert found.signals[0].sentence == "6 von 6 Artikeln eines Jahres kamen zurück"
    with merchant_scope(merchant):  # what came broken is nobody's choice
        ReturnLine.objects.update(reason="damaged")
    assert [signal.code for signal in hint(merchant, last).signals] == ["velocity", "address"]  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", [Kind.WITHDRAWAL, Kind.WARRANTY])
def test_a_right_is_never_judged(merchant: Merchant, kind: Kind) -> None:
    ret = returned(merchant, delivered(merchant, 2))
    with merchant_scope(merchant):
        Return.objects.update(kind=kind)
    assert hint(merchant, ret) is None


def test_another_shops_customers_are_nobodys_neighbours(merchant: Merchant, stranger: Merchant) -> None:
    returned(stranger, delivered(stranger, 2, shipping_address=HOME))
    assert hint(merchant, returned(merchant, delivered(merchant, 2, shipping_address=HOME))) == Hint(0)
