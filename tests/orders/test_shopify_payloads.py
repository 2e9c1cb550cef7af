"""Every order and fulfilment payload, from the webhook to the shopper's mail and page.

Our own fixtures are here; the published payloads may not be part of this repository and are read from beside it.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.sending import send_due
from orders.models import Order
from orders.queries import portal_path
from tests.orders.shopify_shop import FIXTURES, need_shared, shared_shop_files
from tests.smtp_sink import Mail, SmtpSink
from tracking.models import Shipment

TakeIn = Callable[..., Any]


def orders_in(path: Path) -> list[dict[str, Any]]:
    content = json.loads(path.read_text())
    return content.get("orders") or [content.get("order") or content]


PUBLISHED_ORDERS = [
    pytest.param(payload, id=f"{path.stem}-{index}")
    for path in [*shared_shop_files("shopify_*_order.json"), *shared_shop_files("shopify_*_orders.json")]
    if "draft" not in path.stem and "fulfillment" not in path.stem
    for index, payload in enumerate(orders_in(path))
]
PUBLISHED_FULFILMENTS = [
    pytest.param(json.loads(path.read_text())["fulfillment"], id=path.stem)
    for path in shared_shop_files("shopify_*_fulfillment.json")
]
OUR_ORDERS = [
    pytest.param(json.loads(path.read_text()), id=path.stem)
    for path in sorted(FIXTURES.glob("order_[!e]*.json"))
]
OUR_FULFILMENTS = [
    pytest.param(json.loads(path.read_text()), id=path.stem) for path in sorted(FIXTURES.glob("fulf*.json"))
]
NONE = pytest.param(None, id="none")


def send_all() -> None:
    while send_due():
        pass


def the_order(merchant: Merchant, external_id: Any) -> Order:
    with merchant_scope(merchant):
        return Order.objects.prefetch_related("lines").get(external_id=str(external_id))


def assert_pages_are_right(merchant: Merchant, order: Order, *words: str) -> None:
    """The page behind the link in messages names the order; the page about the whole order has all the words."""
    tracking = portal_path(merchant, order)
    for language in ("en", "de"):
        for path, expected in ((tracking, [order.number]), (tracking.replace("/t/", "/o/"), words)):
            response = Client().get(path, {"lang": language})
            page = response.content.decode()
            assert (response.status_code, response["Content-Language"]) == (200, language)
            assert f'lang="{language}"' in page
            for word in expected:
                assert escape(word) in page


def mails_to(sink: SmtpSink, address: str) -> list[Mail]:
    return [mail for mail in sink.mails if mail.recipients == [address]]


@pytest.mark.parametrize("payload", [*OUR_ORDERS, *(PUBLISHED_ORDERS or [NONE])])
@pytest.mark.parametrize("cancelled", [False, True])
def test_an_order_payload_is_confirmed_and_shown(
    payload: dict[str, Any] | None, cancelled: bool, take_in: TakeIn, merchant: Merchant, smtp_sink: SmtpSink
) -> None:
    if payload is None:
        need_shared([])
        return
    at = payload["cancelled_at"] or "2026-11-20T11:00:00+01:00"
    payload = {**payload, "cancelled_at": at if cancelled else None}
    take_in("orders/create", payload)
    send_all()

    order = the_order(merchant, payload["id"])
    assert order.number == payload["name"]
    expected = [item for item in payload["line_items"] if cancelled or item.get("current_quantity") != 0]
    told = [str(item["id"] or f"custom-{index}") for index, item in enumerate(expected, 1)]
    assert [line.external_id for line in order.lines.all()] == told
    assert [line.title for line in order.lines.all()] == [item["title"] for item in expected]
    edited = bool(payload["refunds"]) and not cancelled
    if payload.get("presentment_currency") in (None, payload["currency"]):
        assert order.currency == payload["currency"]
        assert order.total == Decimal(payload["current_total_price" if edited else "total_price"])
    assert order.email == payload["email"]
    assert order.city == payload["shipping_address"]["city"]
    assert order.status == ("cancelled" if cancelled else "placed")

    if payload["email"]:
        mails = mails_to(smtp_sink, payload["email"])
        assert mails
        assert any(payload["name"] in mail.subject + mail.text for mail in mails)
        assert any(portal_path(merchant, order) in mail.html for mail in mails)
    # With a parcel on its way the page of a cancelled order lists what is in parcels, and no gift cards.
    parcels = bool(payload["fulfillments"])
    shown = [item["title"] for item in expected if item["requires_shipping"] or not (parcels and cancelled)]
    assert_pages_are_right(merchant, order, payload["name"], *shown)


@pytest.mark.parametrize("payload", [*OUR_FULFILMENTS, *(PUBLISHED_FULFILMENTS or [NONE])])
def test_a_fulfilment_payload_becomes_a_parcel_that_the_shopper_is_told_about_and_sees(
    payload: dict[str, Any] | None, take_in: TakeIn, merchant: Merchant, smtp_sink: SmtpSink
) -> None:
    if payload is None:
        need_shared([])
        return
    take_in(
        "orders/create",
        {
            "id": payload["order_id"], "name": "#1001", "email": "jana@example.test", "currency": "EUR",
            "total_price": "199.00", "customer_locale": "de-DE",
            "line_items": [*payload["line_items"], {"id": 1, "title": "Not sent yet", "quantity": 1, "price": "1"}],
        },
    )  # fmt: skip
    take_in("fulfillments/create", payload)
    send_all()

    order = the_order(merchant, payload["order_id"])
    with merchant_scope(merchant):
        parcels = list(Shipment.objects.filter(order=order).order_by("number"))
        contents = {row.line.external_id: row.quantity for row in parcels[0].lines.select_related("line")}
    assert [parcel.tracking_number for parcel in parcels] == payload["tracking_numbers"]
    assert parcels[0].carrier_name == payload["tracking_company"]
    assert parcels[0].tracking_url == payload["tracking_urls"][0]
    assert contents == {str(item["id"]): item["quantity"] for item in payload["line_items"]}
    assert all(parcel.shipped_at for parcel in parcels)

    confirmation, *about_parcels = mails_to(smtp_sink, "jana@example.test")
    assert "#1001" in confirmation.subject + confirmation.text
    assert len(about_parcels) >= len(parcels)
    assert_pages_are_right(merchant, order, *[item["title"] for item in payload["line_items"]])
    page = Client().get(portal_path(merchant, order)).content.decode()
    assert payload["tracking_numbers"][0] in page
