from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from tasks.ingest.extract.blocks.trees import Forest, predict_plainly
from tasks.ingest.extract.training.boosting import forest_of, learner

NAMES = ["a", "b", "c", "d"]


def sample(rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    features = np.random.RandomState(0).random_sample((rows, 4)).astype(np.float32)
    return features, ((features[:, 0] > 0.5) ^ (features[:, 2] > 0.25)).astype(float)


def fitted(target: np.ndarray, features: np.ndarray, **options: Any) -> HistGradientBoostingRegressor:
    return learner(**{"max_iter": 40, "max_leaf_nodes": 8, "learning_rate": 0.2} | options).fit(
        features, target
    )


def forest(**options: Any) -> Forest:
    features, target = sample()
    return forest_of(fitted(target + features[:, 1], features, **options))


def test_trees_learn_an_exclusive_or() -> None:
    features, target = sample()
    unseen = np.array([[0.9, 0.5, 0.9, 0.5], [0.9, 0.5, 0.1, 0.5], [0.1, 0.5, 0.9, 0.5]], dtype=np.float32)
    assert np.abs(forest_of(fitted(target, features)).predict(unseen) - [0, 1, 1]).max() < 0.1


def test_the_same_data_gives_the_same_trees() -> None:
    assert forest(max_features=0.5).to_json(NAMES) == forest(max_features=0.5).to_json(NAMES)


def test_trees_predict_what_their_learner_predicts() -> None:
    """On both sides of every border too: a row that took the other branch would be far off."""
    features, target = sample()
    trained = fitted(target + features[:, 1], features)
    trees = forest_of(trained)
    rows = [features]
    for node in np.flatnonzero(trees.feature >= 0):
        at = trees.threshold[node]
        rows.append(np.tile(features[node % len(features)], (2, 1)))
        rows[-1][:, trees.feature[node]] = at, np.nextafter(at, np.float32(2))
    everything = np.concatenate(rows)
    assert np.abs(trees.predict(everything) - trained.predict(everything)).max() < 1e-6


@pytest.mark.parametrize("leaves", [2, 8, 16, 30, 64])
def test_compiled_prediction_agrees_with_the_plain_one(leaves: int) -> None:
    features, _ = sample()
    trees = forest(max_iter=10, max_leaf_nodes=leaves, min_samples_leaf=5)
    on_borders = features[:150].copy()
    on_borders[:, 0] = np.resize(trees.threshold, 150)
    without = np.full((3, 4), np.nan, dtype=np.float32)
    for rows in (features[:64], features[:1], features[:0], on_borders, without):
        assert (trees.predict(rows) == predict_plainly(trees, rows)).all()


def chain(leaves: int) -> Forest:
    """One tree: is the feature above 0, above 1, ...; a leaf for each."""
    feature = [0, -1] * (leaves - 1) + [-1]
    threshold = [value for number in range(leaves - 1) for value in (number, number + 0.5)] + [leaves]
    left = [child for number in range(1, leaves) for child in (2 * number - 1, 0)] + [0]
    return Forest(0.0, *(np.array(part) for part in ([0], feature, np.float32(threshold), left)))


def test_trees_may_have_one_leaf_or_as_many_as_there_are_bits() -> None:
    rows = np.arange(-1, 70, dtype=np.float32).reshape(-1, 1)
    for leaves in (1, 64):
        assert (chain(leaves).predict(rows) == predict_plainly(chain(leaves), rows)).all()
    with pytest.raises(ValueError, match="65 leaves; at most 64"):
        chain(65).predict(rows)


def test_a_forest_survives_being_written() -> None:
    features, trees = sample()[0], forest()
    again = Forest.from_json(json.loads(json.dumps(trees.to_json(NAMES))), NAMES)
    assert (again.predict(features) == trees.predict(features)).all()


def test_features_are_found_by_name() -> None:
    features, trees = sample()[0], forest()
    turned = Forest.from_json(trees.to_json(NAMES), NAMES[::-1])
    assert (turned.predict(np.ascontiguousarray(features[:, ::-1])) == trees.predict(features)).all()
