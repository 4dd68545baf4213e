"""95 % confidence intervals: Wilson's for shares, the bootstrap for everything else."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z = 1.959963984540054  # the normal distribution's 97.5 % point
RESAMPLES = 2000


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share: sound for few trials and for shares near 0 and 1.

    >>> [round(bound, 3) for bound in wilson(5, 10)]
    [0.237, 0.763]
    """
    if trials == 0:
        return 0.0, 1.0
    share, weight = successes / trials, Z * Z / trials
    centre = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * math.sqrt(share * (1 - share) / trials + weight / (4 * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_ratio(
    numerators: Sequence[float], denominators: Sequence[float], seed: int
) -> tuple[float, float]:
    """The bootstrap interval (percentile) of sum(numerators) / sum(denominators), resampling their pairs.

    With denominators of one it is the interval of a mean. A single pair gives its ratio twice.
    """
    import numpy as np

    above, below = np.asarray(numerators, float), np.asarray(denominators, float)
    generator = np.random.default_rng(seed)
    ratios = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        drawn = generator.integers(0, len(above), len(above))
        ratios[number] = above[drawn].sum() / below[drawn].sum()
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(low), float(high)


def of_scores(scores: Sequence[float], seed: int) -> tuple[float, float]:
    """The interval of the mean of per-item scores: Wilson's when each is 0 or 1."""
    if all(score in (0, 1) for score in scores):
        return wilson(int(sum(scores)), len(scores))
    return bootstrap_ratio(scores, [1.0] * len(scores), seed)
