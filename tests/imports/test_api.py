"""Imports by API: a file is sent, started, watched, stopped, undone; what was refused is read."""

from pathlib import Path
from typing import Any

import pytest

from imports.models import Import
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from tests.api_client import ApiClient
from tests.imports.helpers import ORDERS, draft, imported, worked_off

pytestmark = pytest.mark.django_db


def send(
    api: ApiClient, content: str, kind: str = "orders", content_type: str = "text/csv", **more: str
) -> Any:
    headers = {"Authorization": f"Bearer {api.key}", **more}
    return api.client.post(
        f"/api/v1/imports?{kind}", content.encode(), content_type=content_type, headers=headers
    )


def test_a_file_is_sent_started_and_watched(merchant: Merchant, api: ApiClient) -> None:
    sent = send(api, ORDERS.replace("Socks,1", "Socks,one"), "kind=orders&file_name=alt.csv")
    assert sent.status_code == 201
    body = sent.json()
    assert (body["state"], body["file_name"], body["mapping"]["external_id"]) == (
        "draft",
        "alt.csv",
        "external_id",
    )
    missing = api.post(f"imports/{body['id']}/start", {"mapping": {"external_id": "external_id"}})
    assert (missing.status_code, missing.json()["param"]) == (400, "mapping.lines[].title")
    for options in ({"decimal": "x"}, {"nonsense": "1"}, {"currency": "XXX"}):
        assert api.post(f"imports/{body['id']}/start", {"options": options}).status_code == 400
    started = api.post(
        f"imports/{body['id']}/start", {"mapping": body["mapping"], "options": {"decimal": "."}}
    )
    assert started.json()["state"] == "running"
    assert api.post(f"imports/{body['id']}/start").json()["code"] == "import_state"
    with merchant_scope(merchant):
        row = Import.objects.get()
    worked_off(merchant, row)
    done = api.get(f"imports/{body['id']}").json()
    assert (done["state"], done["percent"], done["created"], done["refused"]) == ("done", 100, 2, 1)
    assert api.get(f"imports/{body['id']}/refused-lines").json()["data"] == [
        {
            "line": 4, "field": "lines[].quantity", "column": "lines[].quantity",
            "detail": "“one” is not an amount with a decimal point.",
        }
    ]  # fmt: skip
    assert [entry["id"] for entry in api.get("imports", state="done").json()["data"]] == [body["id"]]
    assert api.post(f"imports/{body['id']}/undo").json()["state"] == "undoing"


def test_refused_lines_come_in_pages(merchant: Merchant, api: ApiClient) -> None:
    done = imported(merchant, ORDERS.replace(",EUR,", ",XXX,"))
    path = f"imports/{public(done)}/refused-lines"
    first = api.get(path, limit=2).json()
    second = api.get(path, limit=2, cursor=first["next_cursor"]).json()
    assert [r["line"] for r in first["data"] + second["data"]] == [2, 4, 5]
    assert (first["has_more"], second["next_cursor"]) == (True, None)
    for cursor in ("x", "1", "1-x", "٣-" + "0" * 32, "9" * 30 + "-" + "0" * 32):
        assert api.get(path, cursor=cursor).status_code == 400


def test_ndjson_is_started_at_once_when_asked(merchant: Merchant, api: ApiClient) -> None:
    line = '{"external_id": "1", "currency": "EUR", "lines": [{"title": "Hat", "quantity": 1, "unit_price": "5"}]}'
    sent = send(api, line, "kind=orders&start=yes", "application/x-ndjson")
    assert sent.json()["state"] == "running"
    with merchant_scope(merchant):
        row = Import.objects.get()
    assert worked_off(merchant, row).created == 1


def test_the_same_key_and_file_is_one_import(merchant: Merchant, api: ApiClient, folder: Path) -> None:
    first = send(api, ORDERS, "kind=orders", **{"Idempotency-Key": "k"})
    again = send(api, ORDERS, "kind=orders", **{"Idempotency-Key": "k"})
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert send(api, ORDERS + "\n", "kind=orders", **{"Idempotency-Key": "k"}).status_code == 422
    with merchant_scope(merchant):
        assert Import.objects.count() == len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("query", "content", "content_type", "status", "code"),
    [
        ("", ORDERS, "text/csv", 400, "invalid_parameter"),
        ("kind=people", ORDERS, "text/csv", 400, "invalid_parameter"),
        ("kind=orders&start=maybe", ORDERS, "text/csv", 400, "invalid_parameter"),
        ("kind=orders", ORDERS, "application/xml", 415, "unsupported_media_type"),
        ("kind=orders", "", "text/csv", 422, "empty_file"),
        ("kind=orders", "PK\x03\x04", "text/csv", 422, "not_a_table"),
        ("kind=orders&start=yes", "Nr,Ware\n1,Hat\n", "text/csv", 400, "invalid_field"),
    ],
)
def test_what_cannot_be_imported_is_refused_and_nothing_is_kept(
    merchant: Merchant, api: ApiClient, folder: Path,
    query: str, content: str, content_type: str, status: int, code: str,
) -> None:  # fmt: skip
    answer = send(api, content, query, content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not folder.exists() or list(folder.iterdir()) == []
    with merchant_scope(merchant):
        assert not Import.objects.exists()


def test_a_body_over_the_limit_is_refused_by_its_length(api: ApiClient, settings: Any, folder: Path) -> None:
    settings.IMPORT_MAX_BYTES = 20
    answer = send(api, ORDERS, "kind=orders")
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_strangers_import_is_not_there(stranger: Merchant, merchant: Merchant, api: ApiClient) -> None:
    row = draft(stranger, ORDERS)
    for path in ("", "/refused-lines"):
        assert api.get(f"imports/{public(row)}{path}").status_code == 404
    for path in ("start", "stop", "undo"):
        assert api.post(f"imports/{public(row)}/{path}").status_code == 404
    with merchant_scope(stranger):
        assert Import.objects.get().state == "draft"
        assert not Order.objects.exists()


def public(row: Import) -> str:
    from merchants.ids import public_id

    return public_id("imp", row.id)
