"""Conditions: what holds, what was found, what cannot be asked, and how many queries it takes to know."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.condition_context import contexts
from notifications.conditions import FIELDS, Condition, Context, Needs, Op, explain, fault, holds
from orders.models import Product, Variant
from orders.schemas import AddressIn, CustomerIn, LineIn
from tests import factories

KNOWN = Context(
    {
        "country": "DE", "order_value": Decimal("89.00"), "product_tag": frozenset({"Wool", "new"}),
        "first_order": True, "sku": frozenset(),
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("field", "op", "values", "expected"),
    [
        ("country", "is", ("AT", "de "), True), ("country", "is", ("AT",), False),
        ("country", "is_not", ("AT",), True), ("country", "is_not", ("DE",), False),
        ("order_value", "at_least", ("89",), True), ("order_value", "below", ("89",), False),
        ("order_value", "at_least", ("89.01",), False), ("product_tag", "is", ("wool",), True),
        ("product_tag", "is_not", ("wool", "sale"), False), ("first_order", "is", ("yes",), True),
        ("first_order", "is", ("no",), False), ("sku", "is", ("A",), False), ("sku", "is_not", ("A",), True),
        # What is not known meets nothing.
        ("segment", "is", ("s",), False), ("segment", "is_not", ("s",), False), ("late", "is", ("no",), False),
        ("moon_phase", "is", ("full",), False),
    ],
)  # fmt: skip
def test_a_condition_holds_or_not(field: str, op: str, values: tuple[str, ...], expected: bool) -> None:
    assert holds(Condition(field, Op(op), values), KNOWN) is expected


def test_an_explanation_says_what_was_found() -> None:
    [found] = explain([Condition("product_tag", Op.IS, ("sale",))], KNOWN)
    assert found.as_json() == {
        "field": "product_tag", "op": "is", "values": ["sale"], "found": ["Wool", "new"], "holds": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (Condition("moon_phase", Op.IS, ("full",)), "unknown_field"),
        (Condition("country", Op.AT_LEAST, ("DE",)), "unknown_op"), (Condition("country", Op.IS, ()), "no_value"),
        (Condition("country", Op.IS, (" ",)), "no_value"),
        (Condition("sku", Op.IS, tuple(map(str, range(51)))), "too_many_values"),
        (Condition("order_value", Op.AT_LEAST, ("much",)), "not_a_number"),
        (Condition("order_value", Op.AT_LEAST, ("NaN",)), "not_a_number"),
        (Condition("items", Op.BELOW, ("1", "2")), "not_a_number"),
        (Condition("first_order", Op.IS, ("maybe",)), "unknown_value"),
        (Condition("parcel_state", Op.IS, ("lost in space",)), "unknown_value"),
        (Condition("parcel_state", Op.IS, ("delivered",)), ""),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_has_a_code(condition: Condition, code: str) -> None:
    assert fault(condition) == code


def test_every_field_is_known_of_an_order_in_a_fixed_number_of_queries(
    merchant: Merchant, django_assert_num_queries: Any
) -> None:
    with merchant_scope(merchant):
        now = timezone.now()
        product = Product.objects.create(
            merchant=merchant, external_id="p", title="Sweater", product_type="Knitwear", tags=["wool"],
            created_at=now, updated_at=now,
        )  # fmt: skip
        Variant.objects.create(
            merchant=merchant,
            product=product,
            external_id="v",
            sku="FWS-M",
            price=Decimal(89),
            currency="EUR",
        )
    lines = [LineIn(title="Sweater", quantity=2, unit_price=Decimal(89), external_id="L1", sku="FWS-M")]
    first = factories.order(merchant, email="anna@example.test", lines=lines)
    parcel = factories.shipment(merchant, first)
    again = factories.order(
        merchant, lines=lines,
        customer=CustomerIn(email="anna@example.test", locale="de"),
        shipping_address=AddressIn(city="Wien", postcode="1010", country="AT"),
    )  # fmt: skip
    others = [factories.order(merchant) for _ in range(12)]
    counts = []
    for orders in ([first, again], [first, again, *others]):
        with merchant_scope(merchant), django_assert_num_queries(6) as queries:
            found = contexts(merchant, orders, set(Needs))
        counts.append(len(queries))
    assert counts == [6, 6]
    values = found[first.id].values
    assert set(FIELDS) - set(values) == {"last_message"}
    assert {
        name: values[name]
        for name in ("country", "product_tag", "product_type", "items", "first_order", "ordered_again", "sku")
    } == {
        "country": "DE", "product_tag": frozenset({"wool"}), "product_type": frozenset({"Knitwear"}),
        "items": Decimal(2), "first_order": True, "ordered_again": True, "sku": frozenset({"FWS-M"}),
    }  # fmt: skip
    assert found[again.id].values["order_count"] == Decimal(2)
    assert found[again.id].values["first_order"] is False
    assert found[first.id].of_parcel(parcel.id).values["parcel_state"] == frozenset({parcel.status})
