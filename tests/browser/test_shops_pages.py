"""The pages of connected shops in a real browser: usable by everybody, in both schemes, on a phone and on a desk."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events import due
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import ShopPull
from orders.shops import ShopValues, add_shop
from tests.browser.conftest import Browse
from tests.browser.test_dashboard_pages import judge, signed_in
from tests.dashboard.test_shops_pages import SAMPLE
from tests.orders.shopify_shop import ShopifyShop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Axe = Callable[..., list[str]]
PAGES = {
    "list": "shops/",
    "shop": "shops/{shop}/",
    "edit": "shops/{shop}/edit/",
    "generic": "shops/connect/generic/",
    "privacy": "privacy/",
}


def build(merchant: Merchant) -> str:
    """A Shopify shop with a failed webhook, privacy requests and pulls in every state. Returns its id."""
    shopify = ShopifyShop(merchant)
    shopify.send("orders/create", {"id": 1})
    told = {"shop_id": 1, "shop_domain": "x.myshopify.com"}
    for number in range(3):
        shopify.send(
            "customers/redact", {**told, "customer": {"id": number, "email": f"jo{number}@example.test"}}
        )
    due.run("orders.inbox")
    now = timezone.now()
    with merchant_scope(merchant):
        values = ShopValues("Nordwind DE", "nordwind.myshopify.com", credentials={"token": "t"})
        shop = add_shop(merchant, "shopify", values)
        add_shop(merchant, "generic", ShopValues("Till in Hamburg"))
        for kind, state, done in (
            ("orders", "stopped", 40),
            ("products", "done", 90),
            ("customers", "failed", 7),
        ):
            ShopPull.objects.create(
                merchant=merchant, connection=shop, kind=kind, state=state, done=done, total=90, refused=2,
                error="The shop does not accept our credentials (401)." * (state == "failed"), started_at=now,
            )  # fmt: skip
    return public_id("con", shop.id)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_usable_quiet_and_small(
    name: str, merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    url = f"{live_server.url}/app/nordwind/settings/" + PAGES[name].format(shop=build(merchant))
    judge(browse(url, cookies=signed_in(merchant, live_server.url)), f"shops-{name}", axe)


def test_a_path_is_tried_on_the_sample_while_it_is_typed(
    merchant: Merchant, live_server: Any, browse: Browse
) -> None:
    url = f"{live_server.url}/app/nordwind/settings/shops/connect/generic/"
    visit = browse(url, cookies=signed_in(merchant, live_server.url))
    page = visit.page
    page.fill("#id_sample", json.dumps(SAMPLE))
    page.fill("[name='map:order']", "$.data")
    expect(page.locator("#tried-external_id")).to_have_text("7")
    page.fill("[name='map:number']", "no")
    expect(page.locator("#tried-number")).to_contain_text("begins with $")
    expect(page.locator("[name='map:number']")).to_be_focused()
    assert visit.messages == []
