"""Who may do what: the whole matrix of routes, methods and scopes, generated."""

import itertools

import pytest
from django.db import connection
from django.test import Client

from merchants.ids import public_id, uuid7
from merchants.models import ApiKey, Merchant
from merchants.rest.auth import SCOPES, create_api_key, revoke_api_key
from merchants.sandbox import sandbox_of
from merchants.scope import merchant_scope
from orders.models import Order
from tests import factories
from tests.api_client import ApiClient
from tests.rest.routes import IDS, METHODS, Route, call, routes, scope_of
from tracking.models import Shipment

ALL = list(routes())
CASES = [pytest.param(r, m, id=f"{m} {r.path}") for r, m in itertools.product(ALL, METHODS)]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_every_scope_opens_something() -> None:
    assert {scope for route in ALL for scope in route.view.scopes.values()} == set(SCOPES)


@pytest.mark.parametrize(("route", "method"), CASES)
def test_each_method_needs_its_scope_and_no_other(
    route: Route, method: str, merchant: Merchant, client: Client
) -> None:
    needed = scope_of(route, method)
    if route.path.startswith("sandbox/"):  # These are answered in a sandbox only.
        merchant = sandbox_of(merchant)
    only = create_api_key(merchant, name="only", scopes=(needed,) if needed else SCOPES)[1]
    others = create_api_key(merchant, name="all others", scopes=tuple(s for s in SCOPES if s != needed))[1]
    if needed is None:
        response = call(client, method, route.url(), only)
        assert response.status_code == 405
        assert method == "HEAD" or response.json()["code"] == "method_not_allowed"
        assert set(route.view.scopes) <= set(response["Allow"].split(", "))
        return
    assert call(client, method, route.url(), only).status_code not in (401, 403, 405, 500)
    response = call(client, method, route.url(), others)
    assert response.status_code == 403
    if method != "HEAD":
        assert (response.json()["code"], needed in response.json()["detail"]) == ("missing_scope", True)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Basic YTpi",
        "aw_live_x",
        "Bearer aw_live_x",
        "Bearer \x00",
        "Bearer é",
        "Bearer " + "x" * 50_000,
        "Token {key}",
        "Bearer {key}x",
        "Bearer x{key}",
        "Bearer {key} {key}",
        "Bearer {prefix}",
    ],
)
def test_without_a_valid_key_nothing_is_answered(
    authorization: str | None, merchant: Merchant, client: Client
) -> None:
    row, key = create_api_key(merchant, name="real")
    headers = {}
    if authorization is not None:
        headers["Authorization"] = authorization.format(key=key, prefix=row.prefix)
    for route in ALL:
        response = client.get(route.url(), headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
        assert response["WWW-Authenticate"].startswith("Bearer")


def test_the_scheme_may_be_written_in_any_case(merchant: Merchant, client: Client) -> None:
    key = create_api_key(merchant, name="real")[1]
    assert client.get("/api/v1/orders", headers={"Authorization": f"bearer {key}"}).status_code == 200


def test_a_revoked_key_opens_nothing_any_more(merchant: Merchant, client: Client) -> None:
    row, key = create_api_key(merchant, name="real")
    assert call(client, "GET", "/api/v1/orders", key).status_code == 200
    revoke_api_key(row)
    revoke_api_key(row)
    assert call(client, "GET", "/api/v1/orders", key).status_code == 401


def test_a_key_is_stored_as_its_hash_only(merchant: Merchant) -> None:
    key = create_api_key(merchant, name="real")[1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM merchants_apikey k")
        assert key not in cursor.fetchone()[0]


def test_a_scope_that_does_not_exist_cannot_be_given(merchant: Merchant) -> None:
    with pytest.raises(ValueError, match="orders:everything"):
        create_api_key(merchant, name="real", scopes=("orders:everything",))


def test_when_a_key_was_last_used_is_noted_at_most_once_a_minute(
    merchant: Merchant, client: Client, django_assert_max_num_queries: object
) -> None:
    row, key = create_api_key(merchant, name="real")
    assert call(client, "GET", "/api/v1/orders", key).status_code == 200
    first = ApiKey.objects.get(pk=row.pk).last_used_at
    call(client, "GET", "/api/v1/orders", key)
    assert first is not None
    assert ApiKey.objects.get(pk=row.pk).last_used_at == first


@pytest.mark.parametrize("route", [pytest.param(r, id=r.path) for r in ALL])
def test_head_answers_as_get_without_a_body_and_options_names_the_methods(
    route: Route, merchant: Merchant, client: Client
) -> None:
    key = create_api_key(merchant, name="real")[1]
    if "GET" in route.view.scopes:
        head, get = (call(client, method, route.url(), key) for method in ("HEAD", "GET"))
        assert (head.status_code, head["Content-Type"]) == (get.status_code, get["Content-Type"])
        assert head.content == b""
    options = call(client, "OPTIONS", route.url(), key)
    assert (options.status_code, options.content) == (204, b"")
    assert set(route.view.scopes) <= set(options["Allow"].split(", "))
    assert call(client, "OPTIONS", route.url(), None).status_code == 401


# --- other people's ids ---


def everything(owner: Merchant) -> dict[str, str]:
    """One object of each kind, as ids of the API."""
    order = factories.order(owner, quantity=2)
    parcel = factories.shipment(owner, order, quantity=1)
    return {
        "order_id": public_id("ord", order.id),
        "shipment_id": public_id("shp", parcel.id),
        "customer_id": public_id("cus", order.customer_id),
        "message_id": public_id("msg", uuid7()),
    }


def contents(owner: Merchant) -> list[object]:
    with merchant_scope(owner):
        return [list(Order.objects.values().order_by("id")), list(Shipment.objects.values().order_by("id"))]


WITH_ID = [
    pytest.param(r, m, id=f"{m} {r.path}")
    for r in ALL
    if r.has_id
    for m in METHODS
    if scope_of(r, m) and m != "HEAD"
]


@pytest.mark.parametrize(("route", "method"), WITH_ID)
def test_another_merchants_id_is_answered_like_one_that_does_not_exist(
    route: Route, method: str, merchant: Merchant, stranger: Merchant, client: Client
) -> None:
    theirs, key = everything(stranger), create_api_key(merchant, name="mine")[1]
    before = contents(stranger)
    response = call(client, method, route.url(**theirs), key)
    unknown = call(client, method, route.url(), key)
    assert response.status_code == unknown.status_code == 404
    strip = {"request_id": ""}
    assert {**response.json(), **strip} == {**unknown.json(), **strip}
    assert contents(stranger) == before


@pytest.mark.parametrize(("route", "method"), WITH_ID)
@pytest.mark.parametrize(
    "id_",
    [
        "x",
        "ord_",
        "%00",
        "../orders",
        "ord_" + "z" * 26,
        "é",
        "0" * 3000,
        "6136759d-4f56-4720-870b-7efe3e9587bd",
        "cus_" + "0" * 26,
    ],
)
def test_what_is_no_id_is_not_found(route: Route, method: str, id_: str, api: ApiClient) -> None:
    ids = dict.fromkeys(IDS, id_)
    response = call(api.client, method, route.url(**ids), api.key)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    again = api.client.generic(
        method,
        route.url(**ids),
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.key}", "Idempotency-Key": "with a key too"},
    )
    assert again.status_code == 404


def test_bodies_and_filters_cannot_reach_another_merchants_rows(api: ApiClient, stranger: Merchant) -> None:
    theirs = everything(stranger)
    before = contents(stranger)
    with merchant_scope(stranger):
        order, parcel = Order.objects.get(), Shipment.objects.get()
    for body in ({"order_id": theirs["order_id"]}, {"order_external_id": order.external_id}):
        assert api.post("shipments", body).status_code == 404
    scan = {"status": "delivered", "occurred_at": "2026-01-01T00:00:00Z"}
    for named in ({"shipment_id": theirs["shipment_id"]}, {"tracking_number": parcel.tracking_number}):
        assert api.post("scans", {**scan, **named}).status_code == 404
    assert api.get("scans", shipment_id=theirs["shipment_id"]).status_code == 404
    for path, query in (
        ("orders", {"external_id": order.external_id}),
        ("orders", {"customer_id": theirs["customer_id"]}),
        ("shipments", {"order_id": theirs["order_id"]}),
        ("shipments", {"tracking_number": parcel.tracking_number}),
        ("customers", {"email": order.email}),
        ("events", {"order_id": theirs["order_id"]}),
        ("messages", {"order_id": theirs["order_id"]}),
        ("orders", {}),
        ("customers", {}),
        ("events", {}),
    ):
        assert api.get(path, **query).json()["data"] == []
    assert contents(stranger) == before
