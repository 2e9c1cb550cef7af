import os

import requests

# One of them comes back. Sent again with the same key, it is the same return.
answer = requests.post(
    os.environ["AFTERWARD_URL"] + "/api/v1/returns",
    headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"], "Idempotency-Key": "return-1042"},
    json={"order_external_id": "1042", "by": "team", "lines": [{"line": "L1", "reason": "too_small"}]},
)
answer.raise_for_status()
print(answer.json()["number"], answer.json()["approval_state"], answer.json()["logistics_state"])
