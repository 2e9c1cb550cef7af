"""Files as people send them: old encodings, semicolons, broken lines, a workbook called CSV, another shop's data."""

import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from imports import files
from imports.models import Import, ImportState
from imports.preview import preview
from imports.reading import read_csv
from merchants.models import Merchant
from merchants.rest.errors import TooLarge, Unprocessable
from merchants.scope import merchant_scope
from orders.models import Customer, Order, OrderLine
from tests import factories
from tests.imports.helpers import HEADERS, ORDERS, draft, imported, refused

pytestmark = pytest.mark.django_db

GERMAN = """Bestellnummer;Order ID;Bestelldatum;Vorname;E-Mail;Ort;Artikel;Menge;Einzelpreis;Gesamt
#1001;77;03.04.2026 09:30;Jürgen;juergen@example.test;Köln;Größe “L” – 5 €;2;1.234,50;2.469,00 €
"""


def test_latin_1_with_semicolons_and_commas_in_numbers(merchant: Merchant) -> None:
    done = imported(merchant, GERMAN.encode("cp1252"))
    assert (done.encoding, done.delimiter, done.created, done.refused) == ("cp1252", ";", 1, 0)
    with merchant_scope(merchant):
        order = Order.objects.get()
        assert (order.external_id, order.number, order.first_name, order.city) == (
            "77",
            "#1001",
            "Jürgen",
            "Köln",
        )
        assert order.total == Decimal("2469")
        assert order.placed_at.isoformat() == "2026-04-03T07:30:00+00:00"  # by the merchant's clock
        assert OrderLine.objects.get().title == "Größe “L” – 5 €"


def test_a_byte_order_mark_and_tabs(merchant: Merchant) -> None:
    done = imported(merchant, b"\xef\xbb\xbf" + ORDERS.replace(",", "\t").encode())
    assert (done.delimiter, done.created) == ("\t", 3)


def test_200_columns_of_which_most_are_not_ours(merchant: Merchant) -> None:
    extra = ",".join(f"Note {number}" for number in range(188))
    rows = ORDERS.strip().split("\n")
    wide = "\n".join([f"{rows[0]},{extra}", *(f"{row}{',x' * 188}" for row in rows[1:])])
    done = imported(merchant, wide)
    assert len(done.headers) == 200
    assert (done.created, done.refused) == (3, 0)


@pytest.mark.parametrize(
    ("end", "what"),
    [
        ("4,#1004,2024-05-0", "The line has fewer cells (3) than the first line has names (12)."),
        ('4,"#10', "A quotation mark is not closed."),
    ],
)
def test_a_broken_last_line_is_refused_and_the_rest_is_stored(
    merchant: Merchant, end: str, what: str
) -> None:
    done = imported(merchant, ORDERS + end)
    assert (done.state, done.created, done.refused) == (ImportState.DONE, 3, 1)
    assert refused(merchant, done) == [(6, "", what)]


def test_a_quotation_mark_too_many_costs_its_line_only(merchant: Merchant) -> None:
    rows = ORDERS.replace("#1002", '"#1002')
    done = imported(merchant, rows)
    assert (done.created, done.refused) == (2, 1)
    assert refused(merchant, done) == [(4, "", "A quotation mark is not closed.")]


def test_a_nul_character_is_refused_at_its_cell(merchant: Merchant) -> None:
    done = imported(merchant, ORDERS.replace("Socks", "So\0cks"))
    assert (done.created, done.refused) == (2, 1)
    assert refused(merchant, done) == [(4, "lines[].title", "The cell holds the character NUL.")]


def test_a_line_that_is_not_utf_8_in_a_file_that_is(merchant: Merchant) -> None:
    rows = ORDERS.replace("Berlin", "Köln Müngersdorf – Süd äöüß").encode().replace(b"Bonn", b"B\xf6nn")
    done = imported(merchant, rows)
    assert (done.encoding, done.created) == ("utf-8", 2)
    assert refused(merchant, done) == [(4, "", "The line is not valid UTF-8.")]


