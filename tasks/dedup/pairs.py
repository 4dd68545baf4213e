"""From band hashes to verified pairs of documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.dedup.index import Index
from tasks.dedup.sets import ShingleSets
from tasks.jit import compiled

PAIRS = pa.schema(
    [
        ("a", pa.string()),  # ids, a < b
        ("b", pa.string()),
        ("similarity", pa.float64()),
        ("sampled", pa.bool_()),  # found in a bucket too large for all of its pairs
    ]
)
FULL_BUCKET = 64  # documents of a bucket up to which every pair is verified
LEADERS = 64  # of a larger bucket
_BATCH = 1 << 20  # pairs verified at a time

Batches = Callable[[], Iterable[pa.RecordBatch | pa.Table]]


@dataclass(frozen=True)
class Candidates:
    """Documents that share a band, by position; only the first of those with the same normal text.

    pairs: int64 (n, 2), first < second, each once, ascending. buckets: positions of each bucket that is too
    large for all of its pairs.
    """

    pairs: np.ndarray
    buckets: list[np.ndarray]


def find_pairs(
    index: Index,
    documents: Batches,
    ngram: int,
    threshold: float,
    folder: Path | None = None,
    full_bucket: int = FULL_BUCKET,
) -> pa.Table:
    """The pairs of documents whose exact Jaccard similarity reaches the threshold, as `PAIRS`, sorted by ids.

    index: with the columns id, normal, words and bands. documents: called once, gives the texts in the order
    of `index.positions`. folder: for scratch files.

    Documents of the same normal text (case, punctuation, digits and wrapping aside) have the same shingles:
    the one with the smallest id stands for all and is alone in these pairs. So a million copies of a page
    cost nothing here. A bucket (documents that share a band) of at most `full_bucket` different texts is
    verified pair by pair. In a larger one, as boilerplate makes them, each is compared with at most `LEADERS`
    leaders (see `ShingleSets.leaders`) and the pairs are marked `sampled`: cost stays linear, every pair is
    still verified, but not every pair is looked at; `clusters.choose` makes up for that.
    """
    candidates = find_candidates(index, full_bucket)
    chosen = np.zeros(len(index), bool)
    chosen[candidates.pairs.reshape(-1)] = True
    for bucket in candidates.buckets:
        chosen[bucket] = True
    sets = ShingleSets(documents() if chosen.any() else (), index.positions, chosen, ngram, folder)
    found, values = _verify(candidates.pairs, sets, threshold)
    sampled = np.zeros(len(found), bool)
    for bucket in candidates.buckets:
        pairs, similarities = sets.leaders(bucket, threshold, LEADERS)
        found = np.concatenate([found, np.sort(pairs, axis=1)])
        values = np.concatenate([values, similarities])
        sampled = np.concatenate([sampled, np.ones(len(pairs), bool)])
    return _table(index, found, values, sampled)


def find_candidates(index: Index, full_bucket: int) -> Candidates:
    """Who shares a band with whom, band by band: memory is bounded by one band and the pairs found."""
    bands = index.signatures["bands"].combine_chunks()
    flat = bands.flatten().to_numpy()
    values = flat.reshape(len(bands), len(flat) // max(len(bands), 1))
    words = index.signatures["words"].to_numpy()
    apart = np.flatnonzero((index.originals == np.arange(len(index))) & (words > 0))
    pairs = np.empty(0, np.uint64)
    buckets = []
    for band in range(values.shape[1]):
        hashes = values[apart, band]
        order = np.argsort(hashes, kind="stable")
        members, starts = apart[order], _runs(hashes[order])
        found = _bucket_pairs(members, starts, full_bucket, np.uint64(len(index)))
        pairs = np.union1d(pairs, found)
        large = np.flatnonzero(np.diff(starts) > full_bucket)
        buckets += [members[starts[i] : starts[i + 1]] for i in large]
    split = np.stack([pairs // np.uint64(max(len(index), 1)), pairs % np.uint64(max(len(index), 1))], axis=1)
    return Candidates(split.astype(np.int64), buckets)


def _runs(values: np.ndarray) -> np.ndarray:
    """Where runs of equal values begin, and the end."""
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.concatenate([[0], changes, [len(values)]]).astype(np.int64)


@compiled
def _bucket_pairs(members, starts, full_bucket, base):
    """first * base + second for every pair in a bucket of at most `full_bucket` members, which ascend."""
    count = 0
    for bucket in range(len(starts) - 1):
        size = starts[bucket + 1] - starts[bucket]
        if size <= full_bucket:
            count += size * (size - 1) // 2
    codes = np.empty(count, np.uint64)
    count = 0
    for bucket in range(len(starts) - 1):
        if starts[bucket + 1] - starts[bucket] <= full_bucket:
            for i in range(starts[bucket], starts[bucket + 1]):
                for j in range(i + 1, starts[bucket + 1]):
                    codes[count] = np.uint64(members[i]) * base + np.uint64(members[j])
                    count += 1
    return codes


def _verify(pairs: np.ndarray, sets: ShingleSets, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    kept, values = [pairs[:0]], [np.empty(0)]
    for part in _parts(pairs):
        similarities = sets.similarities(part[:, 0], part[:, 1], threshold)
        reached = similarities >= 0
        kept.append(part[reached])
        values.append(similarities[reached])
    return np.concatenate(kept), np.concatenate(values)


def _parts(pairs: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(pairs), _BATCH):
        yield np.ascontiguousarray(pairs[start : start + _BATCH])


def _table(index: Index, pairs: np.ndarray, values: np.ndarray, sampled: np.ndarray) -> pa.Table:
    """Each pair once; sampled if any of its buckets was."""
    order = np.lexsort((~sampled, pairs[:, 1], pairs[:, 0]))
    pairs, values, sampled = pairs[order], values[order], sampled[order]
    first = np.ones(len(pairs), bool)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    ids = index.signatures["id"]
    columns = [ids.take(pairs[first, 0]), ids.take(pairs[first, 1]), values[first], sampled[first]]
    return pa.table(dict(zip(PAIRS.names, columns, strict=True))).cast(PAIRS)
