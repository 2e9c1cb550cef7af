"""Experiments with a known truth, to see whether the intervals keep what they promise (`manage.py lift --simulate`).

Each experiment runs for months, its shoppers come day by day, and it is looked at **every day**. Counted is whether the
interval ever left the truth out; in experiments without an effect that is a false alarm.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from analytics.lift.effect import Effect, effect_of
from analytics.lift.sums import Sums

OUTCOMES = ("repeat", "revenue", "questions")
# Truths that are planted, in percentage points of shoppers who buy again; 0 is the A/A experiment.
PLANTED = (0.03, 0.06, -0.03)
_VALUE = 80.0  # an order, on average
_ASKS = 0.03


@dataclass(frozen=True)
class Setting:
    """What an experiment is like. percent: how many are held out."""

    days: int = 180
    shoppers_a_day: int = 60
    percent: float = 10.0


@dataclass
class Tally:
    """How experiments of one truth ended, for one outcome."""

    experiments: int = 0
    covered: int = 0
    alarms: int = 0  # the interval left out 0 at some look
    naive_alarms: int = 0  # an ordinary 95 % interval did, at some look
    decided_after: list[int] | None = None
    kept: float = 0.0


def simulate(experiments: int, seed: int, setting: Setting) -> dict[str, Any]:
    """Run so many experiments without an effect, and as many with a planted one. JSON to print."""
    chance = random.Random(seed)  # noqa: S311  # a simulation, not a secret
    without = {name: Tally(decided_after=[]) for name in OUTCOMES}
    planted = {name: Tally(decided_after=[]) for name in OUTCOMES}
    for number in range(experiments):
        _experiment(chance, setting, 0.0, without)
        _experiment(chance, setting, PLANTED[number % len(PLANTED)], planted)
    return {
        "seed": seed,
        **asdict(setting),
        "promised": 0.95,
        "without_effect": {name: _without(tally) for name, tally in without.items()},
        "planted": {name: _planted(tally) for name, tally in planted.items()},
    }


def _without(tally: Tally) -> dict[str, Any]:
    return {
        "experiments": tally.experiments,
        "false_alarms": tally.alarms,
        "false_alarm_rate": _share(tally.alarms, tally),
        "false_alarm_rate_of_an_ordinary_interval": _share(tally.naive_alarms, tally),
    }


def _planted(tally: Tally) -> dict[str, Any]:
    after = tally.decided_after or []
    return {
        "experiments": tally.experiments,
        "covered": tally.covered,
        "coverage": _share(tally.covered, tally),
        "decided": len(after),
        "median_days_to_decision": median(after) if after else None,
        "variance_kept_by_prior_spend": round(tally.kept / tally.experiments, 3)
        if tally.experiments
        else None,
    }


def _share(number: int, tally: Tally) -> float | None:
    return round(number / tally.experiments, 4) if tally.experiments else None


def _experiment(chance: random.Random, setting: Setting, lift: float, tallies: dict[str, Tally]) -> None:
    """One experiment, looked at every day."""
    truths = {"repeat": lift, "revenue": lift * _VALUE, "questions": 0.0 if lift == 0 else -_ASKS / 2}
    sums = {name: [Sums(), Sums()] for name in OUTCOMES}
    covered, first, naive = (
        dict.fromkeys(OUTCOMES, True),
        dict.fromkeys(OUTCOMES, 0),
        dict.fromkeys(OUTCOMES, False),
    )
    effects: dict[str, Effect] = {}
    for day in range(1, setting.days + 1):
        _one_day(chance, setting, lift, sums)
        for name, truth in truths.items():
            effect = effects[name] = effect_of({0: (sums[name][0], sums[name][1])})
            if effect.low is None or effect.high is None:
                continue
            covered[name] &= effect.low <= truth <= effect.high
            if not first[name] and not effect.low <= 0 <= effect.high:
                first[name] = day
            naive[name] |= _ordinary_leaves_out_nothing(sums[name])
    for name, tally in tallies.items():
        tally.experiments += 1
        tally.covered += covered[name]
        tally.naive_alarms += naive[name]
        tally.kept += effects[name].kept
        if first[name]:
            tally.alarms += 1
            if tally.decided_after is not None:
                tally.decided_after.append(first[name])


def _one_day(chance: random.Random, setting: Setting, lift: float, sums: dict[str, list[Sums]]) -> None:
    """The day's shoppers: whoever liked the shop before buys more, whatever they are sent; a few buy very much."""
    came: dict[str, tuple[list[tuple[float, float]], list[tuple[float, float]]]] = {
        n: ([], []) for n in OUTCOMES
    }
    for _ in range(setting.shoppers_a_day):
        liking = chance.gammavariate(1.5, 1 / 1.5)
        before = _VALUE * liking * math.exp(chance.gauss(0, 0.5))
        is_held_out = chance.random() * 100 < setting.percent
        buys = chance.random() < 0.04 + min(0.7, 0.14 * liking) + (0.0 if is_held_out else lift)
        spends = chance.lognormvariate(math.log(_VALUE) - 0.32, 0.8) if buys else 0.0
        asks = chance.random() < _ASKS * (1.0 if is_held_out or not lift else 0.5)
        for name, y in (("repeat", float(buys)), ("revenue", spends), ("questions", float(asks))):
            came[name][is_held_out].append((before, y))
    for name, groups in came.items():
        sums[name] = [known + Sums.of(new) for known, new in zip(sums[name], groups, strict=True)]


def _ordinary_leaves_out_nothing(sums: Sequence[Sums]) -> bool:
    """Whether an ordinary 95 % interval, without correction, would call this an effect."""
    one, other = sums
    error = math.sqrt(sum(group.squares(0.0) / (group.n - 1) / group.n for group in (one, other)))
    return abs(one.mean_y - other.mean_y) > 1.96 * error
