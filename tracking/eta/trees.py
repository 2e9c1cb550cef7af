"""Boosted trees in a few kilobytes, evaluated in plain Python: no scikit-learn where dates are predicted."""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_HEAD: Final = struct.Struct("<dII")
LEAF: Final = 255


def _numbers(kind: str) -> "array[int]":
    return array(kind)


@dataclass(slots=True)
class Forest:
    """The sum of `base` and one leaf of each tree.

    All trees' nodes stand in one line; `roots` says where each begins. A node goes left when its feature is at most
    its threshold (`missing_left` for nan); feature 255 is a leaf, whose `value` counts. Left follows at once.
    """

    base: float
    roots: "array[int]" = field(default_factory=lambda: _numbers("H"))
    feature: "array[int]" = field(default_factory=lambda: _numbers("B"))
    value: "array[float]" = field(default_factory=lambda: array("f"))  # threshold, or the leaf's value
    right: "array[int]" = field(default_factory=lambda: _numbers("H"))
    missing_left: "array[int]" = field(default_factory=lambda: _numbers("B"))

    def predict(self, row: Sequence[float]) -> float:
        """The sum for one row of features."""
        feature, value, right, total = self.feature, self.value, self.right, self.base
        for node in self.roots:
            while (name := feature[node]) != LEAF:
                number = row[name]
                if number != number:
                    node = node + 1 if self.missing_left[node] else right[node]
                else:
                    node = node + 1 if number <= value[node] else right[node]
            total += value[node]
        return total

    def pack(self) -> bytes:
        """As bytes (little endian on every machine that we run on)."""
        head = _HEAD.pack(self.base, len(self.roots), len(self.feature))
        parts = (self.roots, self.feature, self.value, self.right, self.missing_left)
        return head + b"".join(part.tobytes() for part in parts)

    @classmethod
    def unpack(cls, data: bytes) -> "Forest":
        """What `pack` wrote. Raises ValueError or struct.error for anything else."""
        base, trees, nodes = _HEAD.unpack_from(data)
        forest, at = cls(base), _HEAD.size
        for part, count in (
            (forest.roots, trees), (forest.feature, nodes), (forest.value, nodes), (forest.right, nodes),
            (forest.missing_left, nodes),
        ):  # fmt: skip
            size = part.itemsize * count
            part.frombytes(data[at : at + size])
            at += size
        if at != len(data) or len(forest.missing_left) != nodes:
            raise ValueError("not a forest")
        return forest
