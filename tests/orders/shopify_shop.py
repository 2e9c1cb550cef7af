"""A Shopify shop, as the tests play it: signs what it sends, and sends what fixtures hold."""

import base64
import hashlib
import hmac
import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from merchants.models import Merchant
from orders.shops import connect_shop

FIXTURES = Path(__file__).parent / "fixtures" / "shopify"
_SHARED = Path(os.environ.get("AFTERWARD_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
_ids = itertools.count(1)


def fixture(name: str) -> dict[str, Any]:
    """A payload of our own, written after Shopify's documented form."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def shared_shop_files(pattern: str) -> list[Path]:
    """Published payloads that may not be part of this repository; none when they are not here."""
    return sorted((_SHARED / "shops").glob(pattern))


def need_shared(paths: list[Path]) -> None:
    """Skip the test, saying so, when the published payloads are not here."""
    if not paths:
        pytest.skip("skipped: data not here (set AFTERWARD_SHARED_DATA)")


def sign(secret: str, body: bytes) -> str:
    """What Shopify puts into X-Shopify-Hmac-Sha256."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


class ShopifyShop:
    """The shop of a merchant; connected when made."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.secret = connect_shop(merchant, "shopify")
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def send(self, topic: str, payload: Any, **headers: str) -> Any:
        """Deliver a webhook (bytes as they are, anything else as JSON). Headers given here win; "" leaves one out."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        known = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": sign(self.secret, body),
            "X-Shopify-Webhook-Id": f"webhook-{next(_ids)}",
            "X-Shopify-Shop-Domain": "nordwind.myshopify.com",
            "X-Shopify-API-Version": "2026-04",
            "X-Shopify-Triggered-At": "2026-11-20T09:15:32.123Z",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.client.post(
            f"/hooks/shopify/{self.merchant.slug}", body, content_type="application/json",
            headers={name: value for name, value in known.items() if value != ""},
        )  # fmt: skip
