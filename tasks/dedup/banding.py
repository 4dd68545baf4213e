"""Bands and rows from the recall that is wanted at the threshold."""

from __future__ import annotations

import math

PERMUTATIONS = 256  # at most: signing takes time for each


def probability(similarity: float, bands: int, rows: int) -> float:
    """That two documents of this similarity share a band: 1 - (1 - s^rows)^bands."""
    return 1 - (1 - similarity**rows) ** bands


def choose_bands(threshold: float, recall: float) -> tuple[int, int]:
    """The bands and rows that find a pair of similarity `threshold` with probability `recall` or more.

    With r rows that takes b = ceil(log(1 - recall) / log(1 - threshold^r)) bands. Of all r with b * r <= 256
    permutations the largest is taken: it brings the fewest unlike documents together, which only cost time.
    Raises ValueError where none reaches it.

    >>> choose_bands(0.75, 0.95), choose_bands(0.8, 0.92)
    ((29, 8), (21, 10))
    """
    best = None
    for rows in range(1, PERMUTATIONS + 1):
        share = threshold**rows
        bands = 1 if share >= 1 else math.ceil(math.log(1 - recall) / math.log1p(-share))
        if bands * rows > PERMUTATIONS:  # more rows take more bands
            break
        best = (max(bands, 1), rows)
    if best is None:
        raise ValueError(
            f"no bands of {PERMUTATIONS} permutations find a pair of similarity {threshold} with probability {recall}"
        )
    return best
