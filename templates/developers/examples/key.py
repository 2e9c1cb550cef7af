import os

import requests

# Does the key work? It does when this answers 200 (and 403 when it lacks the scope).
answer = requests.get(
    os.environ["AFTERWARD_URL"] + "/api/v1/orders",
    params={"limit": 1},
    headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"]},
)
print(answer.status_code)
