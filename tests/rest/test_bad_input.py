"""Bad input: a 4xx that names what and where, and nothing stored by half. Generated over every field of every body."""

import json
import types
import typing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import pytest
from django.db import connection

from merchants.models import Merchant
from orders.schemas import CancelIn, OrderIn
from tests import factories
from tests.api_client import ApiClient
from tracking.schemas import ScanIn, ScansIn, ShipmentIn

TABLES = (
    "orders_order",
    "orders_orderline",
    "orders_customer",
    "tracking_shipment",
    "tracking_shipmentline",
    "tracking_scan",
    "events_incoming",
    "events_fact",
    "notifications_message",
    "merchants_idempotencykey",
)


def rows() -> dict[str, str]:
    """A fingerprint of everything that a body could have changed."""
    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(
                f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t"
            )
            found[table] = cursor.fetchone()[0]
        return found


@pytest.fixture
def bodies(merchant: Merchant) -> dict[str, dict[str, Any]]:
    """One good body for every address that takes one."""
    order = factories.order(merchant, quantity=3)
    parcel = factories.shipment(merchant, order, quantity=1)
    full_order = factories.order_body(
        placed_at="2026-11-20T10:00:00+01:00",
        tax="1.00",
        discount="0.50",
        subtotal="347.00",
        total="351.40",
        delivery={"earliest": "2026-11-24", "latest": "2026-11-25"},
        notify=False,
    )
    full_order["customer"].update(external_id="c1", phone="+491701234567", sms_consent=True)
    full_order["shipping_address"].update(company="X", address2="Y", region="Z")
    full_order["lines"][0].update(image_url="https://shop.test/a.png", requires_shipping=True)
    return {
        "orders": full_order,
        "shipments": {
            "order_external_id": order.external_id,
            "external_id": "s2",
            "carrier": "DHL",
            "tracking_number": "T2",
            "tracking_url": "https://dhl.test/T2",
            "service": "Parcel",
            "lines": [{"line": "L1", "quantity": 1}],
            "shipped_at": "2026-11-21T10:00:00Z",
            "notify": True,
            "delivery": {"earliest": "2026-11-24T08:00:00Z", "latest": "2026-11-25T20:00:00Z"},
        },
        "scans": {
            "tracking_number": parcel.tracking_number,
            "carrier": "sandbox",
            "status": "in_transit",
            "substatus": "transit.departure",
            "occurred_at": "2026-11-21T10:00:00Z",
            "external_id": "e1",
            "raw_code": "X1",
            "description": "D",
            "city": "Berlin",
            "region": "BE",
            "postcode": "1",
            "country": "DE",
        },
    }


KINDS: dict[str, type] = {"orders": OrderIn, "shipments": ShipmentIn, "scans": ScanIn}


def fields(kind: type, at: tuple = ()) -> Iterator[tuple[tuple, Any]]:
    """Every field of a body and of the objects in it: where it stands, and its type."""
    for field in msgspec.structs.fields(kind):
        path = (*at, field.encode_name)
        yield path, field.type
        for inner in _structs(field.type):
            listed = any(typing.get_origin(_bare(t)) is list for t in _members(field.type))
            yield from fields(inner, (*path, 0) if listed else path)


def _members(hint: Any) -> list[Any]:
    bare = _bare(hint)
    if isinstance(bare, types.UnionType) or typing.get_origin(bare) is typing.Union:
        return [member for argument in typing.get_args(bare) for member in _members(argument)]
    return [hint]


