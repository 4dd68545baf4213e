"""AUC, accuracy and thresholds of a score, against plain counting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.filter.quality.ranking import accuracy, auc, threshold_table

scores = st.lists(st.integers(0, 20), min_size=1, max_size=40).map(lambda found: np.array(found) / 20)


@given(scores, scores)
def test_auc_is_the_share_of_pairs_in_the_right_order(positives, negatives):
    pairs = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    assert np.isclose(auc(positives, negatives), np.mean(pairs))


@given(scores, scores)
def test_a_threshold_keeps_no_more_of_the_negatives_than_its_share(positives, negatives):
    for row in threshold_table(positives, negatives):
        kept = (negatives >= row["threshold"]).mean()
        assert kept <= row["share"]
        assert row["keeps_negatives"] == round(kept, 4)
        lower = negatives[negatives < row["threshold"]]
        assert not len(lower) or (negatives >= lower.max()).mean() > row["share"]


def test_accuracy_counts_both_sides_alike():
    assert accuracy(np.array([0.9] * 99 + [0.1]), np.array([0.9, 0.1])) == (0.99 + 0.5) / 2
