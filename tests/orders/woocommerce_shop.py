"""A WooCommerce shop, as the tests play it: signs what it sends, as WooCommerce does."""

import itertools
import json
from pathlib import Path
from typing import Any

from django.test import Client

from merchants.models import Merchant
from orders.shops import connect_shop
from tests.orders.shopify_shop import sign

FIXTURES = Path(__file__).parent / "fixtures" / "woocommerce"
_ids = itertools.count(1)


def fixture(name: str) -> dict[str, Any]:
    """A payload of our own, written after WooCommerce's documented form."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


class WooCommerceShop:
    """The shop of a merchant; connected when made."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.secret = connect_shop(merchant, "woocommerce")
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def send(self, topic: str, payload: Any, **headers: str) -> Any:
        """Deliver a webhook (bytes as they are, anything else as JSON). Headers given here win; "" leaves one out."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        known = {
            "X-WC-Webhook-Source": "https://nordwind.test/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": topic.split(".")[0],
            "X-WC-Webhook-Event": topic.split(".")[-1],
            "X-WC-Webhook-Signature": sign(self.secret, body),
            "X-WC-Webhook-ID": "142",
            "X-WC-Webhook-Delivery-ID": f"delivery-{next(_ids)}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.client.post(
            f"/hooks/woocommerce/{self.merchant.slug}", body, content_type="application/json",
            headers={name: value for name, value in known.items() if value != ""},
        )  # fmt: skip
