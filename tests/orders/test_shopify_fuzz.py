"""Whatever JSON of a payload's shape comes: the mapping never fails, and what comes of it can be stored."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merchants.scope import merchant_scope
from orders.checks import checked
from orders.connectors.lenient import Unreadable, payload_of
from orders.connectors.shopify import read_order
from orders.connectors.shopify_fulfilments import read_fulfilment
from orders.models import InboxItem, InboxState
from tests.orders.shopify_shop import fixture

NOW = datetime(2026, 11, 22, tzinfo=UTC)

NASTY = st.sampled_from(
    [
        None, True, False, 0, -1, 10**25, -(10**25), 1e308, -0.0, 1e-300, "", " ", "0", "-5.00", "NaN", "Infinity",
        "sNaN", "1e400", "\x00", "\ud800", "x" * 3000, "é" * 700, "a@b, c@d.test", "javascript:alert(1)", "2026-13-45",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00", "gid://shopify/Order/1", [],
        {}, [None], [[]], {"": ""}, "\u2028\r\n", "İ" * 300, "ﷺ" * 190,
    ]
)  # fmt: skip
ANYTHING = st.recursive(
    NASTY | st.text(max_size=20) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, at: tuple = ()) -> list[tuple]:
    """Where every value of a payload stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, entry in inner for path in paths(entry, (*at, key)))]


def changed(payload: Any, path: tuple, new: Any) -> Any:
    """The payload with another value at a place."""
    if not path:
        return new
    copy = dict(payload) if isinstance(payload, dict) else list(payload)
    copy[path[0]] = changed(payload[path[0]], path[1:], new)
    return copy


ORDER, FULFILMENT = fixture("order_updated_refund"), fixture("fulfillment_two_numbers")
ORDER_PATHS = [p for p in paths(ORDER) if p and p[0] not in ("billing_address", "client_details")]


@st.composite
def bent(draw: Any, payload: Any, places: list[tuple]) -> Any:
    """A payload with up to four values replaced by anything, the later ones first (a replaced part has no inside)."""
    for path in sorted(
        draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)), key=len, reverse=True
    ):
        payload = changed(payload, path, draw(ANYTHING))
    return payload


def read(payload: Any, reader: Callable[[dict[str, Any]], Any]) -> Any:
    try:
        return reader(payload_of(json.dumps(payload).encode()))
    except Unreadable:
        return None


@settings(max_examples=300, deadline=None)
@given(bent(ORDER, ORDER_PATHS))
def test_any_order_payload_is_mapped_to_values_that_fit_their_columns(payload: Any) -> None:
    told = read(payload, lambda p: read_order(p, currency="EUR", now=NOW))
    if told is None:
        return
    values = checked(told.order)
    assert all(line.quantity > 0 and line.unit_price >= 0 for line in told.order.lines)
    assert len({line.external_id for line in told.order.lines}) == len(told.order.lines)
    for name, limit in {
        "number": 64,
        "phone": 40,
        "city": 120,
        "postcode": 20,
        "country": 2,
        "locale": 10,
    }.items():
        assert len(values[name]) <= limit
    json.dumps(told.origin.raw, allow_nan=False).encode()


@settings(max_examples=200, deadline=None)
@given(bent(FULFILMENT, paths(FULFILMENT)))
def test_any_fulfilment_payload_is_mapped(payload: Any) -> None:
    told = read(payload, lambda p: read_fulfilment(p, now=NOW))
    if told is not None:
        assert told.parcels
        assert told.shipped_at is None or told.shipped_at <= NOW


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | ANYTHING.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_an_object_or_unreadable(body: bytes) -> None:
    with suppress(Unreadable):
        assert isinstance(payload_of(body), dict)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.tuples(st.just("orders/updated"), bent(ORDER, ORDER_PATHS))
    | st.tuples(st.just("fulfillments/update"), bent(FULFILMENT, paths(FULFILMENT)))
)
def test_any_payload_is_answered_stored_and_worked_off_without_a_fault_of_ours(
    take_in: Callable[..., Any], shop: Any, sent: tuple[str, Any]
) -> None:
    topic, payload = sent
    assert take_in(topic, payload).status_code == 200
    with merchant_scope(shop.merchant):
        item = InboxItem.objects.order_by("-id")[0]
    unknown_order = topic == "fulfillments/update" and "is not known" in item.error
    if item.state == InboxState.WAITING:
        assert unknown_order, item.error
    if item.state == InboxState.FAILED:
        assert any(w in item.error for w in ("has no id", "not a JSON object", "is not an order")), item.error
