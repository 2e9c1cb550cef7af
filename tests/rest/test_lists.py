"""Lists: limits, cursors and filters; stable while rows are added, whole when walked to the end."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from merchants.ids import public_id
from merchants.models import Merchant
from tests import factories
from tests.api_client import ApiClient

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def walk(
    api: ApiClient, path: str, limit: int, between: Callable[[], Any] = lambda: None, **query: Any
) -> list[Any]:
    """Every entry of a list, page by page; `between` is called after each page."""
    found: list[Any] = []
    after: dict[str, str] = {}
    for _ in range(100):
        page = api.get(path, limit=limit, **query, **after).json()
        assert len(page["data"]) <= limit
        found += page["data"]
        if not page["has_more"]:
            assert path == "events" or page["next_cursor"] is None
            return found
        after = {"cursor": page["next_cursor"]}
        between()
    raise AssertionError("the list has no end")


@pytest.fixture
def many(merchant: Merchant) -> list[str]:
    """Seven orders, three of them of the same moment, each with a parcel. Their external ids, newest first."""
    placed = []
    for index in range(7):
        at = NOW - timedelta(hours=max(0, index - 2))
        order = factories.order(merchant, placed_at=at)
        factories.shipment(merchant, order)
        placed.append((at, order.id, order.external_id))
    return [external_id for *_, external_id in sorted(placed, reverse=True)]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_orders_walked_to_the_end_are_all_there_once_and_newest_first(
    limit: int, api: ApiClient, many: list[str]
) -> None:
    assert [order["external_id"] for order in walk(api, "orders", limit)] == many


@pytest.mark.parametrize("path", ["orders", "shipments", "customers"])
def test_rows_that_are_added_meanwhile_move_nothing(
    path: str, api: ApiClient, many: list[str], merchant: Merchant
) -> None:
    before = {entry["id"] for entry in walk(api, path, 100)}

    def add() -> None:
        factories.shipment(merchant, factories.order(merchant))

    found = [entry["id"] for entry in walk(api, path, 2, add)]
    assert len(found) == len(set(found))
    assert set(found) == before


def test_scans_and_events_are_walked_whole(
    api: ApiClient, merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    parcel = factories.shipment(merchant, factories.order(merchant))
    for index in range(9):
        at = datetime.now(UTC) - timedelta(minutes=index // 2)
        factories.scan(merchant, parcel, "in_transit", at, external_id=str(index))
    drain_all()
    scans = walk(api, "scans", 2, shipment_id=public_id("shp", parcel.id))
    assert len({scan["id"] for scan in scans}) == len(scans) == 9
    assert [s["occurred_at"] for s in scans] == sorted((s["occurred_at"] for s in scans), reverse=True)
    events = walk(api, "events", 1)
    assert [e["position"] for e in events] == sorted({e["position"] for e in events})
    assert {"order.placed", "shipment.created"} <= {e["type"] for e in events}


def test_the_log_goes_on_from_its_end(
    api: ApiClient, merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    factories.order(merchant)
    drain_all()
    end = api.get("events").json()
    assert api.get("events", cursor=end["next_cursor"]).json() == {
        "data": [], "has_more": False, "next_cursor": end["next_cursor"],
    }  # fmt: skip
    later = factories.order(merchant)
    drain_all()
    (event,) = api.get("events", cursor=end["next_cursor"]).json()["data"]
    assert event["data"]["external_id"] == later.external_id


LISTS = ("orders", "shipments", "customers", "events", "messages")


def test_a_limit_out_of_bounds_is_named(api: ApiClient) -> None:
    for path in LISTS:
        for limit in (
            "0",
            "-1",
            "101",
            "1.5",
            "x",
            "",
            " 1",
            "1e1",
            "٣",
            "9" * 50,
            "000000100999999",
            "0" * 5000,
        ):
            response = api.get(path, limit=limit)
            assert (response.status_code, response.json()["param"]) == (400, "limit"), (path, limit)


def cursor(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode()


NEVER_GIVEN = (
    "x",
    "!!!",
    "é",
    "bm90IGEgY3Vyc29y",
    "====",
    cursor(b"2026-11-20T12:00:00|x"),
    cursor(b"2026-11-20T12:00:00|01930000-0000-7000-8000-000000000000"),
    cursor(b"0001-01-01T00:00:00+14:00|01930000-0000-7000-8000-000000000000"),
    cursor(b"\xff\xfe|01930000-0000-7000-8000-000000000000"),
)


def test_a_cursor_that_we_never_gave_is_refused(api: ApiClient) -> None:
    for path in LISTS:
        for text in NEVER_GIVEN:
            response = api.get(path, cursor=text)
            assert (response.status_code, response.json()["param"]) == (400, "cursor"), (path, text)


def test_a_cursor_of_somebody_else_shows_nothing_of_theirs(
    api: ApiClient, strangers_api: ApiClient, many: list[str], stranger: Merchant
) -> None:
    own = factories.order(stranger, placed_at=NOW - timedelta(days=1))
    given = api.get("orders", limit=1).json()["next_cursor"]
    assert [o["external_id"] for o in strangers_api.get("orders", cursor=given).json()["data"]] == [
        own.external_id
    ]


NARROWED: list[tuple[str, dict[str, str], int]] = [
    ("orders", {"status": "placed"}, 7),
    ("orders", {"status": "cancelled"}, 0),
    ("orders", {"stage": "in_transit"}, 7),
    ("orders", {"placed_after": "2026-11-20T12:00:00Z"}, 3),
    ("orders", {"placed_before": "2026-11-20T12:00:00Z"}, 4),
    ("orders", {"placed_after": "2026-11-20T10:00:00Z", "placed_before": "2026-11-20T12:00:00Z"}, 2),
    ("orders", {"external_id": "none"}, 0),
    ("orders", {"customer_id": "cus_nonsense"}, 0),
    ("shipments", {"status": "info_received"}, 7),
    ("shipments", {"status": "delivered"}, 0),
    ("shipments", {"order_id": "ord_nonsense"}, 0),
    ("customers", {"email": "nobody@example.test"}, 0),
]


def test_filters_narrow_the_list(api: ApiClient, many: list[str]) -> None:
    for path, query, count in NARROWED:
        response = api.get(path, **query)
        assert (response.status_code, len(response.json()["data"])) == (200, count), (path, query)


def test_filters_by_id_find_one(api: ApiClient, many: list[str]) -> None:
    order = api.get("orders", external_id=many[0]).json()["data"][0]
    (shipment,) = api.get("shipments", order_id=order["id"]).json()["data"]
    assert api.get("shipments", tracking_number=shipment["tracking_number"]).json()["data"] == [shipment]
    (customer,) = api.get("customers", email=f" {order['email'].upper()} ").json()["data"]
    assert [o["id"] for o in api.get("orders", customer_id=customer["id"]).json()["data"]] == [order["id"]]
    assert api.get(f"orders/{order['id']}").json() == order


@pytest.mark.parametrize(
    ("path", "name"),
    [("orders", "status"), ("orders", "stage"), ("shipments", "status"), ("events", "type"), ("messages", "state"),
     ("messages", "channel"), ("messages", "touchpoint"), ("orders", "placed_after"), ("orders", "placed_before")],
)  # fmt: skip
def test_a_filter_by_a_word_that_does_not_exist_is_named(path: str, name: str, api: ApiClient) -> None:
    response = api.get(path, **{name: "nonsense"})
    assert (response.status_code, response.json()["code"], response.json()["param"]) == (
        400, "invalid_parameter", name,
    )  # fmt: skip


@pytest.mark.parametrize("path", ["orders", "shipments", "customers", "events", "messages"])
def test_a_list_takes_as_many_queries_for_ten_rows_as_for_one(
    path: str,
    api: ApiClient,
    many: list[str],
    drain_all: Callable[[], int],
    django_assert_max_num_queries: Any,
) -> None:
    drain_all()
    api.get(path)
    with django_assert_max_num_queries(5):
        assert len(api.get(path).json()["data"]) >= 5


@pytest.mark.parametrize("path", ["orders", "shipments"])
def test_a_list_does_not_load_what_it_does_not_show(
    path: str, merchant: Merchant, api: ApiClient, django_assert_max_num_queries: Any
) -> None:
    factories.shipment(merchant, factories.order(merchant))
    with django_assert_max_num_queries(10) as captured:
        assert len(api.get(path).json()["data"]) == 1
    assert not any('"raw"' in query["sql"] or '"search"' in query["sql"] for query in captured)
