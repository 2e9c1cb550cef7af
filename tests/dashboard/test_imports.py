"""Settings › Import and export: upload, columns, first rows, progress, report; and lists as files."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from imports import commands
from imports.models import Import, ImportState
from merchants.ids import public_id
from merchants.models import Merchant, Role
from merchants.scope import merchant_scope
from orders.models import Order
from tests import factories
from tests.imports.helpers import ORDERS, draft, imported, worked_off

BASE = "/app/nordwind/settings/imports/"
OWN_NAMES = "Nr;Kunde;Ware;Preis\n1;anna@example.test;Hut;10,50\n2;ben;Hut;1\n"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.IMPORTS_FOLDER = tmp_path / "imports"
    return tmp_path / "imports"


def upload(client: Client, content: str, kind: str = "orders") -> Any:
    file = SimpleUploadedFile("alt.csv", content.encode())
    return client.post(BASE, {"kind": kind, "file": file})


def test_from_upload_to_report(owner: Client, merchant: Merchant) -> None:
    assert "Nothing imported yet" in owner.get(BASE).content.decode()
    address = upload(owner, OWN_NAMES)["Location"]
    refused = owner.post(address, {"do": "start", "map:external_id": "0", "decimal": ","})
    assert refused.status_code == 422
    assert "Choose a column for “Product”: it is needed." in refused.content.decode()
    columns = {
        "map:external_id": "0",
        "map:customer.email": "1",
        "map:lines[].title": "2",
        "map:lines[].unit_price": "3",
    }
    looked = owner.post(address, {"do": "look", "decimal": ",", **columns}, follow=True).content.decode()
    assert "10.50" in looked
    assert "This is not an e-mail address." in looked
    started = owner.post(address, {"do": "start", "decimal": ",", **columns}, follow=True).content.decode()
    assert "The import is running" in started
    assert 'hx-trigger="every 2s"' in started
    with merchant_scope(merchant):
        row = Import.objects.get()
    worked_off(merchant, row)
    done = owner.get(address).content.decode()
    assert "every 2s" not in done
    assert "This is not an e-mail address." in done
    report = b"".join(owner.get(f"{address}report/").streaming_content).decode()
    assert list(csv.reader(io.StringIO(report)))[1] == [
        "3", "customer.email", "Kunde", "This is not an e-mail address.",
    ]  # fmt: skip
    with merchant_scope(merchant):
        assert Order.objects.get().total == 10.5
    assert "1 new, 0 known, 1 refused" in owner.get(BASE).content.decode()


def test_what_is_no_table_is_said_at_the_field(owner: Client) -> None:
    answer = upload(owner, "PK\x03\x04rest")
    assert answer.status_code == 422
    assert "This is an Excel workbook" in answer.content.decode()
    assert owner.post(BASE, {"kind": "orders"}).status_code == 422


def test_a_file_that_is_too_large_is_refused_before_it_is_read(owner: Client, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 10
    answer = upload(owner, "external_id,lines[].title\n" + "1,Hat\n" * 3000)
    assert answer.status_code == 413
    assert "at most 10 bytes" in answer.content.decode()


def test_an_upload_needs_its_token(owner: Client, merchant: Merchant) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.cookies
    assert upload(strict, ORDERS).status_code == 403
    with merchant_scope(merchant):
        assert not Import.objects.exists()


def test_stopping_and_undoing_ask_first(owner: Client, merchant: Merchant) -> None:
    row = draft(merchant, ORDERS)
    commands.start_import(merchant, row.id)
    address = f"{BASE}{_public(row)}/"
    assert "Stop this import?" in owner.get(f"{address}stop/").content.decode()
    with merchant_scope(merchant):
        assert Import.objects.get().state == ImportState.RUNNING
    owner.post(f"{address}stop/")
    done = imported(merchant, ORDERS)
    assert "Undo this import?" in owner.get(f"{BASE}{_public(done)}/undo/").content.decode()
    owner.post(f"{BASE}{_public(done)}/undo/")
    assert worked_off(merchant, done).state == ImportState.UNDONE


def test_a_draft_is_deleted_with_its_file(owner: Client, merchant: Merchant, folder: Path) -> None:
    row = draft(merchant, ORDERS)
    owner.post(f"{BASE}{_public(row)}/discard/")
    with merchant_scope(merchant):
        assert not Import.objects.exists()


def test_a_strangers_import_is_not_there(owner: Client, stranger: Merchant) -> None:
    row = draft(stranger, ORDERS)
    for path in ("", "stop/", "undo/", "report/"):
        assert owner.get(f"{BASE}{_public(row)}/{path}").status_code == 404


def test_people_who_may_not_move_data_get_no_file(desk: Any, merchant: Merchant) -> None:
    support = desk(merchant, Role.SUPPORT)
    for path in (BASE, "/app/nordwind/settings/export/orders/"):
        assert support.get(path).status_code == 403
    factories.order(merchant)
    assert "settings/export/" not in support.get("/app/nordwind/orders/").content.decode()


def test_a_list_is_exported_as_its_address_narrows_it(owner: Client, merchant: Merchant) -> None:
    factories.order(merchant, external_id="a", email="anna@example.test")
    factories.order(merchant, external_id="b", email="ben@example.test")
    page = owner.get("/app/nordwind/orders/", {"q": "ben@example.test"}).content.decode()
    assert "settings/export/orders/?q=ben%40example.test&amp;format=csv" in page
    answer = owner.get("/app/nordwind/settings/export/orders/", {"q": "ben@example.test", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["external_id"] for row in rows] == ["b"]
    for name in ("shipments", "customers", "products", "messages", "events"):
        answer = owner.get(f"/app/nordwind/settings/export/{name}/", {"format": "ndjson"})
        assert answer.status_code == 200
        b"".join(answer.streaming_content)
    assert owner.get("/app/nordwind/settings/export/nonsense/").status_code == 404


def _public(row: Import) -> str:
    return public_id("imp", row.id)
