import os

import requests

# Tell that it was handed over. The carrier "sandbox" takes the journey that the number names.
answer = requests.post(
    os.environ["AFTERWARD_URL"] + "/api/v1/shipments",
    headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"]},
    json={"order_external_id": "1042", "carrier": "sandbox", "tracking_number": "SBX-DELIVERED-1042"},
)
answer.raise_for_status()
print(answer.json()["id"], answer.json()["status"])
