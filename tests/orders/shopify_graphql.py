"""Shopify's Admin API, as the tests play it: answers in the documented form, with costs, over a list of orders."""

from collections.abc import Mapping
from typing import Any

from tests.orders.shop_api_server import Answer, as_json

MONEY = ("shopMoney", "presentmentMoney")


def money(amount: str, currency: str = "EUR") -> dict[str, Any]:
    """A `MoneyBag`."""
    return {name: {"amount": amount, "currencyCode": currency} for name in MONEY}


def listed(nodes: list[Any], after: str | None = None) -> dict[str, Any]:
    """A connection with these nodes, and another page behind `after`."""
    return {"nodes": nodes, "pageInfo": {"hasNextPage": bool(after), "endCursor": after}}


def line(number: int, **fields: Any) -> dict[str, Any]:
    """A `LineItem`."""
    return {
        "id": f"gid://shopify/LineItem/{number}", "title": f"Thing {number}", "variantTitle": "Blue",
        "sku": f"T-{number}",
        "quantity": 2, "currentQuantity": 2, "requiresShipping": True, "isGiftCard": False, "image": None,
        "originalUnitPriceSet": money("10.00"), **fields,
    }  # fmt: skip


def order(number: int, created_at: str = "2025-03-01T10:00:00Z", **fields: Any) -> dict[str, Any]:
    """An `Order` that was sent long ago."""
    return {
        "id": f"gid://shopify/Order/{number}", "name": f"#{number}", "createdAt": created_at, "processedAt": created_at,
        "updatedAt": created_at, "cancelledAt": None, "email": f"jo{number}@example.test", "phone": None,
        "customerLocale": "de-DE", "currencyCode": "EUR", "presentmentCurrencyCode": "EUR",
        "customer": {
            "id": "gid://shopify/Customer/7", "firstName": "Jo", "lastName": "Ek",
            "defaultEmailAddress": {"emailAddress": f"jo{number}@example.test"}, "defaultPhoneNumber": None,
        },
        "shippingAddress": {
            "name": "Jo Ek", "firstName": "Jo", "lastName": "Ek", "company": None, "address1": "Ring 5",
            "address2": None, "city": "Berlin", "province": "Berlin", "provinceCode": "BE", "zip": "10115",
            "countryCodeV2": "DE", "phone": None,
        },
        "customAttributes": [],
        "totalPriceSet": money("24.90"), "currentTotalPriceSet": money("24.90"), "totalTaxSet": money("3.98"),
        "currentTotalTaxSet": money("3.98"), "totalDiscountsSet": money("0.0"),
        "currentTotalDiscountsSet": money("0.0"),
        "totalShippingPriceSet": money("4.90"),
        "lineItems": listed([line(number * 10)]),
        "fulfillments": [parcel(number, created_at)],
        "refunds": [],
        **fields,
    }  # fmt: skip


def parcel(number: int, at: str) -> dict[str, Any]:
    """A `Fulfillment` of the order's first line."""
    return {
        "id": f"gid://shopify/Fulfillment/{number}", "status": "SUCCESS", "displayStatus": "DELIVERED", "createdAt": at,
        "updatedAt": at, "trackingInfo": [{"company": "DHL", "number": f"0034043{number:013}", "url": None}],
        "fulfillmentLineItems": listed(
            [{"quantity": 2, "lineItem": {"id": f"gid://shopify/LineItem/{number * 10}"}}]
        ),
    }  # fmt: skip


def answer(data: Mapping[str, Any], *, cost: int = 52, left: int = 1948, rate: float = 100) -> Answer:
    """An answer with its cost, as documented."""
    throttle = {"maximumAvailable": 2000.0, "currentlyAvailable": left, "restoreRate": rate}
    return as_json(
        {
            "data": data,
            "extensions": {
                "cost": {"requestedQueryCost": cost, "actualQueryCost": cost - 6, "throttleStatus": throttle}
            },
        }
    )


THROTTLED = as_json(
    {
        "errors": [
            {
                "message": "Throttled",
                "extensions": {
                    "code": "THROTTLED",
                    "documentation": "https://shopify.dev/api/usage/rate-limits",
                },
            }
        ],
        "extensions": {
            "cost": {
                "requestedQueryCost": 202,
                "actualQueryCost": None,
                "throttleStatus": {
                    "maximumAvailable": 1000.0,
                    "currentlyAvailable": 118,
                    "restoreRate": 50.0,
                },
            }
        },
    }
)
TOO_EXPENSIVE = as_json(
    {
        "errors": [
            {
                "message": "Query cost is 1002, which exceeds the single query max cost limit (1000).",
                "extensions": {"code": "MAX_COST_EXCEEDED", "cost": 1002, "maxCost": 1000},
            }
        ]
    }
)
DENIED = as_json(
    {
        "errors": [
            {
                "message": "Access denied for orders field.",
                "extensions": {
                    "code": "ACCESS_DENIED",
                    "documentation": "https://shopify.dev/api/usage/access-scopes",
                },
                "path": ["orders"],
            }
        ],
        "data": None,
    }
)
UNAUTHORIZED = as_json(
    {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401
)
HTML = (200, b"<!doctype html><html><body>Down for maintenance</body></html>", {"Content-Type": "text/html"})


class ShopifyAdmin:
    """Pages over lists of nodes: the cursor is the place in the list."""

    def __init__(self, **nodes: list[dict[str, Any]]) -> None:
        self.nodes = nodes

    def __call__(self, method: str, path: str, body: Any) -> Answer:
        variables = body["variables"]
        for name in ("orders", "customers", "products"):
            if f" {name}(first" in body["query"]:
                return self._page(name, variables["first"], int(variables["after"] or 0))
        wanted = next(o for o in self.nodes.get("orders", []) if o["id"] == variables["id"])
        return answer({"order": wanted.get("whole", wanted)})

    def _page(self, name: str, first: int, start: int) -> Answer:
        nodes = self.nodes.get(name, [])
        end = start + first
        after = str(end) if end < len(nodes) else None
        return answer({name: listed(nodes[start:end], after), f"{name}Count": {"count": len(nodes)}})
