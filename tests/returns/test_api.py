"""Returns over the API: what a shop's backend sends, gets and is refused."""

from datetime import timedelta
from typing import Any

import pytest

from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from returns import commands
from returns.models import Return
from returns.requesting import RequestedReturn
from returns.states import Side
from tests.api_client import ApiClient
from tests.returns.conftest import delivered, rules
from tests.returns.test_exchanges import sell
from tests.returns.test_money import ask
from tracking.models import Shipment


def body(order: Order, **fields: Any) -> dict[str, Any]:
    return {
        "order_external_id": order.external_id,
        "lines": [{"line": "L1", "reason": "too_small"}],
        **fields,
    }


def test_a_return_goes_its_whole_way_over_the_api(
    merchant: Merchant, api: ApiClient, strangers_api: ApiClient
) -> None:
    rules(merchant, refund_trigger="inspection")
    order = delivered(merchant)
    made = api.post("returns", body(order), idempotency_key="k1")
    again = api.post("returns", body(order), idempotency_key="k1")
    assert (made.status_code, again.status_code, made.json()["id"]) == (201, 201, again.json()["id"])
    ret = made.json()
    assert (ret["approval_state"], ret["logistics_state"], ret["money_state"]) == (
        "requested",
        "none",
        "none",
    )
    assert (ret["lines"][0]["paid"], ret["lines"][0]["line"]) == ("89.00", "L1")
    path, line = f"returns/{ret['id']}", ret["lines"][0]["id"]
    steps = [
        ("ask", {"text": "Which size?"}, "asked"), ("reply", {"text": "L"}, "requested"),
        ("approve", {"lines": [{"return_line_id": line, "quantity": 1}]}, "approved"),
        ("extend", {"days": 40}, "approved"), ("parcel", {"tracking_number": "API-0001", "carrier": "dhl"}, "approved"),
        ("sent", None, "in_transit"), ("receive", {}, "received"),
        ("inspect", {"lines": [{"return_line_id": line, "accepted": 1, "grade": "A"}]}, "inspected"),
    ]  # fmt: skip
    for verb, sent, state in steps:
        answer = api.post(f"{path}/{verb}", sent)
        assert answer.status_code == 200, (verb, answer.content)
        shown = answer.json()
        assert state in (shown["approval_state"], shown["logistics_state"]), verb
    assert shown["money_state"] == "pending"
    assert [e["kind"] for e in api.get(path).json()["entries"]] == [
        "requested", "asked", "replied", "approved", "label", "sent", "received", "inspected", "restocked", "money",
    ]  # fmt: skip
    assert strangers_api.get(path).status_code == 404
    assert strangers_api.post(f"{path}/approve", {}).status_code == 404
    assert api.post(f"{path}/cancel", {}).json()["code"] == "return_state"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lines": [{"line": "L1", "quantity": 3}]}, 422, "unknown_line"),
        ({"lines": [{"line": "nope"}]}, 422, "unknown_line"),
        ({"lines": [{"line": "L1"}, {"line": "L1"}]}, 422, "line_twice"),
        ({"lines": [{"line": "L1", "quantity": 0}]}, 400, "invalid_field"),
        ({"lines": [{"line": "L1", "resolution": "gold"}]}, 422, "resolution_not_offered"),
        ({"lines": [{"line": "L1", "condition": "eaten"}]}, 422, "unknown_item_condition"),
        (
            {"lines": [{"line": "L1", "resolution": "exchange", "exchange_variant": "x"}]},
            422,
            "unknown_variant",
        ),
        ({"method": "pigeon"}, 422, "method_not_offered"),
        ({"gift": True}, 422, "gift_without_address"),
        ({"order_external_id": "nobody's"}, 404, "order_not_found"),
        ({"by": "thief"}, 400, "invalid_field"),
    ],
)
def test_bad_requests_are_told_apart_and_store_nothing(
    merchant: Merchant, order: Order, api: ApiClient, change: dict[str, Any], status: int, code: str
) -> None:
    answer = api.post("returns", body(order, **change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    with platform_scope("counting in a test"):
        assert Return.objects.count() == 0


def test_a_second_after_the_window_in_the_shoppers_time_zone_is_too_late(
    merchant: Merchant, order: Order, api: ApiClient
) -> None:
    shown = api.get(f"orders/{_public(order)}/returnable").json()["lines"]
    assert [(line["line"], line["quantity"], line["returnable"]) for line in shown] == [
        ("L1", 2, True),
        ("L2", 1, True),
    ]
    from datetime import datetime

    last = datetime.fromisoformat(shown[0]["window_ends"])
    with pytest.raises(Exception, match="30") as refused:
        commands.request_return(
            merchant, order.id, RequestedReturn(), by=Side.SHOPPER, at=last + timedelta(seconds=1)
        )
    assert refused.value.code == "window_over"  # type: ignore[attr-defined]
    assert commands.request_return(merchant, order.id, RequestedReturn(), by=Side.SHOPPER, at=last).id


def _public(order: Order) -> str:
    from merchants.ids import public_id

    return public_id("ord", order.id)


def test_the_exchange_is_told_by_the_shop(merchant: Merchant, order: Order, api: ApiClient) -> None:
    sell(merchant)
    line = {"line": "L1", "resolution": "exchange_other", "exchange_variant": "v-COAT"}
    ret = api.post("returns", body(order, lines=[line], by="team")).json()
    assert "exchange" in ret, ret
    assert (ret["exchange"]["state"], ret["exchange"]["difference"]) == ("awaiting_payment", "60.00")
    path = f"returns/{ret['id']}/exchange"
    assert api.post(f"{path}/payment-link", {"url": "javascript:alert(1)"}).json()["code"] == "not_a_link"
    assert api.post(f"{path}/payment-link", {"url": "https://shop.test/p"}).status_code == 200
    assert api.post(f"{path}/hold", {"reference": "h"}).json()["code"] == "exchange_state"
    assert api.post(f"{path}/paid", {"reference": "p"}).json()["exchange"]["state"] == "waiting"
    api.post(f"returns/{ret['id']}/receive")
    new = delivered(merchant)
    ordered = api.post(f"{path}/ordered", {"order_external_id": new.external_id}).json()
    assert (ordered["exchange"]["state"], ordered["exchange"]["new_order_id"]) == ("ordered", _public(new))
    assert api.post(f"{path}/sold-out").json()["code"] == "exchange_state"
    other = api.post("returns", body(delivered(merchant))).json()
    assert api.post(f"returns/{other['id']}/exchange/paid", {}).status_code == 404


def test_a_bundle_is_told_and_returned_by_its_parts(merchant: Merchant, order: Order, api: ApiClient) -> None:
    parts = [
        {"external_id": "a", "title": "Left", "weight": "60"},
        {"external_id": "b", "title": "Right", "weight": "69"},
    ]
    path = f"orders/{_public(order)}/parts"
    lines = api.post(path, {"line": "L2", "parts": parts}).json()["lines"]
    assert [(line["line"], line["part"]) for line in lines] == [("L1", ""), ("L2", "a"), ("L2", "b")]
    ret = api.post("returns", body(order, lines=[{"line": "L2", "part": "b"}])).json()
    assert (ret["lines"][0]["part"], ret["lines"][0]["paid"]) == ("b", "69.00")
    assert api.post("returns", body(order, lines=[{"line": "L2"}])).json()["code"] == "unknown_line"
    assert api.post(path, {"line": "L2", "parts": parts[:1]}).json()["code"] == "already_returned"


def test_lists_are_filtered_paged_and_never_grow_their_queries(
    merchant: Merchant, api: ApiClient, django_assert_num_queries: Any
) -> None:
    made = [ask(merchant, delivered(merchant)) for _ in range(5)]
    commands.receive(merchant, made[0].id)
    with django_assert_num_queries(6):
        first = api.get("returns", limit=3).json()
    rest = api.get("returns", limit=3, cursor=first["next_cursor"]).json()
    numbers = [row["number"] for row in first["data"] + rest["data"]]
    assert numbers == [ret.number for ret in reversed(made)]
    assert [r["number"] for r in api.get("returns", logistics_state="received").json()["data"]] == [
        made[0].number
    ]
    assert len(api.get("returns", open="true", order_id=_public(made[1].order)).json()["data"]) == 1
    assert api.get("returns", number=made[2].number).json()["data"][0]["number"] == made[2].number
    for wrong in ({"money_state": "gone"}, {"open": "maybe"}):
        assert api.get("returns", **wrong).status_code == 400
    with merchant_scope(merchant):
        assert Shipment.objects.filter(inbound=True).count() == 0
