"""The formats of tracking numbers: the published set and our own table, compiled once.

A format is a pattern, often with a check digit, and how much its pattern narrows: the power of ten by which a number
of its form is rarer than any letters and digits. `couriers.toml` says that of the published ones.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from tracking.carriers.numbers import checksums

_HERE: Final = Path(__file__).parent
LONGEST: Final = 60  # the longest that any format takes, with room for spaces


@dataclass(frozen=True, slots=True)
class Format:
    """One form of number. `carrier` is "" where the number's country decides (S10)."""

    id: str
    carrier: str
    name: str
    pattern: re.Pattern[str]
    narrow: float
    share: float
    checksum: Mapping[str, Any] | None = None
    prepend: tuple[re.Pattern[str], str] | None = None
    posts: Mapping[str, str] = field(default_factory=dict)  # country → carrier, of the UPU's S10


@dataclass(frozen=True, slots=True)
class Match:
    """A format that a number has, its check digit right where it has one."""

    format: Format
    carrier: str
    country: str = ""

    @property
    def verified(self) -> bool:
        return self.format.checksum is not None

    @property
    def weight(self) -> float:
        """How much likelier the number is this carrier's than any other's, before anything is known of the shop."""
        known = self.format.checksum
        return self.format.share * 10 ** (self.format.narrow + (checksums.decades(known) if known else 0))


def plain(number: str) -> str:
    """A number as people copy it, without spaces, in capitals."""
    return "".join(number.split()).upper()


def matches(number: str) -> list[Match]:
    """Every format that a number has, in the order of the tables."""
    wanted = plain(number)
    spellings = dict.fromkeys((wanted, re.sub(r"[-.]", "", wanted)))
    found: dict[str, Match] = {}
    for spelling in spellings:
        if not 6 <= len(spelling) <= LONGEST or not spelling.isascii():
            continue
        for form in formats():
            match = None if form.id in found else _match(form, spelling)
            if match is not None:
                found[form.id] = match
    return list(found.values())


def _match(form: Format, number: str) -> Match | None:
    read = form.pattern.fullmatch(number)
    if read is None:
        return None
    parts = read.groupdict()
    if form.checksum is not None:
        serial = parts["SerialNumber"]
        if form.prepend is not None and form.prepend[0].match(serial):
            serial = form.prepend[1] + serial
        if not checksums.fits(form.checksum, serial, parts["CheckDigit"]):
            return None
    if form.carrier:
        return Match(form, form.carrier)
    country = parts["CountryCode"]
    post = form.posts.get(country)
    return Match(form, post, country) if post else None


@cache
def formats() -> tuple[Format, ...]:
    """All formats that we know."""
    names = tomllib.loads((_HERE / "couriers.toml").read_text(encoding="utf-8"))
    return (*_published(names), *_own(names))


@cache
def posts() -> Mapping[str, tuple[str, str]]:
    """Country → (carrier, name) of the postal service that issues S10 numbers for it."""
    names = tomllib.loads((_HERE / "couriers.toml").read_text(encoding="utf-8"))
    table = json.loads((_HERE / "published" / "s10.json").read_text(encoding="utf-8"))
    extra = next(a for a in table["tracking_numbers"][0]["additional"] if a["name"] == "Courier")
    rows = {row["matches"]: (f"post_{row['matches'].lower()}", row["courier"]) for row in extra["lookup"]}
    rows.update({country: (code, name) for country, (code, name) in names["posts"].items()})
    return rows


def _published(names: Mapping[str, Any]) -> Iterable[Format]:
    for path in sorted((_HERE / "published").glob("*.json")):
        courier = json.loads(path.read_text(encoding="utf-8"))
        code = names["couriers"].get(courier["courier_code"], courier["courier_code"])
        for row in courier["tracking_numbers"]:
            form_id = row.get("id") or row["name"].lower().replace(" ", "_")
            known = names["formats"].get(form_id, {})
            yield _format({**row, **known, "id": form_id}, "" if code == "s10" else code, names)


def _own(names: Mapping[str, Any]) -> Iterable[Format]:
    table = tomllib.loads((_HERE / "own.toml").read_text(encoding="utf-8"))
    for row in table["format"]:
        checksum = row.get("checksum")
        yield _format(
            {**row, "validation": {"checksum": checksum} if checksum else {}}, row["carrier"], names
        )


def _format(row: Mapping[str, Any], carrier: str, names: Mapping[str, Any]) -> Format:
    validation = row.get("validation", {})
    prepend = validation.get("serial_number_format", {}).get("prepend_if")
    text = "".join(row["regex"])
    return Format(
        id=row["id"], carrier=carrier, name=row["name"],
        pattern=re.compile(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", text)),
        narrow=float(row.get("narrow", 0)),
        share=float(row.get("share", names["shares"].get(carrier, names["shares"]["any"]))),
        checksum=validation.get("checksum"),
        prepend=(re.compile(prepend["matches_regex"]), prepend["content"]) if prepend else None,
        posts={} if carrier else {country: code for country, (code, _) in posts().items()},
    )  # fmt: skip
