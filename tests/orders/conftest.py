"""What tests of orders and shops may ask for."""

from collections.abc import Callable
from typing import Any

import pytest

from events import due
from events.drain import drain
from merchants.models import Merchant
from tests.orders.shopify_shop import ShopifyShop


@pytest.fixture
def shop(merchant: Merchant) -> ShopifyShop:
    """Nordwind's Shopify shop."""
    return ShopifyShop(merchant)


@pytest.fixture
def take_in(shop: ShopifyShop) -> Callable[..., Any]:
    """Deliver a webhook and let the workers do everything that follows from it."""

    def run(topic: str, payload: Any, **headers: str) -> Any:
        response = shop.send(topic, payload, **headers)
        due.run("orders.inbox")
        while drain(shop.merchant.shard):  # What a reader records is read the next time.
            pass
        return response

    return run
