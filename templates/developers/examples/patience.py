import os
import time

import requests


def patient_get(path):
    """GET, and once more after the time that the answer asks for."""
    while True:
        answer = requests.get(
            os.environ["AFTERWARD_URL"] + path,
            headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"]},
        )
        if answer.status_code not in (429, 503):
            return answer
        time.sleep(int(answer.headers.get("Retry-After", 1)))


answer = patient_get("/api/v1/orders?limit=1")
print("RateLimit-Remaining:", answer.headers["RateLimit-Remaining"])
