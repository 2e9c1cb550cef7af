"""The shopper's link when the installation changes its secret key."""

from typing import Any

import pytest
from django.test import Client

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.links import link_token
from orders.models import Order
from orders.queries import portal_path
from tests import factories
from tests.api_client import ApiClient


@pytest.fixture
def order(merchant: Merchant, settings: Any) -> Order:
    """An order from before the secret key was changed."""
    order = factories.order(merchant, number="#1042")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    with merchant_scope(merchant):
        return Order.objects.get(pk=order.pk)


def test_a_link_made_with_a_former_key_is_the_one_that_is_given_out(
    order: Order, merchant: Merchant, client: Client
) -> None:
    assert client.get(portal_path(merchant, order)).status_code == 200
    found = client.post("/p/nordwind/", {"order": "1042", "who": order.email})
    assert found.status_code == 303
    assert client.get(found["Location"]).status_code == 200


def test_the_api_names_the_link_that_works(order: Order, api: ApiClient, client: Client) -> None:
    url = api.get("orders", external_id=order.external_id).json()["data"][0]["portal_url"]
    assert client.get(url.removeprefix("http://localhost:8000")).status_code == 200


def test_a_new_order_gets_a_link_of_the_new_key(order: Order, merchant: Merchant) -> None:
    newer = factories.order(merchant)
    assert portal_path(merchant, newer).split("/")[-2] == link_token(newer.pk, 1)
    assert portal_path(merchant, order).split("/")[-2] != link_token(order.pk, 1)
