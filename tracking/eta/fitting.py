"""Learning from deliveries: lanes, boosted quantile trees, calibration. The only module that needs scikit-learn.

Everything is learned as of a day, from what was known on it. Trees learn from parcels that began long enough ago to be
there; how far they are off on the newer ones, delivered or not, is what they are calibrated with.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.calibration import Error, quantile
from tracking.eta.cases import Past, Stage
from tracking.eta.features import NAMES, features
from tracking.eta.lanes import LEAST_DAYS, Lanes, lanes_at
from tracking.eta.model import QUANTILES, Model, StageModel, Triple
from tracking.eta.trees import LEAF, Forest

# Learned anew each week: lead times fall by a third within a year in one shop, and jump in a strike.
STEP_DAYS: Final = 7.0
# Fewer delivered parcels than this are no ground for trees, and fewer than that none for a calibration.
FEWEST_FOR_TREES: Final = 400
FEWEST: Final = 40
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Settings:
    """What the trees are grown with. The defaults were chosen on spans inside the data (docs/delivery-dates.md)."""

    half_life: float = 120.0  # days: a parcel begun so long ago weighs half of one of today
    history: float = 400.0  # days: older ones are not looked at
    # Days: of parcels begun later than that, mostly the fast ones are known. Trees learn from those before, and
    # these, which the trees have not seen, calibrate them.
    settled: float = 42.0
    lost_share: float = (
        0.75  # of those that are open for so long; the others were cancelled early or come after all
    )
    lost: float = 75.0  # days: a parcel that is under way for longer does not come any more
    trees: int = 60
    rate: float = 0.1
    leaves: int = 12
    least_leaf: int = 30
    middle_half_life: float = 10.0  # days: the middle follows the last weeks …
    middle_share: float = 0.75  # … most of the way, for they are few and half known
    tails_half_life: float = 14.0


class Learner:
    """Learns one stage from its past cases; `anchor`: a day to which the weeks are aligned."""

    def __init__(
        self, pasts: Iterable[Past], stage: Stage, anchor: float, settings: Settings | None = None
    ) -> None:
        self.stage, self.anchor, self.settings = stage, anchor, settings or Settings()
        self.pasts = sorted((p for p in pasts if p.case.stage == stage), key=lambda past: past.case.at)
        self.by_delivery = sorted(self.pasts, key=lambda past: past.delivered)
        self.by_shipping = sorted(
            (p for p in self.pasts if stage == Stage.PURCHASE and not isnan(p.shipped)),
            key=lambda p: p.shipped,
        )
        self.started = np.array([past.case.at for past in self.pasts])
        self.delivered = np.array([past.delivered for past in self.pasts])
        self._lanes: dict[int, Lanes] = {}
        self._grown: dict[int, list[Any]] = {}
        self.rows: Rows = np.array(
            [features(past.case, self.lanes_of(self.week(past.case.at))) for past in self.pasts],
            dtype=np.float32,
        ).reshape(len(self.pasts), len(NAMES))
        self.usable = ~np.isnan(self.rows[:, 0]) & (self.delivered > self.started)

    def week(self, at: float) -> int:
        """The number of the week that a time lies in, counted from the anchor."""
        return int((at - self.anchor) // STEP_DAYS)

    def lanes_of(self, week: int) -> Lanes:
        """The lanes as of a week's beginning."""
        if week not in self._lanes:
            now = self.anchor + week * STEP_DAYS
            seen = self._between(self.by_delivery, "delivered", now - 61, now)
            seen += [
                past for past in self._between(self.by_shipping, "shipped", now - 61, now)
                if not now - 61 <= past.delivered < now
            ]  # fmt: skip
            self._lanes[week] = lanes_at(seen, self.stage, now)
        return self._lanes[week]

    def model(self, week: int) -> StageModel:
        """What is known of this stage at a week's beginning."""
        forests = self._trees(week)
        return StageModel(
            self.lanes_of(week),
            tuple(_flat(tree) for tree in forests),
            self._offsets(week),
            int((self.delivered < self._begin(week)).sum()),
        )

    def _begin(self, week: int) -> float:
        return self.anchor + week * STEP_DAYS

    @staticmethod
    def _between(pasts: list[Past], name: str, start: float, end: float) -> list[Past]:
        def key(past: Past) -> float:
            value: float = getattr(past, name)
            return value

        return pasts[bisect_left(pasts, start, key=key) : bisect_left(pasts, end, key=key)]

    def _trees(self, week: int) -> list[Any]:
        """Three regressors fitted on what was known when a week began; none where that is too little.

        They learn how parcels differ from each other, not how fast the weeks were: each week's own median is taken
        off. The level comes from the lanes, which are recent, and from the calibration.
        """
        if week not in self._grown:
            now, wanted = self._begin(week), self.settings
            seen = (self.started < now - wanted.settled) & (self.started >= now - wanted.history)
            seen &= (self.delivered < now) | (now - self.started < wanted.lost)
            seen &= self.usable
            if (self.delivered[seen] < now).sum() < FEWEST_FOR_TREES:
                self._grown[week] = []
            else:
                target = self._target(seen, now)
                weeks = (self.started[seen] - self.anchor) // STEP_DAYS
                for one in np.unique(weeks):
                    target[weeks == one] -= np.median(target[weeks == one])
                weights = 0.5 ** ((now - self.started[seen]) / wanted.half_life)
                self._grown[week] = _grow(self.rows[seen], target, weights, wanted)
        return self._grown[week]

    def _target(self, which: NDArray[np.bool_], now: float) -> NDArray[np.float64]:
        """log(days) beyond the lane's. Of what is not delivered yet, the days until now: at least so long it takes.

        That is exact for a quantile below it, for a quantile's loss asks only on which side of it a parcel is.
        """
        days = np.minimum(self.delivered[which], now) - self.started[which]
        return np.asarray(np.log(np.maximum(days, LEAST_DAYS[self.stage])) - self.rows[which, 0])

    def _offsets(self, week: int) -> Triple:
        """By how much the trees are off on the parcels of the last weeks, which they have not learned from."""
        now, wanted = self._begin(week), self.settings
        which = self.usable & (self.started >= now - wanted.settled) & (self.started < now)
        known = self.delivered[which] < now
        if known.sum() < FEWEST:
            return self._prior_offsets(week)
        target, age = self._target(which, now), now - self.started[which]
        lost = wanted.lost_share * self._lost_share(now)
        trees = self._trees(week)
        with one_thread():
            said = [tree.predict(self.rows[which]) for tree in trees] or [0.0, 0.0, 0.0]
        lives = (wanted.tails_half_life, wanted.middle_half_life, wanted.tails_half_life)
        found = []
        for ours, level, life in zip(said, QUANTILES, lives, strict=True):
            off, weights = target - ours, 0.5 ** (age / life)
            errors = map(Error, off.tolist(), known.tolist(), weights.tolist())
            found.append(quantile(errors, level * (1 - lost)) or 0.0)
        return found[0], found[1] * (wanted.middle_share if trees else 1.0), found[2]

    def _lost_share(self, now: float) -> float:
        """The share of parcels that never come (cancelled, lost): among the open ones they look like very slow ones.

        Quantiles are of those that do come, so they lie so much lower among all.
        """
        old = (self.started < now - self.settings.lost) & (self.started >= now - self.settings.history / 2)
        return float((self.delivered[old] >= now).mean()) if old.sum() >= FEWEST else 0.0

    def _prior_offsets(self, week: int) -> Triple:
        """Without enough news: the spread of all deliveries around their lanes (none needed beside trees)."""
        now = self._begin(week)
        seen = (self.delivered < now) & self.usable
        if self._trees(week) or seen.sum() < 5:
            return 0.0, 0.0, 0.0
        low, mid, high = np.quantile(self._target(seen, now), QUANTILES)
        return float(low), float(mid), float(high)


def fit(pasts: Sequence[Past], now: float, settings: Settings | None = None) -> Model:
    """The model of everything that is known at `now` (days since 1970)."""
    model = Model()
    for stage in Stage:
        learner = Learner(pasts, stage, now, settings)
        if (learner.delivered < now).sum() >= FEWEST:
            model.stages[stage] = learner.model(0)
    return model


def one_thread() -> Any:
    """One thread in a block: on a busy machine OpenMP's threads wait for each other, twenty times as long."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _grow(
    rows: Rows, target: NDArray[np.float64], weights: NDArray[np.float64], wanted: Settings
) -> list[Any]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    grown = []
    unknown = np.isnan(rows).all(
        axis=0
    )  # scikit-learn refuses a column without any number; no tree will ask for it
    rows = np.where(unknown, np.float32(0), rows)
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
