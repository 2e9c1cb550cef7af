"""Bodies as the API reference shows them; tests post them."""

from drf_spectacular.utils import OpenApiExample

ORDER = OpenApiExample(
    "An order with two lines",
    request_only=True,
    value={
        "external_id": "5817263940113",
        "number": "#1042",
        "placed_at": "2026-11-20T09:15:28Z",
        "currency": "EUR",
        "customer": {"email": "anna@example.com", "first_name": "Anna", "last_name": "Weber", "locale": "de"},
        "shipping_address": {
            "name": "Anna Weber", "address1": "Ring 5", "postcode": "10115", "city": "Berlin", "country": "DE",
        },
        "lines": [
            {"external_id": "L1", "title": "Fjord Wool Sweater", "variant": "Petrol / M", "sku": "FWS-M",
             "quantity": 1, "unit_price": "89.00"},
            {"external_id": "L2", "title": "Enamel Mug", "sku": "MUG", "quantity": 2, "unit_price": "18.50"},
        ],
        "shipping": "4.90",
        "delivery": {"earliest": "2026-11-24", "latest": "2026-11-25"},
    },
)  # fmt: skip

PRODUCT = OpenApiExample(
    "A product in two sizes",
    request_only=True,
    value={
        "external_id": "7743920",
        "title": "Fjord Wool Sweater",
        "url": "https://nordwind.example/products/fjord-wool-sweater",
        "image_url": "https://cdn.nordwind.example/fws.jpg",
        "product_type": "Sweaters",
        "tags": ["wool", "winter"],
        "variants": [
            {"external_id": "7743920-M", "sku": "FWS-M", "title": "Petrol / M", "price": "89.00",
             "inventory_quantity": 12},
            {"external_id": "7743920-L", "sku": "FWS-L", "title": "Petrol / L", "price": "89.00",
             "inventory_quantity": 0},
        ],
    },
)  # fmt: skip
