import os

import requests

# A slip of the pen: curency.
answer = requests.post(
    os.environ["AFTERWARD_URL"] + "/api/v1/orders",
    headers={"Authorization": "Bearer " + os.environ["AFTERWARD_KEY"]},
    json={"external_id": "1044", "curency": "EUR", "lines": []},
)
problem = answer.json()
if problem["code"] == "invalid_field":  # Decide by the code: it never changes its meaning.
    print("mend", problem["param"] + ":", problem["detail"], problem["request_id"])
