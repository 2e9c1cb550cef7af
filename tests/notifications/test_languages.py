"""The language of a message: the order's where the shop offers it, else the shop's own."""

import pytest

from merchants.models import Merchant
from notifications.planning import locale_of
from orders.models import Order


@pytest.mark.parametrize(
    ("offered", "ordered", "expected"),
    [
        ([], "de-AT", "de-AT"),
        ([], "fr", "en"),
        ([], "", "en"),
        (["en"], "de", "en"),
        (["de", "en"], "de-CH", "de-CH"),
        (["en", "fr"], "fr", "en"),  # offered once, and not ours any more
    ],
)
def test_the_orders_language_counts_where_the_shop_offers_it(
    offered: list[str], ordered: str, expected: str
) -> None:
    assert locale_of(Merchant(locale="en", languages=offered), Order(locale=ordered)) == expected
