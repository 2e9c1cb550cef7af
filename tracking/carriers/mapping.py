"""From a carrier's code and words to our status, by a table in a TOML file.

    [codes]                    the carrier's code → a status or a sub-status
    OT = "ofd.on_vehicle"
    "D/KB" = "delivered"       the same code within one family (below), where codes mean different things
    [families]                 where a carrier sorts its codes into kinds, what a kind means by itself
    D = "delivered"
    [[rule]]                   words, for what the codes leave open

A code with a sub-status says all; after a code with a bare status (or an unknown one) the rules are read from top to
bottom, and the first whose codes (or families) and one of whose patterns fit decides. Patterns are regular
expressions over the lower-case words. Three things hold for every table:

- only a code (or a family) whose own meaning is "delivered" can give `delivered`: words such as "could not be
  delivered" never do;
- an unknown code means what its family means, else in transit; its words still count, except as above;
- an unknown code is reported (`Meaning.known`), and shown to people (docs/carriers.md).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tracking.statuses import SUBSTATUSES, Status


class Meaning(NamedTuple):
    """What a scan means for us. `known`: the table has its code (or the carrier gave none)."""

    status: Status
    substatus: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """What the words give under these codes (all codes when empty)."""

    status: Status
    substatus: str
    codes: frozenset[str]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class StatusMap:
    codes: Mapping[str, Meaning]
    rules: tuple[Rule, ...]
    families: Mapping[str, Meaning]

    @classmethod
    def load(cls, path: Path) -> "StatusMap":
        """The table of a file. Raises ValueError for a status that we do not have."""
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(
            codes={code: _meaning(gives) for code, gives in table["codes"].items()},
            families={name: _meaning(gives) for name, gives in table.get("families", {}).items()},
            rules=tuple(_rule(row["gives"], row) for row in table.get("rule", ())),
        )

    def read(self, code: str, words: str) -> tuple[Status, str]:
        """The status and the sub-status ("" when nothing names one)."""
        status, substatus, _ = self.meaning(code, words)
        return status, substatus

    def meaning(self, code: str, words: str, family: str = "") -> Meaning:
        """What a code with these words means; family: the kind that the carrier says it is of."""
        return _found(self, code, words, family)


# Carriers repeat themselves: nearly every scan has the words of an earlier one.
@lru_cache(maxsize=2048)
def _found(table: StatusMap, code: str, words: str, family: str) -> Meaning:
    exact = table.codes.get(f"{family}/{code}") or table.codes.get(code)
    base = exact or table.families.get(family) or Meaning(Status.IN_TRANSIT, "")
    known = exact is not None or not code
    if base.substatus:
        return base._replace(known=known)
    words = " ".join(words.lower().split())
    # A code that nobody knows is not in any rule's list: the rules of the carrier's "unknown" code count for it.
    names = {code, family} if exact or family in table.families else {code, family, "unknown"}
    for rule in table.rules:
        if rule.codes and rule.codes.isdisjoint(names):
            continue
        if rule.status == Status.DELIVERED and base.status != Status.DELIVERED:
            continue
        if rule.pattern.search(words):
            return Meaning(rule.status, rule.substatus, known)
    return base._replace(known=known)


def _meaning(gives: str) -> Meaning:
    named = SUBSTATUSES.get(gives)
    return Meaning(named.status, gives) if named else Meaning(Status(gives), "")


def _rule(gives: str, row: Mapping[str, list[str]]) -> Rule:
    status, substatus, _ = _meaning(gives)
    return Rule(
        status=status,
        substatus=substatus,
        codes=frozenset(row.get("codes", ())),
        pattern=re.compile("|".join(f"(?:{pattern})" for pattern in row["match"])),
    )
