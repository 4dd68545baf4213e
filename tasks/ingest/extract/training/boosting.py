"""Gradient-boosted regression trees, grown by scikit-learn and written as the arrays that the engine reads.

Histogram boosting on squared error (Friedman 2002; LightGBM), for every split a part of the features drawn. The same
data, seed and version of scikit-learn give the same trees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from tasks.ingest.extract.blocks import Forest


def learner(**options: Any) -> HistGradientBoostingRegressor:
    """scikit-learn's, with few bins and strong regularisation: blocks of a page are alike, and labels are noisy."""
    common = {"max_bins": 64, "l2_regularization": 20.0, "early_stopping": False, "random_state": 1}
    return HistGradientBoostingRegressor(**common | options)


def forest_of(fitted: HistGradientBoostingRegressor) -> Forest:
    """The trees of a fitted learner, for float32 features without NaN; leaves are rounded to float32."""
    roots: list[int] = []
    feature: list[int] = []
    threshold: list[float] = []
    left: list[int] = []
    for (tree,) in fitted._predictors:
        roots.append(len(feature))
        order = [0]  # breadth first, so that a node's children stand side by side
        for number in order:
            node = tree.nodes[number]
            if not node["is_leaf"]:
                left.append(roots[-1] + len(order))
                order += [int(node["left"]), int(node["right"])]
            else:
                left.append(0)
            feature.append(-1 if node["is_leaf"] else int(node["feature_idx"]))
            threshold.append(
                float(node["value"]) if node["is_leaf"] else _rounded_down(float(node["num_threshold"]))
            )
    return Forest(
        float(np.float32(fitted._baseline_prediction.item())),
        np.array(roots, dtype=np.int32),
        np.array(feature, dtype=np.int16),
        np.array(threshold, dtype=np.float32),
        np.array(left, dtype=np.int32),
    )


def _rounded_down(threshold: float) -> float:
    """The largest float32 that isn't above a threshold: it parts all float32 as the threshold does."""
    rounded = np.float32(threshold)
    return float(np.nextafter(rounded, np.float32(-np.inf)) if float(rounded) > threshold else rounded)
