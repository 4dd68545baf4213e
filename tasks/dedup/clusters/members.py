"""The documents that have a duplicate, gathered from rows, copies and verified pairs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.dedup.clusters.clustering import Members, Verify
from tasks.dedup.pairs import Sets, shingle_sets, similarities
from tasks.text import Ngram

COLUMNS = ["id", "exact", "length", "source", "date"]  # of signatures: what survivors are chosen by
_CACHED_WORDS = 4 << 20  # of survivors' sets that are kept for the next comparison

# Rows of all documents, ascending, to their columns: COLUMNS, and quality where it is known.
Load = Callable[[np.ndarray], pa.Table]


def gather(
    copies: np.ndarray, pairs: np.ndarray, similarity: np.ndarray, sampled: np.ndarray, load: Load
) -> tuple[Members, np.ndarray, np.ndarray]:
    """Members, the row of each, and a row that has each text.

    copies: int64 (n, 2), a row and the first row of its normal text. pairs: int64 (n, 2), rows.
    """
    rows = np.unique(np.concatenate([copies.reshape(-1), pairs.reshape(-1)]))
    table = load(rows)
    order = pc.sort_indices(table["id"]).to_numpy().astype(np.int64)
    table = table.take(order).combine_chunks()
    place = np.empty(len(order), np.int64)  # of each row, in the order of ids
    place[order] = np.arange(len(order))
    first = rows.copy()
    first[np.searchsorted(rows, copies[:, 0])] = copies[:, 1]
    text_rows, texts = np.unique(first, return_inverse=True)
    numbers = np.searchsorted(text_rows, pairs)
    by_id = np.empty(len(order), np.int64)
    by_id[place] = texts
    return Members(table, by_id, numbers, similarity, sampled), rows[order], text_rows


def verifier(
    codes: Callable[[int], np.ndarray], text_rows: np.ndarray, ngram: Ngram, threshold: float
) -> Verify:
    """Compares texts on demand; `codes` gives the words of a row. Survivors' sets are kept for a while."""
    kept: OrderedDict[int, np.ndarray] = OrderedDict()
    size = 0

    def known(text: int) -> np.ndarray:
        nonlocal size
        if text not in kept:
            kept[text] = _set(codes(int(text_rows[text])), ngram)
            size += len(kept[text])
            while size > _CACHED_WORDS and len(kept) > 1:
                size -= len(kept.popitem(last=False)[1])
        kept.move_to_end(text)
        return kept[text]

    def verify(text: int, survivors: Sequence[int]) -> tuple[int, float] | None:
        own = _set(codes(int(text_rows[text])), ngram)
        for place, survivor in enumerate(survivors):
            both = _both(own, known(survivor))
            value = float(similarities(both, np.array([0]), np.array([1]), threshold)[0])
            if value >= 0:
                return place, value
        return None

    return verify


def _set(codes: np.ndarray, ngram: Ngram) -> np.ndarray:
    sets = shingle_sets([codes], ngram)
    return sets.hashes[: sets.places[0, 1]]


def _both(one: np.ndarray, other: np.ndarray) -> Sets:
    places = np.array([[0, len(one)], [len(one), len(one) + len(other)]])
    return Sets(np.concatenate([one, other]), places)
