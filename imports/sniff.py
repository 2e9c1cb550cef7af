"""Finding out what a file is: its encoding, its delimiter, its headers; and refusing what is no table at all."""

import codecs
import csv
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from imports.models import Format
from merchants.rest.errors import Unprocessable

SAMPLE = 1 << 18
MOST_COLUMNS = 1000
_DELIMITERS = ",;\t|"
_PIECE = 1 << 20

# What people send as a CSV because its name ends so: the first bytes tell.
_NO_TEXT = (
    (b"PK\x03\x04", "This is an Excel workbook (.xlsx) or a ZIP file. Save the sheet as CSV (UTF-8), then send that."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook (.xls). Save the sheet as CSV (UTF-8), then send that."),
    (b"\x1f\x8b", "This file is compressed (gzip). Unpack it, then send what is in it."),
    (b"%PDF", "This is a PDF. Export the data as CSV."),
    (b"\xff\xfe", "This file is UTF-16. Save it as CSV UTF-8, then send that."),
    (b"\xfe\xff", "This file is UTF-16. Save it as CSV UTF-8, then send that."),
)  # fmt: skip
_SURROGATES = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_NOT_IN_1252 = re.compile(b"[\x81\x8d\x8f\x90\x9d]")


class Sniffed(NamedTuple):
    """What a file turned out to be. delimiter and headers are empty for NDJSON.

    start, lines: where its records begin, in bytes and in lines.
    """

    format: Format
    encoding: str
    delimiter: str
    headers: list[str]
    repeated: list[str]
    start: int
    lines: int


def sniff(path: Path, format_: Format | None = None) -> Sniffed:
    """Look at a file. Raises Unprocessable, in words for people, for one that holds no table."""
    with open(path, "rb") as file:
        head = file.read(SAMPLE)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise _cannot("The file is empty.", code="empty_file")
    for start, words in _NO_TEXT:
        if head.startswith(start):
            raise _cannot(words, code="not_a_table")
    bom = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    if format_ == Format.NDJSON or (format_ is None and head[bom:].lstrip().startswith(b"{")):
        return Sniffed(Format.NDJSON, "utf-8", "", [], [], bom, 0)
    encoding = _encoding(path)
    return _headers(head[bom:], encoding, bom)


def _encoding(path: Path) -> str:
    """utf-8 when nearly all of it is (a broken line is refused later), else one of Western Europe's old ones."""
    beyond = broken = 0
    not_in_1252 = False
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            text = decoder.decode(piece)
            if text.isascii():
                continue
            beyond += len(_BEYOND_ASCII.findall(text))
            broken += len(_SURROGATES.findall(text))
            not_in_1252 = not_in_1252 or bool(_NOT_IN_1252.search(piece))
    if broken == 0 or broken * 10 < beyond:
        return "utf-8"
    return "latin-1" if not_in_1252 else "cp1252"


def _headers(head: bytes, encoding: str, bom: int) -> Sniffed:
    if len(head) == SAMPLE:
        head = head[: head.rfind(b"\n") + 1] or head
    text = head.decode(encoding, "replace")
    delimiter = _delimiter(text)
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    try:
        cells = next((row for row in reader if any(cell.strip() for cell in row)), [])
    except csv.Error:
        raise _cannot(
            "The first line cannot be read: its quotation marks do not fit together.", code="not_a_table"
        ) from None
    if len(cells) > MOST_COLUMNS:
        raise _cannot(
            f"The file has {len(cells)} columns; at most {MOST_COLUMNS} are read.", code="too_many_columns"
        )
    headers, repeated = _unique(cells)
    if len(headers) < 2 and not re.search(r"[a-z]", "".join(headers), re.IGNORECASE):
        raise _cannot("The first line has no column names.", code="not_a_table")
    # Headers are read again by line, for they may hold line breaks: the reader says how many lines they took.
    taken = "".join(_lines(text)[: reader.line_num]).encode(encoding, "replace")
    return Sniffed(Format.CSV, encoding, delimiter, headers, repeated, bom + len(taken), reader.line_num)


def _lines(text: str) -> list[str]:
    """Lines as files have them: ended by a line feed and nothing else."""
    return [line + "\n" for line in text.split("\n")[:-1]] + (
        [text.split("\n")[-1]] if text[-1:] != "\n" else []
    )


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the same number of cells, and into most."""
    best = (0.0, ",")
    for delimiter in _DELIMITERS:
        reader = csv.reader(_lines(text)[:50], delimiter=delimiter)
        try:
            widths = [len(row) for row in reader if row]
        except csv.Error:
            continue
        if not widths:
            continue
        width, times = Counter(widths).most_common(1)[0]
        score = (width - 1) * times / len(widths) + (widths[0] == width and width > 1) * 0.5
        best = max(best, (score, delimiter), key=lambda entry: entry[0])
    return best[1]


def _unique(cells: list[str]) -> tuple[list[str], list[str]]:
    """Headers that can be told apart, and those that stand there more than once: `Name`, `Name (2)`."""
    headers: list[str] = []
    repeated: list[str] = []
    seen: Counter[str] = Counter()
    for number, cell in enumerate(cells, 1):
        name = " ".join(cell.replace("\0", "").split())[:190] or f"Column {number}"
        seen[name] += 1
        if seen[name] == 2:
            repeated.append(name)
        headers.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return headers, repeated


def _cannot(words: str, *, code: str) -> Unprocessable:
    return Unprocessable(words, param="file", code=code)
