"""How well a score tells positives from negatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

SHARES = (0.1, 0.25, 0.5)


def auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, a tie counting half.

    >>> import numpy as np
    >>> auc(np.array([0.9, 0.5]), np.array([0.5, 0.1]))
    0.875
    """
    import numpy as np

    order = np.sort(negatives)
    below = np.searchsorted(order, positives, side="left")
    upto = np.searchsorted(order, positives, side="right")
    return float((below + upto).sum() / (2 * len(positives) * len(negatives)))


def accuracy(positives: np.ndarray, negatives: np.ndarray, threshold: float = 0.5) -> float:
    """Share of texts on the right side of a threshold, positives and negatives counted alike."""
    return float(((positives >= threshold).mean() + (negatives < threshold).mean()) / 2)


def threshold_table(positives: np.ndarray, negatives: np.ndarray) -> list[dict[str, Any]]:
    """What keeps 10, 25 and 50 % of the negatives, which stand for the pool: the score, and the shares it keeps.

    Scores are in steps of 1e-4 and may tie: the threshold is the lowest that keeps no more than the share, and
    `keeps_negatives` says how much that is.
    """
    import numpy as np

    order = np.sort(negatives)
    rows = []
    for share in SHARES:
        most = int(share * len(order))
        limit = float(order[len(order) - most - 1]) if most < len(order) else 0.0
        threshold = round(limit + 1e-4, 4)  # the next step: equality passes
        rows.append(
            {
                "share": share,
                "threshold": threshold,
                "keeps_negatives": round(float((negatives >= threshold).mean()), 4),
                "keeps_positives": round(float((positives >= threshold).mean()), 4),
            }
        )
    return rows
