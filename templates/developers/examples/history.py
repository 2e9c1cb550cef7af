import os

import requests

# History: orders of the past are stored, and nobody is told about them.
answer = requests.post(
    os.environ["AFTERWARD_URL"] + "/api/v1/orders",
    headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"]},
    json={
        "external_id": "0815",
        "placed_at": "2025-11-20T09:15:28Z",
        "currency": "EUR",
        "notify": False,
        "lines": [{"title": "Enamel Mug", "quantity": 1, "unit_price": "18.50"}],
    },
)
answer.raise_for_status()
print(answer.json()["id"], answer.json()["placed_at"])
