"""Parcels: what is in them, what they change about their order, and what is refused."""

from typing import Any

import pytest
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders import commands as orders
from orders.models import Order, OrderLine
from tests import factories
from tests.api_client import ApiClient
from tests.tracking.conftest import facts_of, fresh
from tracking.models import Shipment

NOW = timezone.now


def order_of_three(api: ApiClient) -> dict[str, Any]:
    """An order of one sweater (L1) and two loafers (L2)."""
    return api.post("orders", factories.order_body()).json()


def post(api: ApiClient, order: dict[str, Any], number: str, *lines: tuple[str, int], **fields: Any) -> Any:
    body = {"order_id": order["id"], "carrier": "UPS", "tracking_number": number, **fields}
    if lines:
        body["lines"] = [{"line": line, "quantity": quantity} for line, quantity in lines]
    return api.post("shipments", body)


def scan(api: ApiClient, number: str, status: str, **fields: Any) -> Any:
    body = {"tracking_number": number, "status": status, "occurred_at": NOW().isoformat(), **fields}
    return api.post("scans", body)


def stage(api: ApiClient, order: dict[str, Any]) -> str:
    return str(api.get(f"orders/{order['id']}").json()["stage"])


def shipped(api: ApiClient, order: dict[str, Any]) -> list[int]:
    return [line["shipped_quantity"] for line in api.get(f"orders/{order['id']}").json()["lines"]]


def parcels(owner: Merchant) -> list[Shipment]:
    with merchant_scope(owner):
        return list(Shipment.objects.order_by("number"))


# Several parcels


def test_an_order_goes_out_in_three_parcels(api: ApiClient, merchant: Merchant) -> None:
    order = order_of_three(api)
    assert stage(api, order) == "to_ship"
    first = post(api, order, "A", ("L2", 1)).json()
    assert (stage(api, order), shipped(api, order)) == ("partly_shipped", [0, 1])
    second = post(api, order, "B", ("L1", 1)).json()
    third = post(api, order, "C").json()  # without lines: all that is left
    assert third["lines"] == [{**third["lines"][0], "line": "L2", "quantity": 1}]
    assert [parcel["number"] for parcel in (first, second, third)] == [1, 2, 3]
    assert (stage(api, order), shipped(api, order)) == ("in_transit", [1, 2])

    scan(api, "A", "delivered")
    scan(api, "B", "delivered")
    assert stage(api, order) == "in_transit"  # 2 of 3 delivered
    scan(api, "C", "exception", substatus="exception.damaged")
    assert stage(api, order) == "attention"
    scan(api, "C", "delivered")
    assert stage(api, order) == "delivered"


def test_a_second_post_updates_the_parcel_and_what_is_in_it(api: ApiClient, merchant: Merchant) -> None:
    order = order_of_three(api)
    first = post(api, order, "A", ("L2", 2), external_id="P1")
    assert first.status_code == 201
    again = post(api, order, "A-2", ("L1", 1), ("L2", 1), external_id="P1", service="Express")
    assert again.status_code == 200
    assert again.json()["id"] == first.json()["id"]
    assert {line["line"]: line["quantity"] for line in again.json()["lines"]} == {"L1": 1, "L2": 1}
    assert (again.json()["tracking_number"], again.json()["service"]) == ("A-2", "Express")
    assert (shipped(api, order), stage(api, order)) == ([1, 1], "partly_shipped")
    [parcel] = parcels(merchant)
    assert facts_of(parcel) == ["shipment.created", "shipment.shipped"]
    # The same again changes nothing; without lines they stay.
    assert post(api, order, "A-2", external_id="P1").json()["lines"] == again.json()["lines"]
    assert shipped(api, order) == [1, 1]
    assert len(facts_of(parcel)) == 2


def test_the_order_is_found_by_the_number_of_its_parcel(api: ApiClient) -> None:
    order = order_of_three(api)
    post(api, order, "00340434161094042557")
    found = api.get("shipments", tracking_number="00340434161094042557").json()["data"]
    assert [parcel["order_id"] for parcel in found] == [order["id"]]


# What is refused: nothing of it is stored


