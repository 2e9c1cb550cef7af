# pip install requests
import os

import requests

afterward = requests.Session()
afterward.headers["Authorization"] = "Bearer " + os.environ["AFTERWARD_KEY"]

# Place an order. Sent again with the same external_id it is an update, never a second order.
answer = afterward.post(
    os.environ["AFTERWARD_URL"] + "/api/v1/orders",
    json={
        "external_id": "1042",
        "number": "#1042",
        "currency": "EUR",
        "customer": {"email": "anna@example.com", "first_name": "Anna", "locale": "en"},
        "shipping_address": {"city": "Berlin", "postcode": "10115", "country": "DE"},
        "lines": [{"external_id": "L1", "title": "Fjord Wool Sweater", "quantity": 1, "unit_price": "89.00"}],
    },
)
answer.raise_for_status()
order = answer.json()
print(order["id"], order["stage"], order["portal_url"])
