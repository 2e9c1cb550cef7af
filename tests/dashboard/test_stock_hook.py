"""Settings: where the shop is asked for its stock."""

import re

from django.test import Client

from merchants.models import Merchant
from merchants.scope import merchant_scope
from returns.stock_models import StockHook

HERE = "/app/nordwind/settings/stock/"


def test_an_address_is_set_with_a_secret_that_is_shown_once_and_removed(
    merchant: Merchant, owner: Client, settings: object
) -> None:
    assert owner.post(HERE, {"url": "http://127.0.0.1/stock"}).status_code == 422  # an inner address
    assert owner.post(HERE, {"url": "javascript:alert(1)"}).status_code == 422
    first = owner.post(HERE, {"url": "https://shop.example/stock"}).content.decode()
    assert re.search(r"whsec_[\w+/]{30}", first)
    with merchant_scope(merchant):
        StockHook.objects.update(problem="the shop answered 500 <b>")
    page = owner.get(HERE).content.decode()
    assert "whsec_" not in page
    assert "the shop answered 500 &lt;b&gt;" in page
    assert "whsec_" not in owner.post(HERE, {"url": "https://shop.example/2"}, follow=True).content.decode()
    for _ in range(2):
        owner.post(HERE, {"do": "remove"})
    with merchant_scope(merchant):
        assert not StockHook.objects.exists()
