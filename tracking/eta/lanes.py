"""How long it took lately, lane by lane: medians of the last weeks, thin lanes shrunk towards broader ones.

A lane is a tuple of names, the broadest first: a region, from one region to another, to a postcode there. Medians
are of logarithms of days, over deliveries of the last weeks *by the day of delivery*: by the day of purchase the
newest would be the fast ones only, for the slow ones are still on their way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log, nan
from statistics import median
from typing import Any, Final

from tracking.eta.cases import Case, Past, Stage

# The least time that counts, in days: logarithms of less would weigh more than they mean.
LEAST_DAYS: Final = {Stage.PURCHASE: 0.25, Stage.HANDOVER: 0.1, Stage.SCAN: 0.02}
# So many deliveries of a broader lane count beside a lane's own.
SHRINK: Final = 6
_FEWEST: Final = 3  # deliveries of a lane worth keeping
_WINDOW, _LONG_WINDOW, _SHORT_WINDOW = 30.0, 60.0, 14.0

Key = tuple[str, ...]
Table = dict[Key, tuple[float, int]]


def chains(case: Case) -> dict[str, Sequence[Key]]:
    """The lanes that a case is on, by what they are asked for; each from the broadest to the narrowest."""
    to = f"{case.country}/{case.region}" if case.region else case.country
    way = (case.origin_region or case.origin_country, to)
    digits = case.postcode.replace(" ", "")
    narrow: list[Key] = [("to", to), ("way", *way)]
    if digits:
        narrow += [("way2", *way, digits[:2]), ("way3", *way, digits[:3])]
    served = (case.carrier, case.service)
    if case.stage == Stage.SCAN:
        where = (case.status, case.substatus)
        narrow = [
            ("at", case.status),
            ("at", *where),
            ("at", *where, case.carrier),
            ("at", *where, case.carrier, to),
        ]
    return {
        "lane": narrow,
        "origin": [("to", to), ("way", *way), ("from", case.origin), ("from", case.origin, to)],
        "served": [("by", case.carrier), ("by", *served), ("by", *served, to)],
    }


@dataclass(slots=True)
class Lanes:
    """The medians of one stage as of one day."""

    recent: Table = field(default_factory=dict)
    long: Table = field(default_factory=dict)
    short: Table = field(default_factory=dict)
    packing: Table = field(default_factory=dict)

    def look_up(self, table: Table, chain: Iterable[Key]) -> tuple[float, int]:
        """The median through a chain of lanes, and how many deliveries the narrowest has. nan without any."""
        value, count = table.get((), (nan, 0))
        for key in chain:
            own, count = table.get(key, (0.0, 0))
            if count:
                value = (own * count + value * SHRINK) / (count + SHRINK)
        return value, count

    def as_json(self) -> list[list[list[Any]]]:
        return [
            [[*key, round(value, 3), count] for key, (value, count) in table.items()]
            for table in self._tables()
        ]

    @classmethod
    def from_json(cls, data: list[list[list[Any]]]) -> "Lanes":
        return cls(*({tuple(row[:-2]): (row[-2], row[-1]) for row in rows} for rows in data))

    def _tables(self) -> list[Table]:
        return [self.recent, self.long, self.short, self.packing]


def lanes_at(pasts: Iterable[Past], stage: Stage, now: float) -> Lanes:
    """The medians as of `now`, out of what was delivered (or, for packing, handed over) before.

    pasts: cases of one stage.
    """
    recent: dict[Key, list[float]] = {}
    long: dict[Key, list[float]] = {}
    short: dict[Key, list[float]] = {}
    packing: dict[Key, list[float]] = {}
    least = LEAST_DAYS[stage]
    for past in pasts:
        case = past.case
        if stage == Stage.PURCHASE and now - _WINDOW <= past.shipped < now:
            _add(packing, [("from", case.origin)], log(max(past.shipped - case.placed, 0.1)))
        if not now - _LONG_WINDOW <= past.delivered < now:
            continue
        value, lanes = log(max(past.days, least)), chains(case)
        _add(long, lanes["origin"], value)
        if past.delivered >= now - _WINDOW:
            _add(recent, dict.fromkeys([*lanes["lane"], *lanes["served"]]), value)
        if past.delivered >= now - _SHORT_WINDOW:
            _add(short, lanes["lane"][:2], value)
    return Lanes(*(_medians(table) for table in (recent, long, short, packing)))


def _add(table: dict[Key, list[float]], keys: Iterable[Key], value: float) -> None:
    table.setdefault((), []).append(value)
    for key in keys:
        table.setdefault(key, []).append(value)


def _medians(table: dict[Key, list[float]]) -> Table:
    return {key: (median(values), len(values)) for key, values in table.items() if len(values) >= _FEWEST}
