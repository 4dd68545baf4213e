"""Regression trees as arrays: prediction for all blocks of a page in one compiled call.

A forest is four arrays over all nodes of all trees: `feature` (-1 in a leaf), `threshold` (a leaf's value),
`left` (the child taken where feature <= threshold; the other one follows it), and `roots`. The prediction is the
base value and a leaf of every tree, added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.jit import compiled


@dataclass(frozen=True)
class Forest:
    """roots int32 (trees,); feature int16, threshold float32, left int32 (nodes,); base: float."""

    base: float
    roots: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray

    @classmethod
    def from_json(cls, value: Mapping[str, Any], names: Sequence[str]) -> Forest:
        """From what `to_json` gave; its features are looked up by name."""
        number = {name: index for index, name in enumerate(names)}
        chosen = [number[name] for name in value["names"]]
        return cls(
            float(value["base"]),
            np.array(value["roots"], dtype=np.int32),
            np.array([chosen[index] if index >= 0 else -1 for index in value["feature"]], dtype=np.int16),
            np.array(value["threshold"], dtype=np.float32),
            np.array(value["left"], dtype=np.int32),
        )

    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        used = sorted({int(index) for index in self.feature if index >= 0})
        place = {index: number for number, index in enumerate(used)}
        return {
            "base": self.base,
            "names": [names[index] for index in used],
            "roots": self.roots.tolist(),
            "feature": [place.get(int(index), -1) for index in self.feature],
            "threshold": [
                float(str(value)) for value in self.threshold
            ],  # the shortest text that is this float32
            "left": self.left.tolist(),
        }

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 (n,) from float32 (n, features)."""
        out = np.full(len(features), self.base, dtype=np.float32)
        _predict(features, self.roots, self.feature, self.threshold, self.left, out)
        return out


def predict_plainly(forest: Forest, features: np.ndarray) -> np.ndarray:
    """The plain reference of `Forest.predict`."""
    values = []
    for row in features:
        value = np.float32(forest.base)
        for root in forest.roots:
            node = int(root)
            while forest.feature[node] >= 0:
                node = int(forest.left[node]) + int(row[forest.feature[node]] > forest.threshold[node])
            value = np.float32(value + forest.threshold[node])
        values.append(value)
    return np.array(values, dtype=np.float32)


@compiled
def _predict(features, roots, feature, threshold, left, out):
    for row in range(len(features)):
        value = out[row]
        for tree in range(len(roots)):
            node = roots[tree]
            while feature[node] >= 0:
                node = left[node] + (features[row, feature[node]] > threshold[node])
            value += threshold[node]
        out[row] = value
