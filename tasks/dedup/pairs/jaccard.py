"""Exact Jaccard similarity of documents, from their words' codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tasks.dedup.pairs.word_hashes import Codes
from tasks.jit import compiled
from tasks.text import Ngram, Words, ngram_hashes

# A verified pair: as `tasks.dedup.pairs.candidate_lists.CANDIDATE`, with its similarity.
MATCH = np.dtype([("row", "<u4"), ("file", "<u4"), ("other", "<u4"), ("sampled", "?"), ("similarity", "<f8")])
_BATCH_WORDS = 8 << 20  # of a batch of pairs: bounds memory, some 30 bytes each


@dataclass(frozen=True)
class Sets:
    """Shingle sets of n documents. hashes: uint64, each set ascending. places: int64 (n, 2), begin and end."""

    hashes: np.ndarray
    places: np.ndarray


def shingle_sets(codes: Sequence[np.ndarray], ngram: Ngram) -> Sets:
    """The word n-grams of documents given as codes, as `tasks.dedup.minhash.sketch.shingles` cuts them."""
    texts = np.zeros(len(codes) + 1, np.int64)
    np.cumsum([len(part) for part in codes], out=texts[1:])
    joined = np.concatenate(codes).astype(np.uint64) if codes else np.empty(0, np.uint64)
    nothing = np.empty(0, np.int64)
    hashes, firsts = ngram_hashes(Words(np.empty(0, np.uint8), nothing, nothing, texts), ngram, joined)
    lengths = _sort_sets(hashes, firsts)
    return Sets(hashes, np.stack([firsts[:-1], firsts[:-1] + lengths], axis=1))


def similarities(sets: Sets, ones: np.ndarray, others: np.ndarray, threshold: float) -> np.ndarray:
    """The Jaccard similarity of each pair of documents, float64; -1 where it is below the threshold."""
    return _similarities(sets.hashes, sets.places, ones, others, threshold)


def verify(
    files: Sequence[Codes], ones: np.ndarray, others: np.ndarray, ngram: Ngram, threshold: float
) -> np.ndarray:
    """The Jaccard similarity of documents in files, float64 (pairs,); -1 where it is below the threshold.

    ones, others: int64 (pairs, 2), file and row of each side. Memory: a batch of pairs' documents.
    """
    values = np.empty(len(ones), np.float64)
    for start, stop in _batches(files, ones, others):
        both = np.concatenate([ones[start:stop], others[start:stop]])
        documents, places = np.unique(both, axis=0, return_inverse=True)
        places = places.reshape(-1)
        sets = shingle_sets(_gather(files, documents), ngram)
        half = stop - start
        values[start:stop] = similarities(sets, places[:half], places[half:], threshold)
    return values


def _batches(files: Sequence[Codes], ones: np.ndarray, others: np.ndarray) -> Iterator[tuple[int, int]]:
    sizes = np.zeros(len(ones), np.int64)
    for side in (ones, others):
        for file in np.unique(side[:, 0]).tolist():
            here = side[:, 0] == file
            sizes[here] += files[file].counts(side[here, 1])
    numbers = np.cumsum(sizes) // _BATCH_WORDS
    borders = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(ones)]
    return ((start, stop) for start, stop in pairwise(borders) if stop > start)


def _gather(files: Sequence[Codes], documents: np.ndarray) -> list[np.ndarray]:
    """Codes of documents (file, row) that are sorted."""
    found: list[np.ndarray] = []
    for file in np.unique(documents[:, 0]).tolist():
        found += files[file].gather(documents[documents[:, 0] == file, 1])
    return found


@compiled
def _sort_sets(hashes, firsts):
    """Sorts each text's hashes in place without repeats; returns how many remain of each."""
    lengths = np.zeros(len(firsts) - 1, np.int64)
    for text in range(len(firsts) - 1):
        part = hashes[firsts[text] : firsts[text + 1]]
        part.sort()
        count = 0
        for i in range(len(part)):
            if i == 0 or part[i] != part[count - 1]:
                part[count] = part[i]
                count += 1
        lengths[text] = count
    return lengths


@compiled
def _jaccard(hashes, places, one, other, threshold):
    """-1 as soon as the threshold is out of reach."""
    i = places[one, 0]
    j = places[other, 0]
    last_i = places[one, 1]
    last_j = places[other, 1]
    total = (last_i - i) + (last_j - j)
    shared = 0
    while i < last_i and j < last_j:
        possible = shared + min(last_i - i, last_j - j)
        if possible + 1e-6 < threshold * (total - possible):
            return -1.0
        left = hashes[i]
        right = hashes[j]
        shared += left == right
        i += left <= right
        j += right <= left
    similarity = shared / (total - shared) if total > shared else 0.0
    return similarity if similarity >= threshold else -1.0


@compiled
def _similarities(hashes, places, ones, others, threshold):
    values = np.empty(len(ones), np.float64)
    for pair in range(len(ones)):
        values[pair] = _jaccard(hashes, places, ones[pair], others[pair], threshold)
    return values
