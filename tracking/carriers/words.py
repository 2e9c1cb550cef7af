"""What a scan's words mean where no code tells, in English, German and French (`words.toml`).

Bad news is read first, and what is only expected is read before what happened: "could not be delivered",
"wird zugestellt" and "n'a pas pu être livré" are never a delivery.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from tracking.carriers.mapping import Meaning
from tracking.statuses import SUBSTATUSES, Status

_LONGEST: Final = 500  # characters that are read: the column that keeps them is as wide
_UMLAUTS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "’": "'", "‘": "'", "`": "'"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What words give. `rule` is the name of the rule that decided, "" when none fitted."""

    status: Status
    substatus: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    status: Status
    substatus: str
    match: re.Pattern[str]
    unless: re.Pattern[str] | None


@lru_cache(maxsize=2048)
def read_words(text: str) -> Reading:
    """The status and the sub-status that a scan's words tell.

    Words that no rule knows are in transit, for something happened: with "" as their rule.
    """
    words = fold(text)
    for rule in _rules():
        if rule.match.search(words) and not (rule.unless and rule.unless.search(words)):
            return Reading(rule.status, rule.substatus, rule.name)
    return Reading(Status.IN_TRANSIT, "", "")


def fold(text: str) -> str:
    """Words as the patterns are written for: lower case, umlauts as two letters, no accents, single spaces."""
    plain = unicodedata.normalize("NFC", text[:_LONGEST]).casefold().translate(_UMLAUTS)
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return " ".join(bare.split())


@cache
def _rules() -> tuple[_Rule, ...]:
    table = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return tuple(
        _rule(row["name"], row["gives"], row["match"], row.get("unless", [])) for row in table["rule"]
    )


def _rule(name: str, gives: str, match: list[str], unless: list[str]) -> _Rule:
    named = SUBSTATUSES.get(gives)
    return _Rule(
        name,
        named.status if named else Status(gives),
        gives if named else "",
        _any(match),
        _any(unless) if unless else None,
    )


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def refined(meaning: Meaning, text: str) -> Meaning:
    """What a carrier's code means, with the sub-status that its words add.

    A code that says all is left alone. Words of another status count only where nobody knows the code, and never make a
    delivery.
    """
    if meaning.substatus:
        return meaning
    read = read_words(text)
    if not read.rule:
        return meaning
    if read.status == meaning.status or (not meaning.known and read.status != Status.DELIVERED):
        return Meaning(read.status, read.substatus, meaning.known)
    return meaning
