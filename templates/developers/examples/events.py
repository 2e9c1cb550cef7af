import os

import requests

# What happened, in order. Keep next_cursor, and ask again with it: also at the end, for what happens later.
answer = requests.get(
    os.environ["AFTERWARD_URL"] + "/api/v1/events",
    params={"type": "order.placed"},
    headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"]},
)
answer.raise_for_status()
for event in answer.json()["data"]:
    print(event["position"], event["type"], event["order_id"])
print("go on at", answer.json()["next_cursor"])