def _bare(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def _structs(hint: Any) -> list[type]:
    members = [_bare(member) for member in _members(hint)]
    members += [_bare(a) for m in members for a in typing.get_args(m)]
    return [m for m in members if isinstance(m, type) and issubclass(m, msgspec.Struct)]


def _holds(hint: Any, kind: type) -> bool:
    return any(isinstance(b := _bare(m), type) and issubclass(b, kind) for m in _members(hint))


def put(body: dict[str, Any], path: tuple, value: Any) -> dict[str, Any]:
    """A copy of the body with a value at a place."""
    copy: Any = json.loads(json.dumps(body))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def where(path: tuple) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


ADDRESSES = pytest.mark.parametrize("address", list(KINDS))


def texts(address: str) -> list[tuple]:
    return [path for path, hint in fields(KINDS[address]) if _holds(hint, str)]


def times(address: str) -> list[tuple]:
    return [path for path, hint in fields(KINDS[address]) if _holds(hint, datetime)]


def refused(
    api: ApiClient, address: str, body: Any, *, params: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """The body is refused with a 4xx that names the field, also with an Idempotency-Key, and nothing is stored."""
    before = rows()
    for headers in ({}, {"idempotency_key": "k"}):
        response = api.post(address, body, **headers)
        assert 400 <= response.status_code < 500, response.content
        problem: dict[str, Any] = response.json()
        assert problem["detail"]
        if params is not None:
            assert problem.get("param", "") in params, problem
        assert rows() == before
    return problem


def test_the_good_bodies_are_taken(api: ApiClient, bodies: dict[str, dict[str, Any]]) -> None:
    for address, body in bodies.items():
        assert api.post(address, body).status_code in (200, 201), address


@ADDRESSES
def test_a_wrong_type_is_named(address: str, api: ApiClient, bodies: dict[str, dict[str, Any]]) -> None:
    for path, hint in fields(KINDS[address]):
        members = [_bare(member) for member in _members(hint)]
        takes_object = bool(_structs(hint)) and not any(
            typing.get_origin(member) is list for member in members
        )
        wrong: list[Any] = [["x"]] if takes_object else [{"a": 1}, ["x"]]
        if type(None) not in members:
            wrong.append(None)
        for value in wrong:
            problem = refused(api, address, put(bodies[address], path, value))
            assert problem["code"] == "invalid_field"
            assert problem["param"].startswith(where(path)), (path, value, problem)


@ADDRESSES
def test_a_text_of_a_megabyte_or_with_signs_that_cannot_be_stored_is_refused_by_name(
    address: str, api: ApiClient, bodies: dict[str, dict[str, Any]]
) -> None:
    for path in texts(address):
        for value in ("x" * 1_000_000, "a\x00b"):
            refused(api, address, put(bodies[address], path, value), params=(where(path),))
        body = (
            json.dumps(put(bodies[address], path, "SURROGATE")).replace('"SURROGATE"', '"\\ud800"').encode()
        )
        refused(api, address, body)


ODD = (
    "DE\n",
    "\r\nBcc: x@evil.test",
    "\u2028",
    "' OR 1=1 --",
    "{{ 1 }}",
    "<b>",
    "ﷺ" * 19,
    "🂡",
    "\u202egnp.exe",
)


@ADDRESSES
def test_odd_text_is_stored_whole_or_refused_but_never_a_fault(
    address: str, api: ApiClient, bodies: dict[str, dict[str, Any]]
) -> None:
    for path in texts(address):
        for value in ODD:
            response = api.post(address, put(bodies[address], path, value))
            assert response.status_code < 500, (path, value, response.content)


NO_TIMES = (
    "yesterday",
    "2026-11-20",
    "2026-11-20T10:00:00",
    "2026-13-40T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "2200-01-01T00:00:00Z",
    1_700_000_000,
    "",
)


@ADDRESSES
def test_a_time_without_an_offset_or_out_of_this_world_is_named(
    address: str, api: ApiClient, bodies: dict[str, dict[str, Any]]
) -> None:
    assert times(address)
    for path in times(address):
        for value in NO_TIMES:
            refused(api, address, put(bodies[address], path, value), params=(where(path),))


@pytest.mark.parametrize("kind", [OrderIn, ShipmentIn, ScanIn, ScansIn, CancelIn])
def test_unknown_fields_are_refused_everywhere(kind: type) -> None:
    def check(struct: type) -> None:
        assert struct.__struct_config__.forbid_unknown_fields, struct  # type: ignore[attr-defined]
        for field in msgspec.structs.fields(struct):
            for inner in _structs(field.type):
                check(inner)

    check(kind)


IMPOSSIBLE_ORDERS: list[tuple[tuple, Any]] = [
    *((("lines", 0, "quantity"), v) for v in (0, -1, 1.5, "1", 10**6 + 1, 10**30, True)),
    *(
        (("lines", 0, "unit_price"), v)
        for v in ("-1", "NaN", "Infinity", "sNaN", "1e400", "1.00001", "10000000000", "", "x", -0.01)
    ),
    *(
        ((name,), v)
        for name in ("shipping", "tax", "discount", "total", "subtotal")
        for v in ("-1", "NaN", "-Infinity", "1e99")
    ),
    *((("currency",), v) for v in ("XXX", "EURO", "eur", "", "ZZZ", "XTS", "DEM", "EUR\n")),
    *(
        (("customer", "email"), v)
        for v in ("a", "a@b", "a@b.de, c@d.de", "a b@c.de", "a@b.de\nBcc: x@y.de", "<a@b.de>")
    ),
    *((("shipping_address", "country"), v) for v in ("DEU", "de", "D", "DE\n", "")),
    (("customer", "locale"), "../../etc"),
    (("lines",), []),
    (("external_id",), ""),
    (("lines", 0, "title"), ""),
    (("delivery", "earliest"), "2026-11-30"),
    (("delivery", "latest"), "9999-12-31"),
    (("delivery", "earliest"), "0001-01-01"),
    (("placed_at",), (datetime.now(UTC) + timedelta(days=370)).isoformat()),
    (("lines", 1, "external_id"), "L1"),
    (("lines", 0, "image_url"), "javascript:alert(1)"),
    (("lines", 0, "image_url"), "//evil.test/x"),
    (("lines", 0, "image_url"), "https://a.test/\n"),
]


def test_an_order_that_cannot_be_is_refused_by_name(
    api: ApiClient, bodies: dict[str, dict[str, Any]]
) -> None:
    for path, value in IMPOSSIBLE_ORDERS:
        problem = refused(api, "orders", put(bodies["orders"], path, value))
        assert problem["param"].split(".")[0].split("[")[0] == path[0], (path, value, problem)


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "-1", "1" + "0" * 400, "0x10", "1_0", "01"]
)
def test_bare_numbers_that_are_none_are_refused(
    number: str, api: ApiClient, bodies: dict[str, dict[str, Any]]
) -> None:
    body = json.dumps(put(bodies["orders"], ("total",), "N")).replace('"N"', number).encode()
    refused(api, "orders", body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{",
        b"{}x",
        b"\xff\xfe",
        b'{"external_id": "\xff"}',
        b"\x00",
        b"{'a': 1}",
        b"[" * 100_000,
        b'{"lines":' * 50_000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        "{\ufeff}".encode(),
        '\ufeff{"a":1}'.encode(),
    ],
)
@pytest.mark.parametrize("address", ["orders", "shipments", "scans"])
def test_what_is_no_json_object_is_refused(address: str, body: bytes, api: ApiClient) -> None:
    refused(api, address, body)


