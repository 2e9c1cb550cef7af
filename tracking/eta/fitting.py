"""Learning from deliveries: lanes, boosted quantile trees, calibration. The only module that needs scikit-learn.

Everything is learned as of a time, from what was known then. Trees learn how parcels differ, from those that began long
enough ago to be there; how fast all are just now is read from what came lately and what is still under way (`pace`);
how far that was off on the parcels of the last months, delivered or not, is what the windows are calibrated with.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf, isnan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta import pace
from tracking.eta.calibration import Error, quantile
from tracking.eta.cases import Past, Stage
from tracking.eta.features import NAMES, features
from tracking.eta.lanes import LEAST_DAYS, Lanes
from tracking.eta.model import QUANTILES, Model, StageModel, Triple
from tracking.eta.pace import Parcels, Spread
from tracking.eta.trees import LEAF, Forest

# Lanes are learned anew each week, trees every other one; how fast parcels are, and how far we are off, each day.
WEEK: Final = 7.0
TREES_EVERY: Final = 14.0
# Fewer delivered parcels than this are no ground for trees, and fewer than that none for a calibration.
FEWEST_FOR_TREES: Final = 400
FEWEST: Final = 40
Rows = NDArray[np.float32]
Numbers = NDArray[np.float64]
Which = NDArray[np.bool_]


@dataclass(frozen=True)
class Settings:
    """What is learned with. The defaults were chosen on spans inside the data (docs/delivery-dates.md)."""

    half_life: float = 120.0  # days: a parcel begun so long ago weighs half of one of today
    history: float = 420.0  # days: older ones are not looked at
    # Days: of parcels begun later than that, mostly the fast ones are known. Trees learn from those before.
    settled: float = 42.0
    lost_share: float = 0.75  # of those open for so long; others were cancelled or come after all
    lost: float = 75.0  # days: a parcel that is under way for longer does not come any more
    trees: int = 60
    rate: float = 0.1
    leaves: int = 12
    least_leaf: int = 30
    calibration: float = 130.0  # days: on the parcels begun in these
    calibration_half_life: float = 30.0


@dataclass(slots=True)
class Grown:
    """What one fit of the trees says of all parcels, and how these were spread around it."""

    trees: list[Any]
    said: tuple[Numbers, ...]  # log(days) at level 0, by quantile
    spread: Spread | None  # None: too little is settled
    usual: float
    levels: dict[float, float] = field(default_factory=dict)  # by time


class Learner:
    """Learns one stage from its past cases; `anchor`: a day to which the weeks are aligned."""

    def __init__(
        self, pasts: Iterable[Past], stage: Stage, anchor: float, settings: Settings | None = None
    ) -> None:
        self.stage, self.anchor, self.settings = stage, anchor, settings or Settings()
        self.pasts = sorted((p for p in pasts if p.case.stage == stage), key=lambda past: past.case.at)
        self.started = np.array([past.case.at for past in self.pasts], dtype=np.float64)
        self.delivered = np.array([past.delivered for past in self.pasts], dtype=np.float64)
        self._lanes: dict[int, Lanes] = {}
        self._grown: dict[int, Grown] = {}
        self.rows = self._learn_lanes()
        self.lane = self.rows[:, 0].astype(np.float64)
        self.usable = ~np.isnan(self.lane) & (self.delivered > self.started)

    def week(self, at: float) -> int:
        """The number of the week that a time lies in, counted from the anchor."""
        return int((at - self.anchor) // WEEK)

    def lanes_of(self, week: int) -> Lanes:
        """The lanes as of the beginning of a week from the anchor's on."""
        return self._lanes[week]

    def _learn_lanes(self) -> Rows:
        """Go through the weeks: see each parcel with the lanes as of its week, then let them learn from that week."""
        begun, delivered, shipped = (defaultdict[int, list[Any]](list) for _ in range(3))
        for number, past in enumerate(self.pasts):
            begun[self.week(past.case.at)].append(number)
            if past.case.at < past.delivered < inf:
                delivered[self.week(past.delivered)].append(past)
            if self.stage == Stage.PURCHASE and not isnan(past.shipped):
                shipped[self.week(past.shipped)].append(past)
        rows = np.full((len(self.pasts), len(NAMES)), np.nan, dtype=np.float32)
        lanes = Lanes()
        for week in range(min(begun, default=0), max([0, *begun]) + 1):
            if week >= 0:
                self._lanes[week] = lanes.copy()
            for number in begun[week]:
                rows[number] = features(self.pasts[number].case, self._lanes.get(week, lanes))
            lanes.learn(self.stage, delivered[week], shipped[week])
        return rows

    def model(self, now: float) -> StageModel:
        """What is known of this stage at a time from the anchor on."""
        grown = self._grown_for(now)
        return StageModel(
            self.lanes_of(self.week(now)),
            tuple(_flat(tree) for tree in grown.trees),
            self._offsets(grown, now),
            int((self.delivered < now).sum()),
        )

    def _grown_for(self, now: float) -> Grown:
        number = int((now - self.anchor) // TREES_EVERY)
        if number not in self._grown:
            self._grown[number] = self._grow(self.anchor + number * TREES_EVERY)
        return self._grown[number]

    def _grow(self, now: float) -> Grown:
        """Fit three regressors on what was known at a time; none where that is too little.

        They learn how parcels differ from each other, not how fast the weeks were: each week's own median is taken
        off.
        """
        wanted = self.settings
        seen = (self.started < now - wanted.settled) & (self.started >= now - wanted.history)
        seen &= (self.delivered < now) | (now - self.started < wanted.lost)
        seen &= self.usable
        trees = []
        if (self.delivered[seen] < now).sum() >= FEWEST_FOR_TREES:
            target = self._target(seen, now)
            _centre(target, self._weeks(seen))
            trees = _fit_trees(
                self.rows[seen], target, 0.5 ** ((now - self.started[seen]) / wanted.half_life), wanted
            )
        said = (self.lane, self.lane, self.lane)
        if trees:
            with one_thread():
                low, mid, high = (self.lane + tree.predict(_no_empty_column(self.rows)) for tree in trees)
            said = low, mid, high
        known = seen & (self.delivered < now)
        if known.sum() < FEWEST:
            return Grown(trees, said, None, 0.0)
        errors = self._target(known, now) + self.lane[known] - said[1][known]
        usual = float(np.mean(_centre(errors, self._weeks(known))))
        return Grown(trees, said, Spread.of(errors, self._lost_share(now)), usual)

    def _weeks(self, which: Which) -> Numbers:
        return np.asarray((self.started[which] - self.anchor) // WEEK)

    def _target(self, which: Which, now: float) -> Numbers:
        """log(days) beyond the lane's. Of what is not delivered yet, the days until now: at least so long it takes.

        That is exact for a quantile below it, for a quantile's loss asks only on which side of it a parcel is.
        """
        days = np.minimum(self.delivered[which], now) - self.started[which]
        return np.asarray(np.log(np.maximum(days, LEAST_DAYS[self.stage])) - self.lane[which])

    def _offsets(self, grown: Grown, now: float) -> Triple:
        """What is added to the logarithms that the trees say: the level, and by how much the tails would have been off.

        That is measured on the parcels of the last months against what would have been said of them with the level of
        their week, as it was known then: how wrong a level may be is part of it.
        """
        wanted = self.settings
        which = self.usable & (self.started >= now - wanted.calibration) & (self.started < now)
        known = self.delivered[which] < now
        level = self._level(grown, now)
        if known.sum() < FEWEST:
            return self._prior_offsets(grown, now, level)
        told = np.full(len(known), level)
        if grown.spread is not None:
            weeks = self._weeks(which)
            for week in np.unique(weeks):
                told[weeks == week] = self._level(grown, self.anchor + week * WEEK)
        weights = 0.5 ** ((now - self.started[which]) / wanted.calibration_half_life)
        tails = [
            self._missed(self._target(which, now) + self.lane[which] - grown.said[index][which] - told,
                         known, weights, QUANTILES[index], now) or 0.0
            for index in (0, 2)
        ]  # fmt: skip
        return level + tails[0], level, level + tails[1]

    def _level(self, grown: Grown, now: float) -> float:
        """How fast parcels are at a time: from their pace, or where nothing is settled yet, the median of all."""
        if now not in grown.levels:
            if grown.spread is not None:
                seen = self.usable & (self.started >= now - self.settings.calibration) & (self.started < now)
                parcels = Parcels(grown.said[1][seen], self.started[seen], self.delivered[seen])
                grown.levels[now] = pace.level(grown.spread, parcels, now, grown.usual)
            else:
                seen = self.usable & (self.started < now)
                off = self._target(seen, now) + self.lane[seen] - grown.said[1][seen]
                grown.levels[now] = (
                    self._missed(off, self.delivered[seen] < now, np.ones(len(off)), 0.5, now) or 0.0
                )
        return grown.levels[now]

    def _missed(self, off: Numbers, known: Which, weights: Numbers, level: float, now: float) -> float | None:
        lost = self.settings.lost_share * self._lost_share(now)
        errors = map(Error, off.tolist(), known.tolist(), weights.tolist())
        return quantile(errors, level * (1 - lost))

    def _lost_share(self, now: float) -> float:
        """The share of parcels that never come (cancelled, lost): among the open ones they look like very slow ones.

        Quantiles are of those that do come, so they lie so much lower among all.
        """
        old = (self.started < now - self.settings.lost) & (self.started >= now - self.settings.history / 2)
        return float((self.delivered[old] >= now).mean()) if old.sum() >= FEWEST else 0.0

    def _prior_offsets(self, grown: Grown, now: float, level: float) -> Triple:
        """Without enough news: the spread of all deliveries around their lanes (none needed beside trees)."""
        seen = (self.delivered < now) & self.usable
        if grown.trees or seen.sum() < 5:
            return level, level, level
        low, mid, high = np.quantile(self._target(seen, now), QUANTILES)
        return float(low), float(mid), float(high)


def _centre(values: Numbers, weeks: Numbers) -> list[float]:
    """Take each week's own median off (in place). Returns these medians."""
    found = []
    for week in np.unique(weeks):
        found.append(float(np.median(values[weeks == week])))
        values[weeks == week] -= found[-1]
    return found


def fit(pasts: Sequence[Past], now: float, settings: Settings | None = None) -> Model:
    """The model of everything that is known at `now` (days since 1970)."""
    model = Model()
    for stage in Stage:
        learner = Learner(pasts, stage, now, settings)
        if (learner.delivered < now).sum() >= FEWEST:
            model.stages[stage] = learner.model(now)
    return model


def one_thread() -> Any:
    """One thread in a block: on a busy machine OpenMP's threads wait for each other, twenty times as long."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _no_empty_column(rows: Rows) -> Rows:
    """scikit-learn refuses a column without any number; no tree will ask for it."""
    return np.where(np.isnan(rows).all(axis=0), np.float32(0), rows)


def _fit_trees(rows: Rows, target: Numbers, weights: Numbers, wanted: Settings) -> list[Any]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    grown = []
    rows = _no_empty_column(rows)
    with one_thread():
        for level in QUANTILES:
            trees = HistGradientBoostingRegressor(
                loss="quantile", quantile=level, learning_rate=wanted.rate, max_iter=wanted.trees,
                max_leaf_nodes=wanted.leaves, min_samples_leaf=wanted.least_leaf, max_bins=63,
                l2_regularization=1.0, early_stopping=False, random_state=1,
            )  # fmt: skip
            grown.append(trees.fit(rows, target, sample_weight=weights))
    return grown


def _flat(trees: Any) -> Forest:
    """scikit-learn's trees in our form, each node's left child right behind it."""
    forest = Forest(float(np.ravel(trees._baseline_prediction)[0]))
    for (predictor,) in trees._predictors:
        forest.roots.append(len(forest.feature))
        _add_node(forest, predictor.nodes, 0)
    return forest


def _add_node(forest: Forest, nodes: Any, number: int) -> None:
    node = nodes[number]
    here = len(forest.feature)
    is_leaf = bool(node["is_leaf"])
    forest.feature.append(LEAF if is_leaf else int(node["feature_idx"]))
    forest.value.append(float(node["value"] if is_leaf else node["num_threshold"]))
    forest.missing_left.append(int(node["missing_go_to_left"]))
    forest.right.append(0)
    if not is_leaf:
        _add_node(forest, nodes, int(node["left"]))
        forest.right[here] = len(forest.feature)
        _add_node(forest, nodes, int(node["right"]))
