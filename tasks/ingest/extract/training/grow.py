"""Gradient-boosted regression trees, grown leaf by leaf on binned features; what `train` learns the model with.

Squared error, histograms of at most `BINS` bins a feature, for every tree a part of the rows and of the features
drawn (Friedman 2002, "Stochastic gradient boosting"), the leaf with the largest gain split next (Shi 2007; LightGBM).
Small and slow features matter less here than that the same data gives the same trees everywhere: one thread, sums in
one order, a generator whose stream numpy has frozen. 60,000 rows, 200 features, 100 trees: seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.ingest.extract.blocks import Forest
from tasks.jit import compiled

BINS = 64


@dataclass(frozen=True)
class Options:
    """trees, leaves of each, learning rate; l2 and min_weight: regularisation in units of row weight."""

    trees: int = 80
    leaves: int = 16
    rate: float = 0.1
    l2: float = 20.0
    min_weight: float = 100.0
    row_share: float = 0.5
    feature_share: float = 0.3
    seed: int = 1


def fit(features: np.ndarray, target: np.ndarray, weight: np.ndarray, options: Options) -> Forest:
    """A forest that predicts `target` (n,) from `features` float32 (n, columns), rows weighted by `weight` (n,)."""
    draw = np.random.RandomState(options.seed)
    edges = [_edges(column) for column in features.T]
    binned = np.stack([np.searchsorted(edge, column) for edge, column in zip(edges, features.T, strict=True)])
    binned = np.ascontiguousarray(binned, dtype=np.uint8)  # bin b: edges[b - 1] < value <= edges[b]
    base = float(np.float32((target * weight).sum() / weight.sum()))
    predicted = np.full(len(target), base)
    roots, feature, threshold, left = [], [], [], []
    size = 0
    for _ in range(options.trees):
        rows = np.flatnonzero(draw.random_sample(len(target)) < options.row_share)
        columns = np.sort(draw.permutation(len(edges))[: max(1, int(options.feature_share * len(edges)))])
        found, bins, values, children = _grow(
            binned, rows, columns, (target - predicted) * weight, weight.astype(np.float64),
            options.leaves, options.l2, options.min_weight, options.rate, predicted,
        )  # fmt: skip
        roots.append(size)
        feature += found.tolist()
        threshold += [
            float(edges[column][place]) if column >= 0 else value
            for column, place, value in zip(found.tolist(), bins.tolist(), values.tolist(), strict=True)
        ]
        left += (children + size).tolist()
        size += len(found)
    return Forest(
        base, np.array(roots, dtype=np.int32), np.array(feature, dtype=np.int16),
        np.array(threshold, dtype=np.float32), np.array(left, dtype=np.int32),
    )  # fmt: skip


def _edges(column: np.ndarray) -> np.ndarray:
    """Where a feature's bins end: its quantiles, each value once; the last bin has no end."""
    ordered = np.sort(column)
    places = (np.arange(1, BINS) * len(ordered)) // BINS
    edges = np.unique(ordered[places])
    return edges[edges < ordered[-1]]


@compiled
def _grow(binned, rows, columns, gradient, weight, max_leaves, l2, min_weight, rate, predicted):
    """One tree: feature (-1 in a leaf), bin, leaf value, left child of each node; adds its values to `predicted`."""
    bins = 64
    most = 2 * max_leaves - 1
    feature, place = np.full(most, -1, dtype=np.int64), np.zeros(most, dtype=np.int64)
    value, left = np.zeros(most), np.zeros(most, dtype=np.int64)
    first, last = np.zeros(most, dtype=np.int64), np.zeros(most, dtype=np.int64)
    gain = np.zeros(most)
    sums = np.zeros((most, len(columns), bins, 2))
    order, spare = rows.copy(), rows.copy()
    last[0] = len(rows)
    nodes = 1
    fresh, known, parent, sibling = (
        0,
        -1,
        -1,
        -1,
    )  # a node to count, one to be had by subtraction from its parent
    while True:
        for side in range(2):
            node = fresh if side == 0 else known
            if node < 0:
                continue
            if side == 0:
                for number in range(len(columns)):
                    line = binned[columns[number]]
                    held = sums[node, number]
                    for at in range(first[node], last[node]):
                        row = order[at]
                        held[line[row], 0] += gradient[row]
                        held[line[row], 1] += weight[row]
            else:
                sums[node] = sums[parent] - sums[sibling]
            total, mass = 0.0, 0.0
            for b in range(bins):
                total += sums[node, 0, b, 0]
                mass += sums[node, 0, b, 1]
            value[node] = rate * total / (mass + l2)
            best = 0.0
            for number in range(len(columns)):
                below, below_mass = 0.0, 0.0
                for b in range(bins - 1):
                    below += sums[node, number, b, 0]
                    below_mass += sums[node, number, b, 1]
                    if below_mass < min_weight or mass - below_mass < min_weight:
                        continue
                    above = total - below
                    won = below * below / (below_mass + l2) + above * above / (mass - below_mass + l2)
                    won -= total * total / (mass + l2)
                    if won > best + 1e-9:
                        best = won
                        gain[node] = won
                        left[node] = number  # of the column, until the node is split
                        place[node] = b
        chosen = -1
        for node in range(nodes):
            if feature[node] < 0 and gain[node] > 0 and (chosen < 0 or gain[node] > gain[chosen]):
                chosen = node
        if chosen < 0 or nodes + 2 > most:
            break
        column = columns[left[chosen]]
        feature[chosen] = column
        low, high = first[chosen], last[chosen]
        for at in range(first[chosen], last[chosen]):
            row = order[at]
            if binned[column, row] <= place[chosen]:
                spare[low] = row
                low += 1
            else:
                high -= 1
                spare[high] = row
        order[first[chosen] : last[chosen]] = spare[first[chosen] : last[chosen]]
        left[chosen] = nodes
        first[nodes], last[nodes] = first[chosen], low
        first[nodes + 1], last[nodes + 1] = low, last[chosen]
        smaller = nodes if low - first[chosen] <= last[chosen] - low else nodes + 1
        fresh, known, parent = smaller, 2 * nodes + 1 - smaller, chosen
        sibling = fresh
        nodes += 2
    for row in range(len(predicted)):
        node = 0
        while feature[node] >= 0:
            node = left[node] + (binned[feature[node], row] > place[node])
        predicted[row] += value[node]
    for node in range(nodes):
        if feature[node] < 0:
            left[node] = 0
    return feature[:nodes], place[:nodes], value[:nodes], left[:nodes]
