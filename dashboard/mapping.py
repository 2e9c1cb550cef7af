"""The form that says what the columns of a file mean: a choice for each field, by the column's place in the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from imports import fields, files
from imports.models import Import
from imports.reading import read_csv
from imports.values import COMMA, DAY_FIRST, MONTH_FIRST, POINT
from merchants.models import Merchant

_SAMPLE = 20


@dataclass(frozen=True)
class GivenMapping:
    """What the form said."""

    mapping: dict[str, str]
    options: dict[str, str]


def read_mapping(row: Import, given: Mapping[str, str]) -> GivenMapping:
    """The form as field → header. A choice that is none counts as no column."""
    mapping = {}
    for field in fields.FIELDS[row.kind]:
        place = given.get(f"map:{field.key}", "")
        if place.isascii() and place.isdigit() and int(place[:6]) < len(row.headers):
            mapping[field.key] = row.headers[int(place)]
    options = {name: given.get(name, "").strip() for name in ("decimal", "dates", "currency")}
    return GivenMapping(mapping, {k: v.upper() if k == "currency" else v for k, v in options.items() if v})


def columns_of(row: Import, errors: Mapping[str, str]) -> list[dict[str, Any]]:
    """The form's fields, in groups: of the record, of its lines. Nothing for NDJSON."""
    if not row.headers:
        return []
    samples = _samples(row)
    groups: dict[str, list[dict[str, Any]]] = {}
    for field in fields.FIELDS[row.kind]:
        chosen = row.mapping.get(field.key, "")
        entry = {
            "name": f"map:{field.key}",
            "id": "map-" + field.key.replace("[]", "").replace(".", "-"),
            "label": field.label,
            "required": field.required,
            "error": errors.get(field.key, ""),
            "sample": samples.get(chosen, ""),
            "choices": [(place, header, header == chosen) for place, header in enumerate(row.headers)],
        }
        groups.setdefault(_group(field.key), []).append(entry)
    return [{"words": _GROUPS[name], "fields": entries} for name, entries in groups.items()]


def options_of(row: Import, merchant: Merchant, errors: Mapping[str, str]) -> dict[str, Any]:
    """How numbers and dates are written, as choices."""
    now = row.options
    return {
        "decimal": [
            (POINT, "1,234.50", now.get("decimal") != COMMA),
            (COMMA, "1.234,50", now.get("decimal") == COMMA),
        ],
        "dates": [
            (DAY_FIRST, _("31/12/2026 (day first)"), now.get("dates") != MONTH_FIRST),
            (MONTH_FIRST, _("12/31/2026 (month first)"), now.get("dates") == MONTH_FIRST),
        ],
        "currency": now.get("currency") or merchant.currency,
        "currency_error": errors.get("currency", ""),
    }


_GROUPS: dict[str, Promise] = {
    "": _("The record"),
    "customer": _("The customer"),
    "shipping_address": _("Where it goes"),
    "delivery": _("What was promised"),
    "[]": _("Each line"),
}


def _group(key: str) -> str:
    if "[]." in key:
        return "[]"
    return key.partition(".")[0] if "." in key else ""


def _samples(row: Import) -> dict[str, str]:
    """The first thing that stands in each column."""
    found: dict[str, str] = {}
    with open(files.path_of(row.stored_as), "rb") as file:
        raws = read_csv(
            file, encoding=row.encoding, delimiter=row.delimiter, offset=row.offset, line=row.line,
            width=len(row.headers),
        )  # fmt: skip
        for raw in islice(raws, _SAMPLE):
            for header, cell in zip(row.headers, raw.cells, strict=False):
                if cell.strip():
                    found.setdefault(header, cell.strip().replace("\0", "")[:40])
    return found
