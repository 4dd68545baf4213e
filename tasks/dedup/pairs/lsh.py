"""From band entries to candidate pairs: documents that share a band."""

from __future__ import annotations

import numpy as np

from tasks.dedup.pairs.band_files import changes, meeting
from tasks.jit import compiled

FULL_BUCKET = 32  # different texts of a bucket up to which every pair is a candidate
REPRESENTATIVES = 8  # of a larger bucket, with which each of its texts is paired

# Rows in the order of all files' documents, earlier < later; sampled: met in a bucket too large for all pairs.
PAIR = np.dtype([("later", "<i8"), ("earlier", "<i8"), ("sampled", "?")])


def candidate_pairs(
    keys: np.ndarray,
    texts: np.ndarray,
    rows: np.ndarray,
    full_bucket: int = FULL_BUCKET,
    representatives: int = REPRESENTATIVES,
) -> np.ndarray:
    """The candidate pairs among band entries (keys, texts: uint64, rows: int64): `PAIR`, sorted, each once.

    Of entries with the same key and text only the one with the smallest row takes part: copies of a text cost
    nothing. A bucket (entries of one key) of at most `full_bucket` different texts gives every pair. In a larger
    one, as boilerplate makes them, each text is paired with `representatives` of them only, those whose
    text digests are smallest: cost stays linear, and neither files nor their order choose them.
    """
    keys, _, rows, first = meeting(keys, texts, rows)
    keys, rows = keys[first], rows[first]
    return sorted_pairs(*_bucket_pairs(rows, _runs(keys), full_bucket, representatives))


def sorted_pairs(later: np.ndarray, earlier: np.ndarray, sampled: np.ndarray) -> np.ndarray:
    """As `PAIR`, sorted by later, then earlier; each pair once, sampled if it was so once."""
    order = np.lexsort((~sampled, earlier, later))
    later, earlier = later[order], earlier[order]
    first = changes(later, earlier)
    pairs = np.empty(int(first.sum()), PAIR)
    pairs["later"], pairs["earlier"], pairs["sampled"] = later[first], earlier[first], sampled[order][first]
    return pairs


def _runs(values: np.ndarray) -> np.ndarray:
    """Where runs of equal values begin, and the end."""
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.concatenate([[0], changes, [len(values)]]).astype(np.int64)


@compiled
def _bucket_pairs(rows, borders, full_bucket, representatives):
    count = 0
    for bucket in range(len(borders) - 1):
        size = borders[bucket + 1] - borders[bucket]
        most = size if size <= full_bucket else representatives
        count += most * size - most * (most + 1) // 2
    later = np.empty(count, np.int64)
    earlier = np.empty(count, np.int64)
    sampled = np.empty(count, np.bool_)
    count = 0
    for bucket in range(len(borders) - 1):
        first = borders[bucket]
        last = borders[bucket + 1]
        size = last - first
        most = size if size <= full_bucket else representatives
        for i in range(first, first + most):
            for j in range(i + 1, last):
                later[count] = max(rows[i], rows[j])
                earlier[count] = min(rows[i], rows[j])
                sampled[count] = size > full_bucket
                count += 1
    return later, earlier, sampled