def test_headers_that_stand_there_twice_are_told_apart(merchant: Merchant) -> None:
    row = draft(merchant, "external_id,lines[].title,Note,Note\n1,Hat,a,b\n")
    assert row.headers == ["external_id", "lines[].title", "Note", "Note (2)"]


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (b"", "empty_file", "empty"),
        (b" \r\n\n", "empty_file", "empty"),
        (workbook(), "not_a_table", "Excel"),
        (b"\xd0\xcf\x11\xe0rest", "not_a_table", "Excel"),
        (b"\x1f\x8brest", "not_a_table", "compressed"),
        (b"\xff\xfea\x00,\x00b\x00", "not_a_table", "UTF-16"),
        (b"%PDF-1.7", "not_a_table", "PDF"),
        (b'"a,b\n1,2\n', "not_a_table", "quotation"),
        (",".join(f"c{n}" for n in range(1001)).encode(), "too_many_columns", "1001 columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words(
    merchant: Merchant, folder: Path, content: bytes, code: str, word: str
) -> None:
    with pytest.raises(Unprocessable) as problem:
        draft(merchant, content)
    assert problem.value.code == code
    assert word in problem.value.detail
    assert list(folder.iterdir()) == []
    with merchant_scope(merchant):
        assert not Import.objects.exists()


def test_a_header_and_nothing_else_imports_nothing(merchant: Merchant) -> None:
    done = imported(merchant, HEADERS + "\n")
    assert (done.state, done.read) == (ImportState.DONE, 0)


def test_a_file_over_the_limit_is_refused_while_it_is_written_and_nothing_stays(
    folder: Path, settings: Any
) -> None:
    settings.IMPORT_MAX_BYTES = 1_000_000
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        while True:  # As long as somebody takes it: 2 GB and more.
            taken += files.PIECE
            yield b"x" * files.PIECE

    with pytest.raises(TooLarge):
        files.store(pieces())
    assert taken <= 1_000_000 + files.PIECE
    assert list(folder.iterdir()) == []


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(b"a,b\n")
        file.truncate(50_000_000)  # 50 MB of NUL, of which the disk holds nothing.
        file.seek(0, 2)
        file.write(b"\n1,2\n")
    with path.open("rb") as file:
        records = list(read_csv(file, encoding="utf-8", delimiter=",", offset=4, line=1, width=2))
    assert [record.problem for record in records] == ["The line is too long.", ""]
    assert records[1].cells == ["1", "2"]


def test_the_preview_warns_of_another_shops_file(merchant: Merchant) -> None:
    for number in ("1", "2", "3"):
        factories.order(merchant, external_id=number, email=f"somebody{number}@example.test")
    row = draft(merchant, ORDERS.replace(",EUR,", ",PLN,"))
    with merchant_scope(merchant):
        found = preview(merchant, row)
        assert Order.objects.count() == 3
        assert not Customer.objects.filter(email="anna@example.test").exists()
    assert (found.looked_at, found.refused) == (3, 0)
    text = " ".join(found.warnings)
    assert "Most orders are in PLN, but the currency of Nordwind is EUR" in text
    assert "3 of these orders are known already, 3 with another total" in text
    assert "belong to other customers" in text


def test_the_preview_shows_rows_as_they_are_read_and_what_is_wrong_at_the_cell(merchant: Merchant) -> None:
    row = draft(merchant, ORDERS.replace("30.00,L1", '"1,030.00",L1').replace("Loafer,2", "Loafer,two"))
    with merchant_scope(merchant):
        found = preview(merchant, row)
    keys = [column.key for column in found.columns]
    assert found.rows[0].cells[keys.index("total")].text == "1030.00"
    quantity = found.rows[1].cells[keys.index("lines[].quantity")]
    assert (quantity.text, quantity.error) == ("two", "“two” is not an amount with a decimal point.")
    assert found.refused == 1


def test_a_preview_of_dates_that_can_be_read_in_two_ways_asks(merchant: Merchant) -> None:
    row = draft(merchant, "Order ID,Date,Product name\n1,03/04/2026,Hat\n")
    with merchant_scope(merchant):
        assert any("two ways" in warning for warning in preview(merchant, row).warnings)