def test_ten_thousand_lines_are_too_many(api: ApiClient, bodies: dict[str, dict[str, Any]]) -> None:
    line = {"title": "A", "quantity": 1, "unit_price": "1"}
    refused(api, "orders", {**bodies["orders"], "lines": [line] * 10_000}, params=("lines",))
    refused(
        api,
        "shipments",
        {**bodies["shipments"], "lines": [{"line": "L1", "quantity": 1}] * 10_000},
        params=("lines",),
    )
    scans = {"scans": [bodies["scans"]] * 1001}
    refused(api, "scans", scans, params=("scans",))


def test_the_largest_order_that_is_allowed_is_taken(
    api: ApiClient, bodies: dict[str, dict[str, Any]]
) -> None:
    body = {
        **bodies["orders"],
        "lines": [{"title": "A", "quantity": 1, "unit_price": "1"}] * 1000,
        "external_id": "x" * 191,
    }
    del body["number"]
    response = api.post("orders", body)
    assert response.status_code == 201, response.content
    assert len(response.json()["lines"]) == 1000


def test_a_body_over_the_limit_is_refused_unread(api: ApiClient, settings: Any) -> None:
    settings.MAX_BODY_BYTES = 1000
    problem = refused(api, "orders", b'{"x": "' + b"a" * 1000 + b'"}')
    assert problem["code"] == "body_too_large"


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "1e3", "9" * 30])
def test_a_content_length_that_is_none_is_refused(length: str, api: ApiClient) -> None:
    response = api.client.generic(
        "POST",
        "/api/v1/orders",
        b"{}",
        content_type="application/json",
        CONTENT_LENGTH=length,
        headers={"Authorization": f"Bearer {api.key}"},
    )
    assert response.status_code in (400, 413)


# --- parcels and scans against what is there ---


@pytest.mark.parametrize(
    ("lines", "param", "code"),
    [
        ([{"line": "L9", "quantity": 1}], "lines[0].line", "unknown_line"),
        (
            [{"line": "L1", "quantity": 1}, {"line": "L1", "quantity": 2}],
            "lines[1].quantity",
            "more_than_ordered",
        ),
        ([{"line": "L1", "quantity": 999_999}], "lines[0].quantity", "more_than_ordered"),
    ],
)
def test_a_parcel_holds_what_was_ordered_and_no_more(
    lines: Any, param: str, code: str, api: ApiClient, bodies: dict[str, dict[str, Any]]
) -> None:
    problem = refused(api, "shipments", {**bodies["shipments"], "lines": lines})
    assert (problem["param"], problem["code"]) == (param, code)


