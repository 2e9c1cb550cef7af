"""A fitted model: lanes, trees and what calibration adds. Small enough for a row, quick enough for every scan."""

import json
import struct
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, isnan
from typing import Any, Final

from tracking.eta.cases import Case, Stage
from tracking.eta.features import features
from tracking.eta.lanes import LEAST_DAYS, Lanes
from tracking.eta.trees import Forest

QUANTILES: Final = (0.1, 0.5, 0.9)
_FORMAT: Final = 3
_LONGEST_DAYS: Final = 120.0
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Days from the moment of the case until nine in ten, half, one in ten are still to come. p10 ≤ p50 ≤ p90."""

    p10: float
    p50: float
    p90: float


@dataclass(slots=True)
class StageModel:
    """What was learned for one stage. Without forests (too little history) the lane's own quantiles count."""

    lanes: Lanes
    forests: tuple[Forest, ...] = ()
    offsets: Triple = (0.0, 0.0, 0.0)  # added to the logarithms: level and calibration
    cases: int = 0

    def raw(self, row: list[float]) -> Triple | None:
        """The three logarithms of days before calibration; None where no lane is known."""
        lane = row[0]
        if isnan(lane):
            return None
        if not self.forests:
            return lane, lane, lane
        low, mid, high = (forest.predict(row) + lane for forest in self.forests)
        return low, mid, high


@dataclass
class Model:
    """What one merchant's dates are predicted with."""

    stages: dict[Stage, StageModel] = field(default_factory=dict)

    def predict(self, case: Case) -> Prediction | None:
        """When a parcel will be there, as seen from `case.at`; None where this model knows nothing of its kind."""
        model = self.stages.get(case.stage)
        raw = model.raw(features(case, model.lanes)) if model else None
        if model is None or raw is None:
            return None
        return settle(case.stage, raw, model.offsets)

    @cached_property
    def size(self) -> int:
        """Bytes as stored."""
        return len(self.pack())

    def pack(self) -> bytes:
        """As compressed bytes."""
        head: dict[str, Any] = {"format": _FORMAT, "stages": {}}
        forests = b""
        for stage, model in self.stages.items():
            packed = [forest.pack() for forest in model.forests]
            head["stages"][stage] = {
                "lanes": model.lanes.as_json(), "offsets": model.offsets, "cases": model.cases,
                "forests": [len(part) for part in packed],
            }  # fmt: skip
            forests += b"".join(packed)
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
        return zlib.compress(struct.pack("<I", len(text)) + text + forests, 9)

    @classmethod
    def unpack(cls, data: bytes) -> "Model":
        """What `pack` wrote. Raises ValueError for another format."""
        plain = zlib.decompress(data)
        (length,) = struct.unpack_from("<I", plain)
        head, at = json.loads(plain[4 : 4 + length]), 4 + length
        if head["format"] != _FORMAT:
            raise ValueError("a model of another format")
        model = cls()
        for stage, told in head["stages"].items():
            forests = []
            for size in told["forests"]:
                forests.append(Forest.unpack(plain[at : at + size]))
                at += size
            low, mid, high = told["offsets"]
            model.stages[Stage(stage)] = StageModel(
                Lanes.from_json(told["lanes"]), tuple(forests), (low, mid, high), told["cases"]
            )
        return model


def settle(stage: Stage, raw: Triple, offsets: Triple) -> Prediction:
    """From logarithms to days, calibrated, in order and within reason."""
    days = sorted(exp(min(value + offset, 9.0)) for value, offset in zip(raw, offsets, strict=True))
    low, mid, high = (min(max(value, LEAST_DAYS[stage]), _LONGEST_DAYS) for value in days)
    return Prediction(low, mid, high)
