from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tasks.ingest.extract.blocks.trees import Forest, predict_plainly
from tasks.ingest.extract.training import grow

NAMES = ["a", "b", "c", "d"]


def sample(rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    features = np.random.RandomState(0).random_sample((rows, 4)).astype(np.float32)
    return features, ((features[:, 0] > 0.5) ^ (features[:, 2] > 0.25)).astype(float)


OPTIONS = grow.Options(trees=40, leaves=8, min_weight=20, feature_share=1.0, rate=0.2)


def test_trees_learn_an_exclusive_or() -> None:
    features, target = sample()
    forest = grow.fit(features, target, np.ones(len(target)), OPTIONS)
    unseen = np.array([[0.9, 0.5, 0.9, 0.5], [0.9, 0.5, 0.1, 0.5], [0.1, 0.5, 0.9, 0.5]], dtype=np.float32)
    assert np.abs(forest.predict(unseen) - [0, 1, 1]).max() < 0.1


def test_the_same_data_gives_the_same_trees() -> None:
    features, target = sample()
    one, two = (grow.fit(features, target, np.ones(len(target)), OPTIONS).to_json(NAMES) for _ in range(2))
    assert one == two


def test_rows_of_more_weight_count_more() -> None:
    features = np.zeros((100, 4), dtype=np.float32)
    target = np.repeat([0.0, 1.0], 50)
    forest = grow.fit(features, target, np.repeat([1.0, 3.0], 50), replace(OPTIONS, row_share=1.0))
    assert abs(forest.predict(features[:1])[0] - 0.75) < 1e-6


@pytest.mark.parametrize("leaves", [1, 8, 16, 30, 64])
def test_compiled_prediction_agrees_with_the_plain_one(leaves: int) -> None:
    features, target = sample()
    options = replace(OPTIONS, trees=10, leaves=leaves, min_weight=5)
    forest = grow.fit(features, target + features[:, 1], np.ones(len(target)), options)
    on_borders = features[:150].copy()
    on_borders[:, 0] = np.resize(forest.threshold, 150)
    without = np.full((3, 4), np.nan, dtype=np.float32)
    for rows in (features[:64], features[:1], features[:0], on_borders, without):
        assert (forest.predict(rows) == predict_plainly(forest, rows)).all()


def chain(leaves: int) -> Forest:
    """One tree: is the feature above 0, above 1, ...; a leaf for each."""
    feature = [0, -1] * (leaves - 1) + [-1]
    threshold = [value for number in range(leaves - 1) for value in (number, number + 0.5)] + [leaves]
    left = [child for number in range(1, leaves) for child in (2 * number - 1, 0)] + [0]
    return Forest(0.0, *(np.array(part) for part in ([0], feature, np.float32(threshold), left)))


def test_trees_may_have_as_many_leaves_as_there_are_bits() -> None:
    rows = np.arange(-1, 70, dtype=np.float32).reshape(-1, 1)
    assert (chain(64).predict(rows) == predict_plainly(chain(64), rows)).all()
    with pytest.raises(ValueError, match="65 leaves; at most 64"):
        chain(65).predict(rows)


def test_a_forest_survives_being_written() -> None:
    features, target = sample()
    forest = grow.fit(features, target, np.ones(len(target)), OPTIONS)
    again = Forest.from_json(json.loads(json.dumps(forest.to_json(NAMES))), NAMES)
    assert (again.predict(features) == forest.predict(features)).all()


def test_features_are_found_by_name() -> None:
    features, target = sample()
    forest = grow.fit(features, target, np.ones(len(target)), OPTIONS)
    turned = Forest.from_json(forest.to_json(NAMES), NAMES[::-1])
    assert (turned.predict(np.ascontiguousarray(features[:, ::-1])) == forest.predict(features)).all()
