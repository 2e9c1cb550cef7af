"""A number's carriers, likeliest first.

Each format that fits weighs as much as its carrier is common and as its form is rare: a right check digit makes a
chance hit ten times rarer, a fixed "1Z" two hundred times. The shop's own carriers and the country of delivery shift
the weights, and nothing more: a number that is plainly UPS's stays UPS's. The confidence is a carrier's share of the
weight of all that fit and of "none of them".
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from tracking.carriers.numbers.formats import Match, matches

_OWN: Final = 20.0  # a carrier of the shop against one that it never used
_HOME: Final = 3.0  # a carrier that delivers there
_ABROAD: Final = 0.5
SURE: Final = 0.5  # from here on a carrier is taken without asking anybody


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known beside the number.

    own: the shop's carriers, each with its share (0 to 1) of its recent parcels; one that it has an account with has 1.
    country: where the parcel goes, ISO 3166, "" when unknown.
    """

    own: Mapping[str, float] = field(default_factory=dict)
    country: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A carrier that a number may belong to. `confidence` is between 0 and 1; `checksum`: its check digit is right."""

    carrier: str
    name: str
    format: str
    reason: str
    confidence: float
    checksum: bool


def detect(number: str, hints: Hints = Hints()) -> list[Candidate]:
    """The carriers that a number may belong to, likeliest first; empty when no known format fits."""
    best: dict[str, tuple[float, Match]] = {}
    for match in matches(number):
        weight = match.weight * _shift(match.carrier, hints)
        if weight > best.get(match.carrier, (0.0, match))[0]:
            best[match.carrier] = (weight, match)
    total = sum(weight for weight, _ in best.values()) + _table()["shares"]["nothing"]
    ranked = sorted(best.values(), key=lambda row: -row[0])
    return [_candidate(match, weight / total, hints) for weight, match in ranked]


def likely(number: str, hints: Hints) -> str:
    """The one carrier that a number surely belongs to, "" when nobody is sure enough."""
    found = detect(number, hints)
    return found[0].carrier if found and found[0].confidence >= SURE else ""


def _candidate(match: Match, confidence: float, hints: Hints) -> Candidate:
    reasons = ["The check digit is right" if match.verified else "The form fits; it has no check digit"]
    if match.country:
        reasons.append(f"issued in {match.country}")
    if hints.own.get(match.carrier):
        reasons.append("one of the shop's carriers")
    if hints.country in _table()["homes"].get(match.carrier, ()):
        reasons.append(f"delivers in {hints.country}")
    return Candidate(
        match.carrier,
        _name(match),
        match.format.name,
        ", ".join(reasons),
        round(confidence, 4),
        match.verified,
    )


def _name(match: Match) -> str:
    from tracking.carriers.registry import carrier_name  # the registry knows the adapters, and they much else

    return carrier_name(match.carrier)


def _shift(carrier: str, hints: Hints) -> float:
    own = 1 + _OWN * min(hints.own.get(carrier, 0.0), 1.0)
    homes = _table()["homes"].get(carrier)
    if not hints.country or homes is None:
        return own
    return own * (_HOME if hints.country in homes else _ABROAD)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("couriers.toml").read_text(encoding="utf-8"))
