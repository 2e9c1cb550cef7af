"""A corrected e-mail address: whoever got the link at the wrong one must not go on reading along."""

from typing import Any

from django.test import Client

from tests import factories
from tests.api_client import ApiClient


def post(api: ApiClient, body: dict[str, Any]) -> str:
    """Store or correct the order. Returns the path of its portal page."""
    answer = api.post("orders", body)
    assert answer.status_code in (200, 201)
    return "/p/" + answer.json()["portal_url"].partition("/p/")[2]


def test_a_corrected_address_makes_the_old_link_useless(api: ApiClient, browser_client: Client) -> None:
    body = factories.order_body()
    old = post(api, body)
    assert browser_client.get(old).status_code == 200
    body["customer"] = {**body["customer"], "email": "right@example.test"}
    new = post(api, body)
    assert browser_client.get(old).status_code == 410
    assert browser_client.get(new).status_code == 200


def test_other_corrections_keep_the_link(api: ApiClient) -> None:
    body = factories.order_body()
    old = post(api, body)
    body["customer"] = {**body["customer"], "last_name": "Winter", "email": body["customer"]["email"].upper()}
    assert post(api, body) == old


def test_an_address_that_came_late_keeps_the_link(api: ApiClient) -> None:
    body = factories.order_body()
    customer, body["customer"] = body["customer"], {}
    old = post(api, body)
    assert post(api, {**body, "customer": customer}) == old
