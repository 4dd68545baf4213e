"""Candidate lists: which pairs each file of documents has to verify, in terms that only the files involved decide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.dedup.pairs.band_files import count
from tasks.dedup.pairs.lsh import PAIR, sorted_pairs
from tasks.errors import StageError

COPY = np.dtype([("row", "<i8"), ("original", "<i8")])  # original: the first row with that normal text

# row: in the list's own file. file: which of the files that the list touches, 0 its own; other: the row in it.
CANDIDATE = np.dtype([("row", "<u4"), ("file", "<u4"), ("other", "<u4"), ("sampled", "?")])


def offsets_of(ids: Sequence[str | Path]) -> np.ndarray:
    """Where each file's rows begin among all, and the end: int64 (files + 1,)."""
    return np.cumsum([0, *(count(path) for path in ids)]).astype(np.int64)


def write_lists(pairs: Sequence[Path], offsets: np.ndarray, out: Path) -> tuple[list[list[int]], int]:
    """Merges the parts' pairs into a list for each file; returns the files that each touches, and how many pairs.

    A list names files by their place among those that it touches and rows within them, so that it stays the same
    when other files come or go.
    """
    parts = [np.load(path, mmap_mode="r") for path in pairs]
    borders = [np.searchsorted(np.array(part["later"]), offsets) for part in parts]
    touched, total = [], 0
    (out / "lists").mkdir()
    for n in range(len(offsets) - 1):
        here = np.concatenate(
            [part[at[n] : at[n + 1]] for part, at in zip(parts, borders, strict=True)] or [np.empty(0, PAIR)]
        )
        candidates, files = localised(here, n, offsets)
        np.save(out / "lists" / f"{n:06d}.npy", candidates)
        touched.append(files)
        total += len(candidates)
    return touched, total


def localised(pairs: np.ndarray, own: int, offsets: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """`PAIR`s of one file's documents as `CANDIDATE`s, and the numbers of the files that they touch, own first."""
    merged = sorted_pairs(pairs["later"], pairs["earlier"], pairs["sampled"])
    numbers = np.searchsorted(offsets, merged["earlier"], "right") - 1
    files = [own, *(number for number in np.unique(numbers).tolist() if number != own)]
    places = np.zeros(len(offsets), np.uint32)
    places[files] = np.arange(len(files))
    found = np.empty(len(merged), CANDIDATE)
    found["row"] = merged["later"] - offsets[own]
    found["file"] = places[numbers]
    found["other"] = merged["earlier"] - offsets[numbers]
    found["sampled"] = merged["sampled"]
    return found, files


def refuse_repeated(signatures: Sequence[str | Path], offsets: np.ndarray, rows: np.ndarray) -> None:
    """Raises StageError with the ids of these rows, if there are any: each stands for more than one document."""
    if not len(rows):
        return
    import pyarrow.parquet as pq

    found = set()
    for n, path in enumerate(signatures):
        here = rows[(rows >= offsets[n]) & (rows < offsets[n + 1])] - offsets[n]
        if len(here):
            found |= set(pq.read_table(path, columns=["id"])["id"].take(here).to_pylist())
    raise repeated_ids(found)


def repeated_ids(ids: set[str]) -> StageError:
    named = ", ".join(sorted(ids)[:5]) + (", ..." if len(ids) > 5 else "")
    return StageError(
        f"dedup: {len(ids)} document ids stand for more than one document: {named}. An id must be "
        "unique: look for two sources of the same name, or for a file that is read twice."
    )