REFUSED = [
    ("unknown line", [("L9", 1)], 422, "unknown_line", "lines[0].line"),
    ("more than ordered", [("L1", 1), ("L2", 3)], 422, "more_than_ordered", "lines[1].quantity"),
    ("in two entries", [("L2", 1), ("L2", 1), ("L2", 1)], 422, "more_than_ordered", "lines[2].quantity"),
    ("nothing", [("L1", 0)], 400, "invalid_field", "lines[0].quantity"),
    ("less than nothing", [("L1", -1)], 400, "invalid_field", "lines[0].quantity"),
    ("more than an integer", [("L1", 2**40)], 400, "invalid_field", "lines[0].quantity"),
]


@pytest.mark.parametrize(
    ("lines", "status", "code", "param"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_lines_that_cannot_be_in_it_are_refused_by_name(
    api: ApiClient, merchant: Merchant, lines: Any, status: int, code: str, param: str
) -> None:
    order = order_of_three(api)
    answer = post(api, order, "A", *lines)
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (status, code, param)
    assert (parcels(merchant), shipped(api, order), stage(api, order)) == ([], [0, 0], "to_ship")


def test_what_is_in_one_parcel_cannot_be_in_another(api: ApiClient, merchant: Merchant) -> None:
    order = order_of_three(api)
    post(api, order, "A", ("L2", 1))
    answer = post(api, order, "B", ("L2", 2))
    assert (answer.status_code, answer.json()["detail"]) == (422, "Of line 'L2' 1 can be shipped, not 2.")
    # An update that asks for too much leaves the parcel as it was.
    assert post(api, order, "A", ("L2", 3)).status_code == 422
    assert (shipped(api, order), len(parcels(merchant))) == ([0, 1], 1)


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"order_id": "ord_nonsense"}, 404, "order_id"),
        ({"order_id": ""}, 400, "order_id"),
        ({"order_id": "", "order_external_id": "nobody's"}, 404, "order_external_id"),
        ({"shipped_at": "2999-01-01T00:00:00Z"}, 400, "shipped_at"),
        ({"shipped_at": "2026-01-01T00:00:00"}, 400, "shipped_at"),
        ({"delivery": {"earliest": "2026-02-02T00:00:00Z", "latest": "2026-02-01T00:00:00Z"}}, 400,
         "delivery.latest"),
        ({"delivery": {"earliest": "2026-02-02T00:00:00Z"}}, 400, "delivery.latest"),
        ({"tracking_number": "1" * 101}, 400, "tracking_number"),
        ({"tracking_number": 5}, 400, "tracking_number"),
        ({"colour": "red"}, 400, "colour"),
        ({"carrier": "a\x00b"}, 400, "carrier"),
    ],
)  # fmt: skip
def test_fields_that_cannot_be_are_refused_by_name(
    api: ApiClient, merchant: Merchant, fields: dict[str, Any], status: int, param: str
) -> None:
    order = order_of_three(api)
    answer = api.post(
        "shipments", {"order_id": order["id"], "carrier": "UPS", "tracking_number": "A", **fields}
    )
    assert (answer.status_code, answer.json()["param"]) == (status, param)
    assert (parcels(merchant), shipped(api, order)) == ([], [0, 0])


def test_a_cancelled_order_gets_no_parcel(api: ApiClient, merchant: Merchant) -> None:
    order = order_of_three(api)
    api.post(f"orders/{order['id']}/cancel")
    answer = post(api, order, "A")
    assert (answer.status_code, answer.json()["code"]) == (422, "order_cancelled")
    assert parcels(merchant) == []


def test_a_strangers_order_is_not_there(
    api: ApiClient, strangers_api: ApiClient, merchant: Merchant, stranger: Merchant
) -> None:
    order = order_of_three(api)
    assert post(strangers_api, order, "A").status_code == 404
    assert (parcels(merchant), parcels(stranger)) == ([], [])


# Handed over


def test_shipped_at_left_out_is_now_null_is_not_yet_and_a_time_is_that_time(api: ApiClient) -> None:
    order = order_of_three(api)
    now = post(api, order, "A", ("L2", 1)).json()
    not_yet = post(api, order, "B", ("L2", 1), shipped_at=None).json()
    then = post(api, order, "C", ("L1", 1), shipped_at="2026-01-05T10:00:00+01:00").json()
    assert now["shipped_at"] is not None
    assert (not_yet["shipped_at"], not_yet["status"]) == (None, "info_received")
    assert then["shipped_at"] == "2026-01-05T09:00:00Z"


