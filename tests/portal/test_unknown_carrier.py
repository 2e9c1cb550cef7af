"""A parcel of a carrier that nobody named: the page leads to those that use such numbers."""

from django.test import Client

from merchants.models import Merchant
from tests import factories
from tests.portal.scenes import placed, token_of


def page(merchant: Merchant, client: Client, number: str) -> str:
    order = placed(merchant, "en")
    factories.shipment(merchant, order, carrier="", tracking_number=number)
    return client.get(f"/p/{merchant.slug}/t/{token_of(order)}/").content.decode()


def test_the_likely_carriers_pages_are_offered_best_first(merchant: Merchant, client: Client) -> None:
    shown = page(merchant, client, "201298452277")  # the check digit of FedEx, DHL Paket and GLS
    offered = [shown.find(f"Track at {name}") for name in ("GLS", "DHL", "FedEx")]
    assert all(place > 0 for place in offered)
    assert "201298452277" in shown


def test_a_number_of_nobody_offers_nothing(merchant: Merchant, client: Client) -> None:
    assert "Track at" not in page(merchant, client, "hello-4711")
