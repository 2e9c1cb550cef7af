"""The client of each shop system's own API."""

from orders.connectors.api import ShopApi, ShopRefusesUs
from orders.connectors.shopify_api import ShopifyApi
from orders.connectors.woocommerce_api import WooCommerceApi
from orders.models import ShopConnection, ShopKind
from orders.shops import credentials_of


def api_of(connection: ShopConnection) -> ShopApi:
    """The shop's API with what it wants to see of us. Raises ShopRefusesUs when something of that is missing."""
    merchant, given = connection.merchant, credentials_of(connection)
    if connection.kind == ShopKind.SHOPIFY:
        return ShopifyApi(
            connection.address, given.get("token", ""), currency=merchant.currency, website=merchant.website
        )
    if connection.kind == ShopKind.WOOCOMMERCE:
        return WooCommerceApi(
            connection.address,
            given.get("key", ""),
            given.get("secret", ""),
            currency=merchant.currency,
        )
    raise ShopRefusesUs("This kind of shop has no API that we know.")
