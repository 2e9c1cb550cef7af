"""Local times without an offset: which zone a scan's place is in."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("zones.toml").read_text(encoding="utf-8"))


@cache
def _region_zones(country: str) -> Mapping[str, str]:
    rows: Mapping[str, str] = _table()["regions"].get(country, {})
    return {region: zone for zone, regions in rows.items() for region in regions.split()}


def zone_of(country: str, region: str = "") -> tzinfo:
    """The time zone of an ISO country (and state, where we know more); UTC when unknown."""
    name = _region_zones(country).get(region) or _table()["zones"].get(country)
    return ZoneInfo(name) if name else UTC


def country_of_name(name: str) -> str:
    """The ISO code of a country's English name as carriers print it, or ""."""
    code: str = _table()["names"].get(" ".join(name.upper().split()), "")
    return code


def parse_local(text: str, zone: tzinfo) -> tuple[datetime, bool]:
    """An ISO 8601 time as UTC, and whether it named its own offset.

    Without one it is read as local time of `zone`. In the hour that autumn has twice, the
    first is taken; an hour that spring skips is moved on by the gap. Raises ValueError.
    """
    at = datetime.fromisoformat(text.strip())
    offset_known = at.tzinfo is not None
    if not offset_known:
        at = at.replace(tzinfo=zone)
    try:
        return at.astimezone(UTC), offset_known
    except OverflowError as error:
        raise ValueError(f"no such time: {text}") from error
