"""Regions with public holidays of their own: found in what addresses hold, and their holidays (`holidays` library).

An area is an ISO 3166 code: `DE`, or `DE-BY` where the region is known. The library is imported when first needed, for
it costs a tenth of a second and 16 MB: only who keeps holidays pays it.
"""

import tomllib
from bisect import bisect_right
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

# Here the states have holidays, and parcels are delivered on them all the same: carriers keep the federal ones.
_FEDERAL_ONLY: Final = frozenset({"US"})
_RANGES: Final = Path(__file__).with_name("postcodes_de.toml")


def area_of(country: str, region: str = "", postcode: str = "") -> str:
    """Where an address lies. region: a code (`BY`, `DE-BY`) or a name as shops write it; else the postcode tells.

    The country alone where neither tells, and where parcels are delivered on the regions' holidays.
    """
    if country in _FEDERAL_ONLY:
        return country
    code = region_code(country, region) or _by_postcode(country, postcode)
    return f"{country}-{code}" if code else country


@lru_cache(maxsize=1024)
def region_code(country: str, region: str) -> str:
    """The code of a region that has a calendar of its own: `BY` for `BY`, `DE-BY` and `Bayern`; "" for any other."""
    entity = _entity(country) if region else None
    if entity is None:
        return ""
    told = region.strip().removeprefix(f"{country}-")
    codes = {code.casefold(): code for code in entity.subdivisions}
    names = {name.casefold(): code for name, code in entity.subdivisions_aliases.items()}
    return codes.get(told.casefold(), "") or names.get(told.casefold(), "")


def regions_of(country: str) -> dict[str, str]:
    """The regions of a country that have calendars of their own: code → name (the code where none is known)."""
    entity = _entity(country)
    if entity is None:
        return {}
    names = {code: name for name, code in reversed(list(entity.subdivisions_aliases.items()))}
    return {code: names.get(code, code) for code in entity.subdivisions}


@lru_cache(maxsize=1024)
def holidays_of(area: str, year: int) -> frozenset[date]:
    """The public holidays of an area. None of a country that nobody knows; the country's, of an unknown region."""
    import holidays

    country, _, region = area.partition("-")
    try:
        known = region if region_code(country, region) else None
        return frozenset(holidays.country_holidays(country, subdiv=known, years=year))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=4096)
def weekdays_off(area: str, day: date) -> float:
    """How many of the seven days after a day are public holidays of an area, and no Saturday or Sunday."""
    ahead = (day + timedelta(days=number) for number in range(1, 8))
    return float(sum(one.weekday() < 5 and one in holidays_of(area, one.year) for one in ahead))


def _entity(country: str) -> Any:
    import holidays

    return getattr(holidays, country, None) if country in holidays.list_supported_countries() else None


def _by_postcode(country: str, postcode: str) -> str:
    digits = postcode.replace(" ", "")
    if country != "DE" or len(digits) != 5 or not digits.isdecimal():
        return ""
    starts, states = _german_ranges()
    place = bisect_right(starts, digits)
    return states[place - 1] if place else ""


@lru_cache(maxsize=1)
def _german_ranges() -> tuple[list[str], list[str]]:
    pairs = [entry.split("=") for entry in tomllib.loads(_RANGES.read_text())["ranges"].split()]
    return [start for start, _ in pairs], [state for _, state in pairs]
