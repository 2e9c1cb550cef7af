"""Guessing from its first rows how a file writes numbers and dates."""

from itertools import islice
from typing import Any

from imports import fields, files
from imports.models import Import
from imports.reading import read_csv
from imports.values import suggest_options
from merchants.models import Merchant

_ROWS = 200


def guess(merchant: Merchant, source: Import) -> dict[str, Any]:
    """Options for a CSV whose columns are mapped. `guessed` names those that nothing decided."""
    place = {header: index for index, header in enumerate(source.headers)}
    types = {f.key: f.type for f in fields.FIELDS[source.kind]}
    amounts: list[str] = []
    times: list[str] = []
    with open(files.path_of(source.stored_as), "rb") as file:
        rows = read_csv(
            file, encoding=source.encoding, delimiter=source.delimiter, offset=source.offset, line=source.line,
            width=len(source.headers),
        )  # fmt: skip
        for row in islice(rows, _ROWS):
            if row.problem:
                continue
            for key, header in source.mapping.items():
                if types[key] == fields.AMOUNT:
                    amounts.append(row.cells[place[header]].strip())
                elif types[key] in (fields.MOMENT, fields.DAY):
                    times.append(row.cells[place[header]].strip())
    options, guessed = suggest_options(merchant, amounts, times)
    return {**options, **({"guessed": guessed} if guessed else {})}
