"""`ETag` and `If-None-Match`: what has not changed is not sent again."""

from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.api_client import ApiClient


def ask(api: ApiClient, path: str, tag: str) -> Any:
    headers = {"Authorization": f"Bearer {api.key}", "If-None-Match": tag}
    return api.client.get(f"/api/v1/{path}", headers=headers)


def test_what_has_not_changed_is_answered_304_without_a_body(api: ApiClient) -> None:
    order = api.post("orders", factories.order_body()).json()
    for path in ("orders", f"orders/{order['id']}", "events"):
        first = api.get(path)
        again = ask(api, path, first["ETag"])
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Cache-Control"] == "no-store"


@pytest.mark.parametrize("form", ['"x", {tag}', "W/{tag}", "*"])
def test_every_form_of_the_header_is_understood(api: ApiClient, form: str) -> None:
    tag = api.get("orders")["ETag"]
    assert ask(api, "orders", form.format(tag=tag)).status_code == 304


@pytest.mark.parametrize("tag", ['"nonsense"', "nonsense", "", ",,,", '"'])
def test_another_tag_gets_the_whole_answer(api: ApiClient, tag: str) -> None:
    assert ask(api, "orders", tag).json()["data"] == []


def test_a_change_changes_the_tag(api: ApiClient) -> None:
    before = api.get("orders")["ETag"]
    api.post("orders", factories.order_body())
    changed = ask(api, "orders", before)
    assert changed.status_code == 200
    assert changed["ETag"] != before


def test_what_is_written_carries_no_tag(api: ApiClient) -> None:
    assert "ETag" not in api.post("orders", factories.order_body())


def test_the_description_of_the_api_is_not_sent_twice(db: None) -> None:
    first = Client().get("/api/v1/schema")
    again = Client().get("/api/v1/schema", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
