import os
import uuid

import requests

order = {
    "external_id": "1043",
    "currency": "EUR",
    "lines": [{"title": "Enamel Mug", "quantity": 2, "unit_price": "18.50"}],
}
key = str(uuid.uuid4())

# The answer was lost on its way? Send the same request with the same key: nothing happens twice.
for attempt in (1, 2):
    answer = requests.post(
        os.environ["AFTERWARD_URL"] + "/api/v1/orders",
        headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"], "Idempotency-Key": key},
        json=order,
    )
    print(answer.status_code, answer.headers.get("Idempotent-Replayed"))
