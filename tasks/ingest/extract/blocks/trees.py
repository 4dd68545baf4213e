"""Regression trees as arrays: prediction for all blocks of a page in one compiled call.

A forest is four arrays over all nodes of all trees: `feature` (-1 in a leaf), `threshold` (a leaf's value),
`left` (the child taken where feature <= threshold; the other one follows it), and `roots`. The prediction is the
base value and a leaf of every tree, added up.

Compiled, no tree is climbed (QuickScorer: Lucchese et al., SIGIR 2015): each condition of a tree that is false for a
row takes the leaves on its left away from that row's bits, and the first leaf that is left is the right one. So all
rows of a block do the same, in vector instructions; five times the speed of walking from node to node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from tasks.jit import compiled

MAX_LEAVES = 64
ROWS = 64  # of a block; with 16 or 32 LLVM unrolls the loops instead of using vectors, and a quarter of the speed is left
U64 = np.uint64
_SEQUENCE = U64(0x03F79D71B4CB0A89)


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

    @cached_property
    def _conditions(self) -> Conditions:
        return conditions(self)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 (n,) from float32 (n, features). Raises ValueError for trees of more than `MAX_LEAVES`."""
        out = np.full(len(features), self.base, dtype=np.float32)
        _predict(features, *self._conditions, out)
        return out


class Conditions(NamedTuple):
    """A forest as its conditions, in the order of its trees.

    columns int64 (used,): the features that are used. ends int64 (trees + 1,): each tree's conditions. column int64,
    threshold float32, kept uint (conditions,): a condition's place in `columns`, and the leaves that stay where the
    feature is above the threshold, as bits. leaves float32 (trees, 64): a leaf's value at the `_slot` of its bit.
    """

    columns: np.ndarray
    ends: np.ndarray
    column: np.ndarray
    threshold: np.ndarray
    kept: np.ndarray
    leaves: np.ndarray


def conditions(forest: Forest) -> Conditions:
    columns = np.unique(forest.feature[forest.feature >= 0]).astype(np.int64)
    nodes: list[int] = []
    taken: list[int] = []  # the leaves on a condition's left
    ends, most = [0], 1
    leaves = np.zeros((len(forest.roots), MAX_LEAVES), dtype=np.float32)
    for tree, root in enumerate(forest.roots):
        found: list[int] = []

        def below(node: int, found: list[int] = found) -> int:
            """The leaves below a node, as bits; its conditions and leaves are noted."""
            if forest.feature[node] < 0:
                found.append(node)
                return 1 << (len(found) - 1)
            place = len(nodes)
            nodes.append(node)
            taken.append(0)
            taken[place] = below(int(forest.left[node]))
            return taken[place] | below(int(forest.left[node]) + 1)

        below(int(root))
        ends.append(len(nodes))
        most = max(most, len(found))
        if most > MAX_LEAVES:
            raise ValueError(f"a tree has {most} leaves; at most {MAX_LEAVES} are supported")
        for number, node in enumerate(found):
            leaves[tree, _slot(1 << number)] = forest.threshold[node]
    kind = next(kind for kind in (np.uint16, np.uint32, np.uint64) if np.iinfo(kind).bits >= most)
    return Conditions(
        columns,
        np.array(ends, dtype=np.int64),
        np.searchsorted(columns, forest.feature[nodes]).astype(np.int64),
        forest.threshold[nodes],
        np.array([np.iinfo(kind).max ^ bits for bits in taken], dtype=kind),
        leaves,
    )


def _slot(bit: int) -> int:
    """A number below 64 of its own for each power of two (by a de Bruijn sequence), quick to make."""
    return ((bit * int(_SEQUENCE)) & 0xFFFFFFFFFFFFFFFF) >> 58


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
def _predict(features, columns, ends, column, threshold, kept, leaves, out):
    n = len(features)
    values = np.zeros((len(columns), ROWS), dtype=np.float32)  # a block of rows, turned
    left = np.empty(ROWS, dtype=kept.dtype)
    everything = left[0]
    everything = ~(everything ^ everything)
    total = np.zeros(ROWS, dtype=np.float32)
    for first in range(0, n, ROWS):
        rows = min(ROWS, n - first)
        for row in range(rows):
            for place in range(len(columns)):
                values[place, row] = features[first + row, columns[place]]
            total[row] = out[first + row]
        for tree in range(len(ends) - 1):
            for row in range(ROWS):
                left[row] = everything
            for number in range(ends[tree], ends[tree + 1]):
                place, limit, staying = column[number], threshold[number], kept[number]
                for row in range(ROWS):
                    left[row] &= staying if values[place, row] > limit else everything
            for row in range(ROWS):
                bit = U64(left[row])
                bit &= ~bit + U64(1)
                total[row] += leaves[tree, np.int64((bit * _SEQUENCE) >> U64(58))]
        for row in range(rows):
            out[first + row] = total[row]
