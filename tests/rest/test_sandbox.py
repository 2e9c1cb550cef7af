"""The sandbox: a shop beside the shop, where parcels move when asked and no message goes out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from merchants.commands import add_member
from merchants.models import Merchant, Role
from merchants.rest.auth import create_api_key
from merchants.sandbox import sandbox_of
from merchants.scope import merchant_scope
from notifications.models import Message, MessageState
from notifications.sending import send_due
from orders.models import Order
from tests import factories
from tests.api_client import ApiClient
from tests.rest.test_problems import assert_problem
from tracking.models import Shipment
from tracking.statuses import Status


@pytest.fixture
def sandbox(merchant: Merchant) -> Merchant:
    """Nordwind's sandbox."""
    return sandbox_of(merchant)


@pytest.fixture
def test_api(sandbox: Merchant) -> ApiClient:
    """A shop's backend with a key of the sandbox."""
    return ApiClient(create_api_key(sandbox, name="test")[1])


def parcel(test_api: ApiClient, number: str, **fields: Any) -> dict[str, Any]:
    """A simulated parcel with this number, of an order of its own."""
    order = test_api.post("orders", factories.order_body()).json()
    body = {"order_id": order["id"], "carrier": "sandbox", "tracking_number": number, **fields}
    return test_api.post("shipments", body).json()  # type: ignore[no-any-return]


