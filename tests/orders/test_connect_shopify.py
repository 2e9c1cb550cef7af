"""`manage.py connect_shopify`."""

import io

import pytest
from django.core.management import CommandError, call_command

from merchants.models import Merchant
from orders.shops import signed_by_shop
from tests.orders.shopify_shop import sign


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("connect_shopify", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_the_address_the_topics_and_a_secret_that_works(merchant: Merchant) -> None:
    printed = run("nordwind")
    assert "/hooks/shopify/nordwind" in printed
    for topic in (
        "orders/create",
        "orders/updated",
        "orders/cancelled",
        "fulfillments/create",
        "fulfillments/update",
    ):
        assert topic in printed
    secret = next(line.split()[1] for line in printed.splitlines() if line.startswith("Secret:"))
    assert signed_by_shop(merchant, "shopify", b"x", sign(secret, b"x"))


def test_shopifys_own_secret_is_taken_from_standard_input_and_not_printed(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("shpss_from_shopify\n"))
    printed = run("nordwind", "--secret-from-stdin")
    assert "shpss_from_shopify" not in printed
    assert signed_by_shop(merchant, "shopify", b"x", sign("shpss_from_shopify", b"x"))


def test_an_unknown_merchant_and_an_empty_secret_are_errors(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="no merchant"):
        run("nobody")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="No secret"):
        run("nordwind", "--secret-from-stdin")
