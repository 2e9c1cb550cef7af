"""What the law of a country asks for before a message that is no part of the contract (`countries.toml`)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class CountryRule:
    """One row of the table. `days`: how long a sale makes an existing customer; 0 is no fixed limit."""

    name: str
    email: str
    service: str
    existing_customer: bool
    days: int
    confirmed: bool
    note: str
    source: str
    countries: tuple[str, ...] = ()


@cache
def country_rules() -> dict[str, CountryRule]:
    """Every row by its name, with `default` for what no row names."""
    read = tomllib.loads(Path(__file__).with_name("countries.toml").read_text())
    return {
        name: CountryRule(name=name, **{**row, "countries": tuple(row.get("countries", ()))})
        for name, row in read.items()
    }


@cache
def _by_country() -> dict[str, CountryRule]:
    return {code: rule for rule in country_rules().values() for code in rule.countries}


def rule_of(country: str) -> CountryRule:
    """The rule for a country (ISO 3166-1 alpha-2, any case); the strictest one where the table has none."""
    return _by_country().get(country.upper(), country_rules()["default"])
