"""Exact Jaccard similarity of documents, from their shingle sets on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.dedup.words import fold_batches, ngram_hashes
from tasks.jit import compiled


class ShingleSets:
    """The shingle sets of chosen documents, each as ascending 64-bit hashes, in a nameless scratch file.

    The file needs about as many bytes as those documents' texts, once to twice, and vanishes with the object;
    memory holds 16 bytes for each document and what the system caches of the file. Similarities are exact but
    for two different shingles of one 64-bit hash: for documents of 1,000 words a chance of 1e-13 per pair.
    """

    def __init__(
        self,
        documents: Iterable[pa.RecordBatch | pa.Table],
        positions: np.ndarray,
        chosen: np.ndarray,
        ngram: int,
        folder: Path | None = None,
    ):
        """documents: the texts (column `text`), in rows that `positions` (int64) maps to positions.
        chosen: bool, by position. folder: where the scratch file lies; the system's own without one."""
        self.places = np.zeros((len(positions), 2), np.int64)  # where a set begins and ends, by position
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as the object
        row = size = 0
        for batch in documents:
            here = positions[row : row + batch.num_rows]
            row += batch.num_rows
            mask = chosen[here]
            if mask.any():
                size = self._append(batch["text"].filter(pa.array(mask)), here[mask], ngram, size)
        self._file.flush()
        mapped = np.memmap(self._file, np.uint64, "r") if size else np.frombuffer(b"", np.uint64)
        self.hashes = mapped.view(np.ndarray)

    def _append(self, texts: pa.Array, positions: np.ndarray, ngram: int, size: int) -> int:
        done = 0
        for words in fold_batches(texts):
            words.zero_digits()
            hashes, firsts = ngram_hashes(words, ngram)
            lengths = _sort_sets(hashes, firsts)
            for i, length in enumerate(lengths):
                self._file.write(hashes[firsts[i] : firsts[i] + length].data)
                self.places[positions[done + i]] = size, size + length
                size += length
            done += len(words)
        return size

    def similarity(self, one: int, other: int) -> float:
        """The Jaccard similarity of two chosen documents, by position: 0 to 1."""
        return float(self.similarities(np.array([one]), np.array([other]), 0.0)[0])

    def similarities(self, ones: np.ndarray, others: np.ndarray, threshold: float) -> np.ndarray:
        """The Jaccard similarity of each pair of positions, float64; -1 where it is below the threshold."""
        return _similarities(self.hashes, self.places, ones, others, threshold)

    def leaders(self, members: np.ndarray, threshold: float, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Pairs (member, leader) that reach the threshold, int64 (n, 2), and their similarities.

        Each member in turn is compared with the leaders so far and joins the first that it is similar to; one
        that finds none becomes a leader, up to `most`. Costs members x leaders, never members squared.
        """
        return _leaders(self.hashes, self.places, members, threshold, most)


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


@compiled
def _leaders(hashes, places, members, threshold, most):
    leaders = np.empty(most, np.int64)
    count = 0
    pairs = np.empty((len(members), 2), np.int64)
    values = np.empty(len(members), np.float64)
    found = 0
    for member in members:
        joined = False
        for i in range(count):
            value = _jaccard(hashes, places, member, leaders[i], threshold)
            if value >= 0.0:
                pairs[found, 0] = member
                pairs[found, 1] = leaders[i]
                values[found] = value
                found += 1
                joined = True
                break
        if not joined and count < most:
            leaders[count] = member
            count += 1
    return pairs[:found], values[:found]
