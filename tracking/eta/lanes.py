"""How lanes differ: how much longer or shorter than usual it takes on each, thin ones shrunk towards broader ones.

A lane is a tuple of names, the broadest first: a region, from one region to another, to a postcode there. A value is a
mean of logarithms of days, less the level of the week *of the delivery* (of the week of purchase the newest would be
the fast ones only). So lanes remember for months how they differ, while all of them become faster or slower together:
that is for `pace` to say. Older deliveries count less and less (exponential forgetting).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log, nan
from statistics import fmean
from typing import Any, Final

from tracking.eta.cases import Case, Past, Stage

# The least time that counts, in days: logarithms of less would weigh more than they mean.
LEAST_DAYS: Final = {Stage.PURCHASE: 0.25, Stage.HANDOVER: 0.1, Stage.SCAN: 0.02}
# So many deliveries of a broader lane count beside a lane's own; and of the weeks before, beside a week's.
SHRINK: Final = 6
_SHRINK_WEEK: Final = 20
_HALF_LIFE: Final = 60.0  # days
_FEWEST: Final = 2.0  # deliveries, as forgotten as they are: lanes of fewer are not worth keeping

Key = tuple[str, ...]
Table = dict[Key, tuple[float, float]]  # value, how many deliveries


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
    """What is known of one stage's lanes at one time: learned week by week (`learn`), asked with `look_up`."""

    ways: Table = field(default_factory=dict)  # beyond the level: to, from, by carrier
    packing: Table = field(default_factory=dict)  # from purchase to hand-over, beyond its level
    promised: Table = field(default_factory=dict)  # log(days) from purchase to what was promised
    scale: float = 1.0  # by which counts are multiplied: forgetting, without touching each of them
    levels: dict[str, float] = field(default_factory=dict)

    def look_up(self, table: Table, chain: Iterable[Key]) -> tuple[float, float]:
        """The value through a chain of lanes, and how many deliveries the narrowest has. nan without any."""
        value, count = table.get((), (nan, 0.0))
        for key in chain:
            own, count = table.get(key, (0.0, 0.0))
            count *= self.scale
            if count:
                value = (own * count + value * SHRINK) / (count + SHRINK)
        return value, count

    def learn(self, stage: Stage, delivered: Sequence[Past], shipped: Sequence[Past]) -> None:
        """Take in a week of one stage's cases that were delivered, and of those that were handed over in it."""
        self.scale *= 0.5 ** (7 / _HALF_LIFE)
        least = LEAST_DAYS[stage]
        took = [log(max(past.days, least)) for past in delivered]
        level = self._level("ways", took)
        for past, value in zip(delivered, took, strict=True):
            lanes = chains(past.case)
            keys = dict.fromkeys(((), *lanes["lane"], *lanes["origin"], *lanes["served"]))
            self._add(self.ways, keys, value - level)
            promise = promised_days(past.case)
            if promise == promise:
                self._add(self.promised, ((), *lanes["lane"][:2]), log(promise))
        packed = [log(max(past.shipped - past.case.placed, 0.1)) for past in shipped]
        level = self._level("packing", packed)
        for past, value in zip(shipped, packed, strict=True):
            self._add(self.packing, ((), ("from", past.case.origin)), value - level)

    def _level(self, name: str, values: Sequence[float]) -> float:
        """The mean of a week, shrunk towards that of the weeks before: one delivery is no level of a week."""
        if values:
            before = self.levels.get(name, fmean(values))
            self.levels[name] = (sum(values) + before * _SHRINK_WEEK) / (len(values) + _SHRINK_WEEK)
        return self.levels.get(name, 0.0)

    def _add(self, table: Table, keys: Iterable[Key], value: float) -> None:
        weight = 1 / self.scale
        for key in keys:
            mean, count = table.get(key, (0.0, 0.0))
            table[key] = mean + (value - mean) * weight / (count + weight), count + weight

    def copy(self) -> "Lanes":
        """As it is now, for good, without the lanes that hardly a parcel takes."""
        ways, packing, promised = (
            {key: (value, count * self.scale) for key, (value, count) in table.items()
             if count * self.scale >= _FEWEST or not key}
            for table in self._tables()
        )  # fmt: skip
        return Lanes(ways, packing, promised)

    def as_json(self) -> list[list[list[Any]]]:
        return [
            [[*key, round(value, 3), round(count * self.scale, 1)] for key, (value, count) in table.items()]
            for table in self._tables()
        ]

    @classmethod
    def from_json(cls, data: list[list[list[Any]]]) -> "Lanes":
        ways, packing, promised = ({tuple(row[:-2]): (row[-2], row[-1]) for row in rows} for rows in data)
        return cls(ways, packing, promised)

    def _tables(self) -> tuple[Table, Table, Table]:
        return self.ways, self.packing, self.promised


def promised_days(case: Case) -> float:
    """Days from the purchase to the end of what was promised then; nan without a promise."""
    days = case.promise + case.at - case.placed
    return max(days, 0.5) if days == days else nan
