import os

import requests

answer = requests.post(
    os.environ["AFTERWARD_URL"] + "/api/v1/webhook-endpoints",
    headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"]},
    json={
        "url": "https://shop.example/hooks/afterward",
        "types": ["shipment.delivered", "shipment.exception"],
    },
)
answer.raise_for_status()
print(answer.json()["id"], answer.json()["secret"])  # Keep the secret: it is shown this once.