def test_a_parcel_of_nothing_known_is_refused(api: ApiClient, bodies: dict[str, dict[str, Any]]) -> None:
    parcel = bodies["shipments"]
    refused(api, "shipments", {**parcel, "order_external_id": "nobody's"}, params=("order_external_id",))
    refused(api, "shipments", {**parcel, "order_external_id": ""}, params=("order_id",))
    refused(api, "shipments", {**parcel, "tracking_url": "javascript:alert(1)"}, params=("tracking_url",))


def test_one_wrong_scan_of_many_stores_none(api: ApiClient, bodies: dict[str, dict[str, Any]]) -> None:
    good = bodies["scans"]
    next_year = (datetime.now(UTC) + timedelta(days=365)).isoformat()
    for wrong, param in (
        ({"occurred_at": next_year}, "scans[2].occurred_at"),
        ({"tracking_number": "nobody's"}, "scans[2].tracking_number"),
        ({"tracking_number": ""}, "scans[2].shipment_id"),
        ({"substatus": "delivered.signed"}, "scans[2].substatus"),
        ({"status": "lost"}, "scans[2].status"),
    ):
        refused(api, "scans", {"scans": [good, good, {**good, **wrong}, good]}, params=(param,))


def test_a_single_scan_from_next_year_is_refused(api: ApiClient, bodies: dict[str, dict[str, Any]]) -> None:
    next_year = (datetime.now(UTC) + timedelta(days=365)).isoformat()
    refused(api, "scans", {**bodies["scans"], "occurred_at": next_year}, params=("occurred_at",))


def test_a_single_scan_may_say_the_word_scans(api: ApiClient, bodies: dict[str, dict[str, Any]]) -> None:
    assert api.post("scans", {**bodies["scans"], "description": "scans"}).status_code == 200


def test_a_change_below_what_was_shipped_is_refused_whole(
    api: ApiClient, bodies: dict[str, dict[str, Any]]
) -> None:
    body = bodies["orders"]
    assert api.post("orders", body).status_code == 201
    assert (
        api.post("shipments", {"order_external_id": body["external_id"], "tracking_number": "T9"}).status_code
        == 201
    )
    less = put(put(body, ("lines", 1, "quantity"), 1), ("customer", "first_name"), "Changed")
    problem = refused(api, "orders", less, params=("lines[1].quantity",))
    assert problem["code"] == "line_already_shipped"


@pytest.mark.parametrize(
    "body",
    [{"cancelled_at": "2026-11-20"}, {"cancelled_at": "0001-01-01T00:00:00+14:00"}, {"why": "x"}, [], "x"],
)
def test_a_cancellation_that_cannot_be_read_cancels_nothing(
    body: Any, api: ApiClient, merchant: Merchant
) -> None:
    order_id = api.post("orders", factories.order_body()).json()["id"]
    refused(api, f"orders/{order_id}/cancel", body)


# --- queries ---


PARAMETERS = (
    "limit",
    "cursor",
    "order_id",
    "customer_id",
    "status",
    "stage",
    "external_id",
    "email",
    "tracking_number",
    "type",
    "placed_after",
    "placed_before",
    "state",
    "channel",
    "touchpoint",
    "shipment_id",
    "unknown",
)
ODD_VALUES = (
    "",
    "\x00",
    "a\x00b",
    "%",
    "'",
    "é",
    "-1",
    "9" * 30,
    "x" * 5000,
    "NaN",
    "2026-01-01",
    "0001-01-01T00:00:00+14:00",
    "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMHww",
    "MjAyNi0wMS0wMVQwMDowMDowMHwwMTkzMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA=",
    "ord_" + "z" * 26,
    "١",
)


@pytest.mark.parametrize("path", ["orders", "customers", "shipments", "scans", "events", "messages"])
def test_no_query_is_a_fault_of_ours(path: str, api: ApiClient) -> None:
    for name in PARAMETERS:
        for value in ODD_VALUES:
            response = api.get(path, **{name: value})
            assert response.status_code in (200, 400, 404), (name, value, response.content)
            if response.status_code == 400:
                assert response.json()["param"] in (name, "shipment_id")


def test_a_negative_zero_is_zero(api: ApiClient) -> None:
    order = api.post("orders", factories.order_body(shipping="-0", discount="-0.00")).json()
    assert (order["shipping"], order["discount"]) == ("0.00", "0.00")
