"""What the aggregators call our carriers, and the way back (`slugs.toml`)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

AGGREGATORS: Final = ("easypost", "aftership", "shippo", "17track")


@cache
def _table() -> Mapping[str, Mapping[str, str | int]]:
    return tomllib.loads(Path(__file__).with_name("slugs.toml").read_text(encoding="utf-8"))


def slug_of(aggregator: str, carrier: str) -> str:
    """The aggregator's name for one of our carriers, "" when it has none (it then finds out by the number)."""
    return str(_table().get(carrier, {}).get(aggregator, ""))


@cache
def _carriers(aggregator: str) -> Mapping[str, str]:
    rows = ((str(row.get(aggregator, "")).lower(), code) for code, row in _table().items())
    return {slug: code for slug, code in rows if slug}


def carrier_of(aggregator: str, slug: str) -> str:
    """Our carrier for an aggregator's name, "" for one that we do not know."""
    return _carriers(aggregator).get(slug.strip().lower(), "")


def carried_by(aggregator: str) -> frozenset[str]:
    """Our carriers that an aggregator knows by name."""
    return frozenset(_carriers(aggregator).values())
