import os

import requests

afterward = requests.Session()
afterward.headers["Authorization"] = "Bearer " + os.environ["AFTERWARD_KEY"]


def every(path, **query):
    """All entries of a list, page by page."""
    while True:
        answer = afterward.get(os.environ["AFTERWARD_URL"] + "/api/v1/" + path, params=query)
        answer.raise_for_status()
        page = answer.json()
        yield from page["data"]
        if not page["has_more"]:
            return
        query["cursor"] = page["next_cursor"]


for order in every("orders", limit=2):
    print(order["number"])
