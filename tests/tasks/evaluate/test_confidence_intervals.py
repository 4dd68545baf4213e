import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.evaluate.confidence_intervals import bootstrap_ratio, of_scores, wilson


@given(st.integers(1, 500), st.integers(0, 500))
def test_wilson_holds_the_share_and_stays_a_share(trials, successes):
    successes = min(successes, trials)
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


def test_wilson_solves_its_defining_equation():
    """The bounds p are where |share - p| equals z standard errors at p."""
    for bound in wilson(13, 40):
        error = (bound * (1 - bound) / 40) ** 0.5
        assert abs(13 / 40 - bound) == pytest.approx(1.959963984540054 * error)


def test_no_trials_say_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


def test_bootstrap_is_repeatable_and_near_the_normal_interval():
    values = np.random.default_rng(3).normal(5.0, 1.0, 400).tolist()
    low, high = bootstrap_ratio(values, [1.0] * 400, seed=1)
    assert (low, high) == bootstrap_ratio(values, [1.0] * 400, seed=1)
    mean, half = np.mean(values), 1.96 * np.std(values) / 20
    assert low == pytest.approx(mean - half, abs=0.03)
    assert high == pytest.approx(mean + half, abs=0.03)


def test_the_ratio_of_one_pair_has_no_width():
    assert bootstrap_ratio([3.0], [2.0], seed=1) == (1.5, 1.5)


def test_shares_get_wilson_and_fractions_the_bootstrap():
    assert of_scores([1.0, 0.0, 1.0], 1) == wilson(2, 3)
    low, high = of_scores([0.5, 0.5, 0.5], 1)
    assert (low, high) == (0.5, 0.5)
