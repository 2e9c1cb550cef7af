"""Reading records from any place in a file, one after the other: memory stays flat, however large the file is.

Every record knows where it began and where the next one begins, in bytes and in lines: that is all that a killed
import needs to go on.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

# A line above it is refused, not read: a file without line breaks would be one.
LONGEST_LINE = 1_000_000
# A cell with more lines in it comes from a quotation mark that is not closed.
_MOST_LINES_IN_A_RECORD = 500
csv.field_size_limit(LONGEST_LINE)


@dataclass(slots=True)
class Raw:
    """A record as it stands in the file.

    cells: of a CSV; body: the bytes of an NDJSON line; problem: why it cannot be read, else "".
    line: its first line, from 1. end, end_line: what is read when this is worked off.
    """

    line: int
    end: int
    end_line: int
    cells: list[str] = field(default_factory=list)
    body: bytes = b""
    problem: str = ""


class _Lines:
    """Physical lines from a place on, decoded; counts what it has handed out."""

    def __init__(self, file: BinaryIO, encoding: str, offset: int, line: int) -> None:
        file.seek(offset)
        self.file, self.encoding = file, encoding
        self.offset, self.line = offset, line
        self.taken = 0  # of the record that is being read

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.taken >= _MOST_LINES_IN_A_RECORD:
            raise csv.Error("a quotation mark is not closed")
        raw = self.file.readline(LONGEST_LINE + 1)
        if not raw:
            raise StopIteration
        self.offset += len(raw)
        self.line += 1
        self.taken += 1
        if len(raw) > LONGEST_LINE:
            self._skip_rest(raw)
            raise csv.Error("the line is too long")
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            raise csv.Error("the line is not valid UTF-8") from None

    def _skip_rest(self, raw: bytes) -> None:
        while raw and not raw.endswith(b"\n"):
            raw = self.file.readline(LONGEST_LINE)
            self.offset += len(raw)


def read_csv(
    file: BinaryIO, *, encoding: str, delimiter: str, offset: int, line: int, width: int
) -> Iterator[Raw]:
    """Records from `offset` on, which is behind `line` lines. width: how many cells the header has."""
    lines = _Lines(file, encoding, offset, line)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        began, first, lines.taken = lines.offset, lines.line + 1, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            after, after_line = lines.offset, lines.line
            if lines.taken > 1:
                # Most likely one quotation mark too many: only the line where the record began is given up.
                after, after_line = _line_after(file, began), first
            yield Raw(first, after, after_line, problem=_words(str(error)))
            lines = _Lines(file, encoding, after, after_line)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if any(cells):  # a blank line is none
            problem = "" if len(cells) == width else _wrong_width(cells, width)
            yield Raw(first, lines.offset, lines.line, cells, problem=problem)


def read_ndjson(file: BinaryIO, *, offset: int, line: int) -> Iterator[Raw]:
    """One JSON object a line, from `offset` on."""
    file.seek(offset)
    while raw := file.readline(LONGEST_LINE + 1):
        offset += len(raw)
        line += 1
        problem = ""
        if len(raw) > LONGEST_LINE:
            problem = "the line is too long"
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(LONGEST_LINE)
                offset += len(raw)
            raw = b"{}"
        if body := raw.strip():
            yield Raw(line, offset, line, body=body, problem=problem)


def _line_after(file: BinaryIO, offset: int) -> int:
    file.seek(offset)
    return offset + len(file.readline(LONGEST_LINE + 1))


def _wrong_width(cells: list[str], width: int) -> str:
    if len(cells) > width and not any(cells[width:]):
        return ""
    how = "more" if len(cells) > width else "fewer"
    return f"The line has {how} cells ({len(cells)}) than the first line has names ({width})."


def _words(error: str) -> str:
    if "end of data" in error or "not closed" in error:
        return "A quotation mark is not closed."
    if "expected after" in error:
        return "After a closing quotation mark there has to be a delimiter."
    return error[:1].upper() + error[1:] + "."
