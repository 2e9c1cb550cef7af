"""Predicting the past: what would have been said of each parcel, learned only from what was known at that moment."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf, isnan
from statistics import fmean, median
from typing import Any

from tracking.eta.cases import Case, Past, Stage
from tracking.eta.fitting import Learner, Settings
from tracking.eta.model import QUANTILES, Model, Prediction

Predictor = Callable[[Case], Prediction | None]


@dataclass(slots=True)
class Told:
    """What was said of a parcel, and the truth (days)."""

    case: Case
    days: float
    said: dict[str, Prediction]


def run(pasts: Sequence[Past], start: float, end: float, settings: Settings | None = None) -> dict[str, Any]:
    """Measures of all predictors on the delivered orders that were placed in [start, end), stage by stage."""
    result: dict[str, Any] = {}
    for stage in Stage:
        told = predict_span([past for past in pasts if past.case.stage == stage], stage, start, end, settings)
        if told:
            result[stage] = summary(told) | {"lanes": _by_lane(told)}
    return result


def predict_span(
    pasts: Sequence[Past], stage: Stage, start: float, end: float, settings: Settings | None = None
) -> list[Told]:
    """What would have been said of each parcel of the span, day by day."""
    learner = Learner(pasts, stage, start, settings)
    wanted: dict[int, list[Past]] = defaultdict(list)
    for past in learner.pasts:
        if start <= past.case.placed < end and past.case.at < past.delivered < inf:
            wanted[int(past.case.at - start)].append(past)
    before = _Medians(learner.pasts, -inf, start, fewest=1)
    told = []
    for day, parcels in sorted(wanted.items()):
        now = start + day
        model = Model({stage: learner.model(now)})
        lately = _Medians(learner.pasts, now - 30, now, fewest=3)
        for past in parcels:
            told.append(Told(past.case, past.days, _say(past.case, model, before, lately)))
    return told


def _say(case: Case, model: Model, before: "_Medians", lately: "_Medians") -> dict[str, Prediction]:
    said: dict[str, Prediction] = {}
    ours = model.predict(case)
    if ours is not None:
        said["ours"] = ours
    if not isnan(case.promise):
        said["promise"] = _point(max(case.promise, 0.0))
    for name, medians in (("lane_before", before), ("lane_30_days", lately)):
        days = medians.of(case)
        if days is not None:
            said[name] = _point(days)
    return said


def _to(case: Case) -> str:
    return f"{case.country}/{case.region}" if case.region else case.country


def _point(days: float) -> Prediction:
    return Prediction(days, days, days)


class _Medians:
    """The plainest baseline: the median by lane over what was delivered from `first` until `end`."""

    def __init__(self, pasts: Iterable[Past], first: float, end: float, fewest: int) -> None:
        by_lane: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for past in pasts:
            if first <= past.delivered < end and past.days > 0:
                by_lane[()].append(past.days)
                by_lane[_way(past.case)].append(past.days)
        self.medians = {lane: median(days) for lane, days in by_lane.items() if len(days) >= fewest}

    def of(self, case: Case) -> float | None:
        """Days; of a lane that is not known, those of all."""
        return self.medians.get(_way(case), self.medians.get(()))


def _way(case: Case) -> tuple[str, ...]:
    return case.origin_region or case.origin_country, _to(case)


def summary(told: Sequence[Told]) -> dict[str, Any]:
    """Per predictor: mae, median_error, coverage and width of the window, pinball (all in days, but for coverage).

    A predictor of a single date has no window: its pinball is that of the date taken for all three quantiles.
    """
    names = dict.fromkeys(name for one in told for name in one.said)
    return {"orders": len(told)} | {name: _measures([(t.said[name], t.days) for t in told if name in t.said])
                                    for name in names}  # fmt: skip


def _measures(pairs: Sequence[tuple[Prediction, float]]) -> dict[str, float | None]:
    off = [abs(days - said.p50) for said, days in pairs]
    is_point = all(said.p10 == said.p90 for said, _ in pairs)
    return {
        "orders": len(pairs),
        "mae": round(fmean(off), 3),
        "median_error": round(median(off), 3),
        "coverage": None if is_point else round(fmean(s.p10 <= days <= s.p90 for s, days in pairs), 4),
        "width": None if is_point else round(fmean(said.p90 - said.p10 for said, _ in pairs), 3),
        "pinball": round(fmean(_pinball(said, days) for said, days in pairs), 3),
    }


def _pinball(said: Prediction, days: float) -> float:
    """The mean pinball loss of the three quantiles."""
    ahead = [days - value for value in (said.p10, said.p50, said.p90)]
    return fmean(max(level * off, (level - 1) * off) for level, off in zip(QUANTILES, ahead, strict=True))


def _by_lane(told: Sequence[Told], most: int = 10) -> dict[str, dict[str, float | None]]:
    """Our measures on the busiest lanes."""
    lanes: dict[str, list[tuple[Prediction, float]]] = defaultdict(list)
    for one in told:
        if "ours" in one.said:
            way = (
                f"{one.case.origin_region or one.case.origin_country} → {one.case.region or one.case.country}"
            )
            lanes[way].append((one.said["ours"], one.days))
    busiest = sorted(lanes, key=lambda lane: -len(lanes[lane]))[:most]
    return {lane: _measures(lanes[lane]) for lane in busiest}
