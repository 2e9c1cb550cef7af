"""The shop is asked what it has: at the choice, and again when the return is sent. On loopback, over real HTTP."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from orders.models import Order, Variant
from returns.live_stock import QUIET, TIMEOUT, ask_shop, set_stock_hook
from returns.models import Return, StockHook
from tests.api_client import ApiClient
from tests.portal.scenes import token_of
from tests.returns.conftest import line_ids
from tests.returns.test_exchanges import sell
from tests.webhooks.receiver import Receiver, Request, receiving, status


@pytest.fixture
def shop(merchant: Merchant, settings: Any) -> Iterator[Receiver]:
    """The shop's backend. It was told of one sweater in L, and of sweaters in S that nobody counts."""
    sell(merchant)
    with receiving() as found:
        settings.OUTBOUND_ALLOW = [f"127.0.0.1:{found.port}"]
        yield found


def told(**stock: int | None) -> Any:
    """An answer with these numbers."""
    return status(
        200, json.dumps({"stock": {f"v-{name.replace('_', '-')}": n for name, n in stock.items()}}).encode()
    )


def left(merchant: Merchant, sku: str) -> int | None:
    with merchant_scope(merchant):
        return Variant.objects.get(sku=sku).inventory_quantity


def look(client: Client, order: Order, **more: str) -> Any:
    key = str(line_ids(order)["L1"])
    given = {"item": key, f"count-{key}": "1", f"reason-{key}": "too_small"}
    given |= {name.replace("KEY", key): value for name, value in more.items()}
    path = f"/p/nordwind/o/{token_of(order)}/return/"
    if "method" in more:
        return client.post(path, given)
    return client.get(path, {"step": "resolution", **given})


def test_the_shop_is_asked_at_the_choice_and_at_the_end(
    merchant: Merchant, order: Order, shop: Receiver, client: Client
) -> None:
    _, secret = set_stock_hook(merchant, shop.url)
    shop.answers = [told(SW_L=7, SW_S=0), told(SW_L=0)]
    page = look(client, order).content.decode()
    [asked] = shop.seen
    assert asked.verify(secret)["type"] == "stock.asked"
    assert {"variant": "v-SW-L", "sku": "SW-L"} in asked.json["variants"]
    assert {"variant": "v-COAT", "sku": "COAT"} in asked.json["variants"]
    assert 'value="v-SW-S" disabled' in page
    assert "only 1 left" not in page
    assert (left(merchant, "SW-L"), left(merchant, "SW-S"), left(merchant, "SW-M")) == (7, 0, 5)
    # While the shopper thinks, somebody buys the last seven.
    wanted = {"resolution-KEY": "exchange", "variant-exchange-KEY": "v-SW-L", "method": "own"}
    answer = look(client, order, **wanted)
    assert [one["variant"] for one in shop.seen[1].json["variants"]] == ["v-SW-L"]
    assert answer.status_code == 422
    assert "sold out" in answer.content.decode()
    with merchant_scope(merchant):
        assert not Return.objects.exists()
    shop.answers = [told(SW_L=1)]
    assert look(client, order, **wanted).status_code == 303


def _slow(handler: BaseHTTPRequestHandler, _: Request) -> None:
    time.sleep(TIMEOUT.total + 3)


@pytest.mark.parametrize(
    "answer",
    [
        status(500), status(302, location="http://127.0.0.1/"), status(200, b"<html>"),
        status(200, b'{"stock": {"v-SW-L": "many"}}'), status(200, b'{"stock": {"v-SW-L": 99999999999}}'),
        status(200, b'{"stock": {"x": 1' + b" " * 70_000), _slow,
    ],
)  # fmt: skip
def test_a_shop_that_does_not_answer_leaves_what_it_told_and_is_left_alone(
    merchant: Merchant, shop: Receiver, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_stock_hook(merchant, shop.url)
    shop.answers = [answer, told(SW_L=4)]
    began = time.monotonic()
    with merchant_scope(merchant):
        assert not ask_shop(merchant, ["v-SW-L"])
        assert time.monotonic() - began < TIMEOUT.total + 2
        hook = StockHook.objects.get()
        assert hook.problem
        assert not ask_shop(merchant, ["v-SW-L"])  # nobody waits for it a second time
        assert (len(shop.seen), left(merchant, "SW-L")) == (1, 1)
        later = timezone.now() + QUIET
        monkeypatch.setattr(timezone, "now", lambda: later)
        assert ask_shop(merchant, ["v-SW-L"])
        assert (left(merchant, "SW-L"), StockHook.objects.get().problem) == (4, "")


def test_what_was_not_asked_for_is_not_believed_and_no_transaction_waits(
    merchant: Merchant, shop: Receiver
) -> None:
    set_stock_hook(merchant, shop.url)
    shop.answer = told(SW_L=None, COAT=0)
    with merchant_scope(merchant):
        assert not ask_shop(merchant, ["", "v-none"])
        assert shop.seen == []
        assert ask_shop(merchant, ["v-SW-L"])
    assert (left(merchant, "SW-L"), left(merchant, "COAT")) == (None, 5)
    with merchant_transaction(merchant), pytest.raises(RuntimeError, match="transaction"):
        ask_shop(merchant, ["v-SW-L"])


@pytest.mark.parametrize("url", ["http://10.0.0.1/stock", "https://localhost/", "ftp://shop.example/", "x"])
def test_an_inner_address_is_never_called(merchant: Merchant, url: str) -> None:
    with pytest.raises(Unprocessable):
        set_stock_hook(merchant, url)


def test_over_the_api(merchant: Merchant, order: Order, shop: Receiver, api: ApiClient) -> None:
    assert api.get("stock-hook").status_code == 404
    made = api.put("stock-hook", {"url": shop.url}).json()
    assert made["secret"].startswith("whsec_")
    assert api.put("stock-hook", {"url": shop.url + "/2"}).json()["secret"] == ""
    shop.answer = told(SW_L=0)
    line = {"line": "L1", "quantity": 1, "resolution": "exchange", "exchange_variant": "v-SW-L"}
    body = {"order_external_id": order.external_id, "lines": [line]}
    answer = api.post("returns", body, idempotency_key="one")
    assert (answer.status_code, answer.json()["code"]) == (409, "sold_out")
    assert shop.seen[0].verify(made["secret"])
    shop.answer = told(SW_L=2)
    assert api.post("returns", body, idempotency_key="one").status_code == 201
    assert api.get("stock-hook").json()["secret"] == ""
    assert api.delete("stock-hook").json()["url"] == shop.url + "/2"
    assert api.get("stock-hook").status_code == 404
