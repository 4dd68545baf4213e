from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from tasks.ingest.extraction import grow
from tasks.ingest.extraction.trees import Forest, predict_plainly

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


def test_compiled_prediction_agrees_with_the_plain_one() -> None:
    features, target = sample()
    forest = grow.fit(features, target, np.ones(len(target)), OPTIONS)
    on_borders = features[:50].copy()
    on_borders[:, 0] = forest.threshold[:50]
    for rows in (features[:50], on_borders):
        assert (forest.predict(rows) == predict_plainly(forest, rows)).all()


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
