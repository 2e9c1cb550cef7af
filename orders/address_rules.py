"""What an address needs to be deliverable, by country. Codes of what is wrong, never words.

Forms of postcodes are those that the countries' posts publish (Universal Postal Union, "Postal addressing systems").
A country that is not here is not judged by its postcode.
"""

import re
from collections.abc import Mapping
from typing import Final

LONGEST: Final = {
    "name": 120, "company": 120, "address1": 120, "address2": 120, "postcode": 20, "city": 120, "region": 120,
}  # fmt: skip

_DIGITS: Final = {
    "AT": 4, "AU": 4, "BE": 4, "BG": 4, "CH": 4, "CY": 4, "DK": 4, "HU": 4, "LI": 4, "LU": 4, "NO": 4, "NZ": 4,
    "SI": 4, "ZA": 4, "DE": 5, "EE": 5, "ES": 5, "FI": 5, "FR": 5, "HR": 5, "IT": 5, "MC": 5, "MX": 5, "TR": 5,
    "UA": 5, "CN": 6, "IN": 6, "RO": 6, "SG": 6, "RU": 6, "IL": 7,
}  # fmt: skip
_FORMS: Final = {
    "BR": r"\d{5}-?\d{3}",
    "CA": r"[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d",
    "CZ": r"\d{3} ?\d{2}",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "GR": r"\d{3} ?\d{2}",
    "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}",
    "JP": r"\d{3}-?\d{4}",
    "KR": r"\d{5}",
    "LT": r"(LT-)?\d{5}",
    "LV": r"(LV-)?\d{4}",
    "MT": r"[A-Z]{3} ?\d{4}",
    "NL": r"[1-9]\d{3} ?[A-Z]{2}",
    "PL": r"\d{2}-?\d{3}",
    "PT": r"\d{4}-?\d{3}",
    "SE": r"\d{3} ?\d{2}",
    "SK": r"\d{3} ?\d{2}",
    "US": r"\d{5}(-\d{4})?",
}
# No postcodes at all: nobody is asked for one.
NO_POSTCODE: Final = frozenset({"AE", "HK", "MO", "QA"})
# The state or province stands in the address.
NEEDS_REGION: Final = frozenset({"AU", "BR", "CA", "US"})
# The house number stands in the line of the street.
_NEEDS_NUMBER: Final = frozenset(
    {
        "AT",
        "BE",
        "CH",
        "CZ",
        "DE",
        "DK",
        "ES",
        "FI",
        "FR",
        "HU",
        "IT",
        "LI",
        "LU",
        "NL",
        "NO",
        "PL",
        "SE",
        "SK",
        "US",
    }
)


def normal(address: Mapping[str, str], country: str) -> dict[str, str]:
    """What was typed, on one line each, without control characters; the postcode in capitals."""
    parts = {name: " ".join("".join(c if c.isprintable() else " " for c in address.get(name, "")).split())
             for name in LONGEST}  # fmt: skip
    parts["postcode"] = parts["postcode"].upper() if country else parts["postcode"]
    return {name: value for name, value in parts.items() if value}


def faults(address: Mapping[str, str], country: str) -> dict[str, str]:
    """What is wrong with each part: `missing`, `too_long`, `postcode` (not of that country's form) or `number`."""
    needed = ["name", "address1", "city"]
    if country not in NO_POSTCODE:
        needed.append("postcode")
    if country in NEEDS_REGION:
        needed.append("region")
    found = {name: "missing" for name in needed if not address.get(name)}
    found |= {name: "too_long" for name, most in LONGEST.items() if len(address.get(name, "")) > most}
    if "postcode" not in found and country not in NO_POSTCODE and not _fits(address["postcode"], country):
        found["postcode"] = "postcode"
    street = address.get("address1", "")
    if "address1" not in found and country in _NEEDS_NUMBER and not any(c.isdigit() for c in street):
        found["address1"] = "number"
    return found


def _fits(postcode: str, country: str) -> bool:
    digits = _DIGITS.get(country)
    form = rf"(?:{country}-)?\d{{{digits}}}" if digits else _FORMS.get(country)
    return form is None or re.fullmatch(form, postcode, re.ASCII) is not None
