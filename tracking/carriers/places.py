"""Places as carriers write them, taken apart into city, region, postcode and country."""

import re
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache

from babel.core import get_global

from tracking.carriers.zones import country_of_name, zone_of


@dataclass(frozen=True, slots=True)
class Place:
    """`region` as the carrier wrote it (a US state has two letters), `country` in ISO 3166, two letters."""

    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""

    @property
    def zone(self) -> tzinfo:
        """The time zone there; UTC when the country is not known."""
        return zone_of(self.country, self.region)


@cache
def country_code(written: str) -> str:
    """Two letters for what a carrier writes: "DE", "GBR", "UNITED STATES"; "" when it is none."""
    word = " ".join(written.split()).upper()
    if len(word) == 2 and word.isalpha():
        return "GB" if word == "UK" else word
    if len(word) == 3 and word.isalpha():
        known: list[str] = get_global("territory_aliases").get(word) or [""]
        return known[0] if len(known[0]) == 2 else country_of_name(word)
    return country_of_name(word)


_STATE = re.compile(r"[A-Z]{2,3}")
# At the end of a line: 10115, 1043 AG, SW1A 1AA, K0J 1T0, 12345-6789.
_POSTCODE = re.compile(
    r"(?:^|\s)(\d{5}-\d{4}|\d{4}\s?[A-Z]{2}|[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{4,6})$"
)


def split_place(line: str, country: str = "") -> Place:
    """A place written on one line: "Hebron, KY, US", "Memphis, TN 38118", "LEIPZIG - GERMANY", "Köln, Germany".

    country: what the carrier says elsewhere. What cannot be told apart stays in the city.
    """
    line, country = " ".join(line.split()), country_code(country)
    city, _, tail = line.rpartition(" - ")
    if named := country_of_name(tail):
        line, country = city, country or named
    parts = [part.strip() for part in line.split(",") if part.strip()]
    if len(parts) > 1 and (named := _country_at_the_end(parts, country)):
        country = country or named
        parts.pop()
    postcode = ""
    if len(parts) > 1 and (found := _POSTCODE.search(parts[-1])):
        postcode, parts[-1] = found[1], parts[-1][: found.start()].strip()
    parts = [part for part in parts if part]
    region = parts.pop() if len(parts) > 1 and _STATE.fullmatch(parts[-1]) else ""
    return Place(", ".join(parts), region, postcode, country)


def _country_at_the_end(parts: list[str], country: str) -> str:
    """The country that the last part names, "" when it may be a state: "Hebron, KY" is not in the Cayman Islands."""
    last = parts[-1].upper()
    if last == country or (country and country_code(last) == country):
        return country
    if len(last) == 2:
        return country_code(last) if not country and len(parts) > 2 else ""
    return country_code(last) if not country else ""
