"""From a carrier's code and words to our status, by a table in a TOML file.

The table has `[codes]` (the carrier's code → the status when no words say more) and `[[rule]]`s,
read from top to bottom: the first whose codes and one of whose patterns fit decides. Patterns
are regular expressions over the lower-case words. Two things hold for every table:

- only a code whose own meaning is "delivered" can give `delivered`: words such as "could not be
  delivered" never do;
- an unknown code is read as in transit, and its words still count, except as above.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tracking.statuses import SUBSTATUSES, Status


@dataclass(frozen=True, slots=True)
class Rule:
    """What the words give under these codes (all codes when empty)."""

    status: Status
    substatus: str
    codes: frozenset[str]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class StatusMap:
    codes: Mapping[str, Status]
    rules: tuple[Rule, ...]

    @classmethod
    def load(cls, path: Path) -> "StatusMap":
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        codes = {code: Status(status) for code, status in table["codes"].items()}
        return cls(codes, tuple(_rule(row["gives"], row) for row in table["rule"]))

    def read(self, code: str, words: str) -> tuple[Status, str]:
        """The status and the sub-status ("" when no rule names one)."""
        meaning = self.codes.get(code, Status.IN_TRANSIT)
        words = " ".join(words.lower().split())
        for rule in self.rules:
            if rule.codes and (code if code in self.codes else "unknown") not in rule.codes:
                continue
            if rule.status == Status.DELIVERED and meaning != Status.DELIVERED:
                continue
            if rule.pattern.search(words):
                return rule.status, rule.substatus
        return meaning, ""


def _rule(gives: str, row: Mapping[str, list[str]]) -> Rule:
    named = SUBSTATUSES.get(gives)
    return Rule(
        status=named.status if named else Status(gives),
        substatus=gives if named else "",
        codes=frozenset(row.get("codes", ())),
        pattern=re.compile("|".join(f"(?:{pattern})" for pattern in row["match"])),
    )
