import os

import requests

# Let the next three steps of every simulated parcel happen now.
answer = requests.post(
    os.environ["AFTERWARD_URL"] + "/api/v1/sandbox/advance",
    headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"]},
    json={"steps": 3},
)
answer.raise_for_status()
for shipment in answer.json()["data"]:
    print(shipment["tracking_number"], shipment["status"])