def advance(test_api: ApiClient, shipment: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The shipment after it was moved; as it was when it did not move."""
    answer = test_api.post("sandbox/advance", {"shipment_id": shipment["id"], **fields})
    assert answer.status_code == 200, answer.content
    return next(iter(answer.json()["data"]), shipment)


def test_a_merchant_has_one_sandbox_with_its_looks_and_keys_of_its_own(merchant: Merchant) -> None:
    merchant.brand_color = "#123456"
    merchant.save()
    made = sandbox_of(merchant)
    assert sandbox_of(merchant) == made == sandbox_of(made)
    assert (made.slug, made.name, made.brand_color) == ("nordwind-sandbox", "Nordwind Sandbox", "#123456")
    assert create_api_key(made, name="k")[1].startswith("aw_test_")
    assert create_api_key(merchant, name="k")[1].startswith("aw_live_")


def test_a_slug_that_somebody_has_is_not_taken_from_them(merchant: Merchant) -> None:
    factories.merchant("nordwind-sandbox", "Somebody")
    assert sandbox_of(merchant).slug not in ("nordwind", "nordwind-sandbox")


def test_nothing_of_the_sandbox_shows_in_the_shop(
    api: ApiClient, test_api: ApiClient, merchant: Merchant
) -> None:
    body = factories.order_body()
    tried = test_api.post("orders", body).json()
    real = api.post("orders", body)
    assert real.status_code == 201
    assert [order["id"] for order in api.get("orders").json()["data"]] == [real.json()["id"]]
    assert_problem(api.get(f"orders/{tried['id']}"), 404, "not_found")
    assert_problem(test_api.get(f"orders/{real.json()['id']}"), 404, "not_found")
    with merchant_scope(merchant):
        assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("DELIVERED", {Status.INFO_RECEIVED, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.DELIVERED}),
        ("ATTEMPT", {Status.ATTEMPT_FAILED, Status.DELIVERED}),
        ("PICKUP", {Status.AVAILABLE_FOR_PICKUP, Status.DELIVERED}),
        ("EXCEPTION", {Status.EXCEPTION}),
        ("RETURNED", {Status.EXCEPTION, Status.RETURNING, Status.RETURNED}),
        ("CUSTOMS", {Status.EXCEPTION, Status.DELIVERED}),
        ("DELAYED", {Status.EXCEPTION, Status.DELIVERED}),
        ("LOST", {Status.EXCEPTION}),
    ],
)
def test_a_number_makes_its_states_happen_one_after_the_other(
    test_api: ApiClient, kind: str, expected: set[Status]
) -> None:
    shipment = parcel(test_api, f"SBX-{kind}-1")
    seen = set()
    for _ in range(20):
        shipment = advance(test_api, shipment)
        seen.add(shipment["status"])
    assert expected <= seen
    assert len(shipment["scans"]) > 4
    assert [scan["source"] for scan in shipment["scans"]] == ["sandbox"] * len(shipment["scans"])


def test_hours_pass_at_once_and_the_whole_journey_too(test_api: ApiClient) -> None:
    shipment = parcel(test_api, "SBX-DELIVERED-2")
    begun = advance(test_api, shipment, hours=12)
    assert begun["status"] == Status.IN_TRANSIT
    assert advance(test_api, shipment, hours=2000)["status"] == Status.DELIVERED


def test_all_parcels_on_their_way_move_when_none_is_named(test_api: ApiClient) -> None:
    parcels = [parcel(test_api, f"SBX-DELIVERED-{number}") for number in range(3)]
    advance(test_api, parcels[0], steps=100)
    moved = test_api.post("sandbox/advance", {}).json()["data"]
    assert {shipment["id"] for shipment in moved} == {parcels[1]["id"], parcels[2]["id"]}
    assert test_api.post("sandbox/advance").status_code == 200  # a body is not needed


def test_a_real_shops_key_moves_nothing(api: ApiClient, merchant: Merchant) -> None:
    order = factories.order(merchant)
    factories.shipment(merchant, order, tracking_number="SBX-DELIVERED-1")
    assert_problem(api.post("sandbox/advance", {}), 403, "not_a_sandbox")
    with merchant_scope(merchant):
        assert Shipment.objects.get().last_scan_at is None


def test_a_parcel_that_is_not_simulated_or_not_there_is_not_moved(test_api: ApiClient) -> None:
    real = parcel(test_api, "00340434292135100186", carrier="dhl")
    for shipment_id in (real["id"], "shp_" + "0" * 26, "nonsense"):
        assert_problem(test_api.post("sandbox/advance", {"shipment_id": shipment_id}), 404, "not_found")


@pytest.mark.parametrize("body", [{"steps": 0}, {"hours": -1}, {"hours": "1"}, {"weeks": 1}])
def test_a_journey_is_not_taken_by_nonsense(test_api: ApiClient, body: dict[str, Any]) -> None:
    assert_problem(test_api.post("sandbox/advance", body), 400, "invalid_field")


def test_no_carrier_is_asked_about_parcels_of_a_sandbox(test_api: ApiClient, sandbox: Merchant) -> None:
    parcel(test_api, "00340434292135100186", carrier="dhl")
    with merchant_scope(sandbox):
        assert Shipment.objects.get().due_at is None
    refused = test_api.post(f"shipments/{test_api.get('shipments').json()['data'][0]['id']}/refresh")
    assert_problem(refused, 422, "carrier_not_asked")


def test_messages_are_written_and_kept_and_sent_to_nobody(
    test_api: ApiClient, sandbox: Merchant, drain_all: Callable[[], int], smtp_sink: Any
) -> None:
    advance(test_api, parcel(test_api, "SBX-DELIVERED-1"), steps=100)
    drain_all()
    while send_due():
        pass
    with merchant_scope(sandbox):
        kept = list(Message.objects.filter(reason="sandbox"))
        assert not Message.objects.filter(state__in=(MessageState.SENT, MessageState.PLANNED)).exists()
    assert "order_confirmation" in {message.touchpoint for message in kept}
    assert all(message.subject and message.html and message.recipient for message in kept)
    assert {message.state for message in kept} == {MessageState.SKIPPED}
    assert smtp_sink.mails == []


def test_who_works_for_the_shop_works_in_its_sandbox_by_the_same_role(
    merchant: Merchant, sandbox: Merchant, stranger: Merchant, client: Client
) -> None:
    manager = add_member(merchant, email="mia@nordwind.test", password="long enough 1", role=Role.MANAGER)
    analyst = add_member(merchant, email="ana@nordwind.test", password="long enough 1", role=Role.ANALYST)
    outsider = add_member(stranger, email="max@sudwind.test", password="long enough 1")
    for user, answers in (
        (manager.user, (200, 200)),
        (analyst.user, (200, 403)),
        (outsider.user, (404, 404)),
    ):
        client.force_login(user)
        pages = (f"/app/{sandbox.slug}/orders/", f"/app/{sandbox.slug}/settings/sandbox/")
        assert tuple(client.get(page).status_code for page in pages) == answers


def test_the_sandbox_is_opened_from_the_settings_and_its_parcels_move_there(
    merchant: Merchant, client: Client
) -> None:
    client.force_login(add_member(merchant, email="mia@nordwind.test", password="long enough 1").user)
    assert client.get("/app/nordwind-sandbox/orders/").status_code == 404
    opened = client.post("/app/nordwind/settings/sandbox/open/")
    assert opened["Location"] == "/app/nordwind-sandbox/orders/"
    page = client.get(opened["Location"]).content.decode()
    assert "Sandbox: nothing here is real" in page
    assert "Sandbox: nothing here is real" not in client.get("/app/nordwind/orders/").content.decode()
    sandbox = Merchant.objects.get(sandbox_of=merchant)
    shipment = factories.shipment(sandbox, factories.order(sandbox), tracking_number="SBX-DELIVERED-1")
    client.post("/app/nordwind-sandbox/settings/sandbox/move/")
    with merchant_scope(sandbox):
        assert Shipment.objects.get(pk=shipment.pk).last_scan_at is not None