def test_a_parcel_without_number_that_is_not_handed_over_is_pending(
    api: ApiClient, merchant: Merchant
) -> None:
    order = order_of_three(api)
    parcel = post(api, order, "", shipped_at=None).json()
    assert (parcel["status"], stage(api, order)) == ("pending", "to_ship")
    assert facts_of(parcels(merchant)[0]) == ["shipment.created"]
    # The shop says later that it has gone.
    updated = post(api, order, "", external_id=parcel["external_id"], shipped_at=NOW().isoformat()).json()
    assert (updated["id"], updated["status"], stage(api, order)) == (
        parcel["id"],
        "info_received",
        "in_transit",
    )
    assert facts_of(parcels(merchant)[0]) == ["shipment.created", "shipment.shipped"]


def test_the_first_scan_of_the_carrier_hands_it_over_too(api: ApiClient, merchant: Merchant) -> None:
    order = order_of_three(api)
    post(api, order, "A", shipped_at=None)
    scan(api, "A", "info_received")
    assert parcels(merchant)[0].shipped_at is None
    scan(api, "A", "in_transit", substatus="transit.picked_up")
    assert parcels(merchant)[0].shipped_at is not None
    assert facts_of(parcels(merchant)[0]) == ["shipment.created", "shipment.shipped"]


# Taken back


def test_a_cancelled_parcels_pieces_can_be_sent_again(api: ApiClient, merchant: Merchant) -> None:
    order = order_of_three(api)
    parcel = post(api, order, "A").json()
    for _ in range(2):
        answer = api.post(f"shipments/{parcel['id']}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (stage(api, order), shipped(api, order)) == ("to_ship", [0, 0])
    assert facts_of(parcels(merchant)[0]).count("shipment.cancelled") == 1
    assert fresh(parcels(merchant)[0]).due_at is None
    assert post(api, order, "B").status_code == 201
    assert (stage(api, order), shipped(api, order)) == ("in_transit", [1, 2])
    assert parcels(merchant)[1].number == 2


def test_a_parcel_that_its_carrier_has_cannot_be_cancelled(api: ApiClient, merchant: Merchant) -> None:
    order = order_of_three(api)
    parcel = post(api, order, "A").json()
    scan(api, "A", "in_transit")
    answer = api.post(f"shipments/{parcel['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (422, "shipment_in_transit")
    assert (shipped(api, order), stage(api, order)) == ([1, 2], "in_transit")


def test_a_cancelled_parcel_that_is_scanned_stays_cancelled_until_it_arrives_after_all(
    api: ApiClient, merchant: Merchant
) -> None:
    order = order_of_three(api)
    parcel = post(api, order, "A").json()
    api.post(f"shipments/{parcel['id']}/cancel")
    scan(api, "A", "in_transit")
    assert parcels(merchant)[0].status == "cancelled"
    scan(api, "A", "delivered")
    assert parcels(merchant)[0].status == "delivered"
    assert facts_of(parcels(merchant)[0])[-1] == "shipment.delivered"


def test_an_order_that_was_cancelled_stays_cancelled_whatever_its_parcel_does(
    api: ApiClient, merchant: Merchant
) -> None:
    order = order_of_three(api)
    post(api, order, "A")
    api.post(f"orders/{order['id']}/cancel")
    scan(api, "A", "in_transit")
    assert stage(api, order) == "cancelled"


def test_quantities_of_an_order_cannot_go_below_what_was_sent(api: ApiClient, merchant: Merchant) -> None:
    order = factories.order(merchant, quantity=3)
    factories.shipment(merchant, order, quantity=2)
    with merchant_scope(merchant):
        line = OrderLine.objects.get(order=order)
        assert line.shipped_quantity == 2
    body = factories.order_body(
        external_id=order.external_id,
        lines=[{"external_id": "L1", "title": "Fjord Wool Sweater", "quantity": 1, "unit_price": "89.00"}],
    )
    answer = api.post("orders", body)
    assert (answer.status_code, answer.json()["param"]) == (422, "lines[0].quantity")


def test_a_parcel_of_a_cancelled_order_that_was_sent_before_can_still_be_corrected(
    api: ApiClient, merchant: Merchant
) -> None:
    order = order_of_three(api)
    post(api, order, "A", external_id="P1")
    with merchant_scope(merchant):
        row = Order.objects.get()
    orders.cancel_order(merchant, row.pk)
    assert post(api, order, "A2", external_id="P1").json()["tracking_number"] == "A2"
