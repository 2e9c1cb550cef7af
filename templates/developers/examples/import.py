import json
import os

import requests

# A file of JSON lines: each is a body of POST /orders.
orders = [
    {
        "external_id": "0816",
        "placed_at": "2025-11-20T09:15:28Z",
        "currency": "EUR",
        "lines": [{"title": "Enamel Mug", "quantity": 2, "unit_price": "18.50"}],
    },
]
answer = requests.post(
    os.environ["AFTERWARD_URL"] + "/api/v1/imports",
    params={"kind": "orders", "start": "yes", "file_name": "orders.ndjson"},
    headers={
        "Authorization": "Bearer " + os.environ["AFTERWARD_KEY"],
        "Content-Type": "application/x-ndjson",
    },
    data="\n".join(json.dumps(order) for order in orders).encode(),
)
answer.raise_for_status()
print(answer.json()["id"], answer.json()["state"])
