"""Band files: hashes with the rows that have them, sorted, so that a range of hashes is read on its own.

A file of documents leaves three: `bands.npy` (a row under each of its bands' hashes), `copies.npy` (under the
digest of its normal text) and `ids.npy` (under that of its id). What has to meet, meets within a range of
hashes: whoever takes one part in `of` reads that part of every file and needs memory for no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

from tasks.jit import compiled

# key: what must be equal. text: tells different texts (or ids) under one key apart. row: within its file.
ENTRY = np.dtype([("key", "<u8"), ("text", "<u8"), ("row", "<u4")])


def write_entries(path: Path, keys: np.ndarray, texts: np.ndarray, rows: np.ndarray) -> None:
    """Entries as an .npy of `ENTRY`, sorted by key, then row, as given."""
    entries = np.empty(len(keys), ENTRY)
    order = np.argsort(keys, kind="stable")
    for name, values in zip(ENTRY.names or (), (keys, texts, rows), strict=True):
        entries[name] = values[order]
    np.save(path, entries)


def read_part(path: str | Path, part: int, of: int) -> np.ndarray:
    """The entries whose keys lie in the given part of all keys, as `ENTRY`; mapped, so that only those are read."""
    entries = np.load(path, mmap_mode="r")
    first = _first_from(entries, (part << 64) // of)
    last = _first_from(entries, ((part + 1) << 64) // of) if part + 1 < of else len(entries)
    return entries[first:last]


def _first_from(entries: np.ndarray, key: int) -> int:
    """A bisection that touches a few pages; numpy's would copy the whole column."""
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if int(entries["key"][middle]) < key:
            low = middle + 1
        else:
            high = middle
    return low


def count(path: str | Path) -> int:
    """How many entries a file has."""
    return len(np.load(path, mmap_mode="r"))


def read_meeting(
    paths: Sequence[str | Path], offsets: np.ndarray, part: int, of: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keys, texts (uint64) and rows (int64) of a part of many files, but for most entries whose key is alone.

    offsets: added to each file's rows. A table of counters, eight for each entry, tells which keys may occur
    twice; sorted as they are, keys go through it from end to end, which costs a small part of sorting them all.
    """
    parts = [read_part(path, part, of) for path in paths]
    bits = max(10, (8 * sum(map(len, parts))).bit_length())
    counters = np.zeros(1 << bits, np.uint8)
    low, width, shift = np.uint64((part << 64) // of), np.uint64(of), np.uint64(64 - bits)
    for found in parts:
        _count_keys(np.ascontiguousarray(found["key"]), low, width, shift, counters)
    found_keys, found_texts, found_rows = [], [], []
    for found, offset in zip(parts, offsets.tolist(), strict=False):
        keys = np.ascontiguousarray(found["key"])
        places = _places_of_shared(keys, low, width, shift, counters)
        found_keys.append(keys[places])
        found_texts.append(found["text"][places])
        found_rows.append(found["row"][places] + np.int64(offset))
    return np.concatenate(found_keys), np.concatenate(found_texts), np.concatenate(found_rows)


@compiled
def _count_keys(keys, low, width, shift, counters):
    for key in keys:
        slot = ((key - low) * width) >> shift
        if counters[slot] < 2:
            counters[slot] += 1


@compiled
def _places_of_shared(keys, low, width, shift, counters):
    places = np.empty(len(keys), np.int64)
    count = 0
    for i in range(len(keys)):
        places[count] = i
        count += counters[((keys[i] - low) * width) >> shift] > 1
    return places[:count].copy()


def digest_entries(digests: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The halves of 16-byte digests, as keys and texts: uint64 (n,) each."""
    if isinstance(digests, pa.ChunkedArray):
        digests = digests.combine_chunks()
    halves = np.frombuffer(b"".join(digests.to_pylist()), "<u8").reshape(-1, 2)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def id_entries(ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The halves of ids' XXH3-128."""
    raw = b"".join(xxhash.xxh3_128_digest(id.encode("utf-8", "surrogatepass")) for id in ids)
    halves = np.frombuffer(raw, "<u8").reshape(-1, 2)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def band_entries(
    bands: np.ndarray, words: np.ndarray, keys: np.ndarray, texts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Band entries of documents with a word, without those that repeat an earlier one's normal text.

    bands: uint64 (n, bands). words: int64 (n,). keys, texts: halves of the normal texts' digests.
    """
    order = np.lexsort((np.arange(len(keys)), texts, keys))
    first = np.ones(len(order), bool)
    first[1:] = (keys[order][1:] != keys[order][:-1]) | (texts[order][1:] != texts[order][:-1])
    rows = np.sort(order[first])
    rows = rows[words[rows] > 0]
    count = bands.shape[1]
    return (
        bands[rows].T.reshape(-1),
        np.tile(texts[rows], count),
        np.tile(rows, count),
    )


def write_all(folder: Path, table: pa.Table) -> None:
    """The three files of documents' signatures (`tasks.dedup.index.SIGNATURES`) in row order."""
    for name, entries in all_entries(table).items():
        write_entries(folder / f"{name}.npy", *entries)


def all_entries(table: pa.Table) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """bands, copies and ids: keys, texts and rows of each, not sorted."""
    rows = np.arange(table.num_rows)
    keys, texts = digest_entries(table["normal"])
    lists = table["bands"].combine_chunks()
    values = lists.flatten().to_numpy()
    bands = values.reshape(len(lists), len(values) // max(len(lists), 1))
    return {
        "bands": band_entries(bands, table["words"].to_numpy(), keys, texts),
        "copies": (keys, texts, rows),
        "ids": (*id_entries(table["id"].to_pylist()), rows),
    }


def shared_keys(keys: np.ndarray) -> np.ndarray:
    """Which entries have a key that another has too, in order of keys: most have none, and cost one sort."""
    order = np.argsort(keys)
    ordered = keys[order]
    equal = ordered[1:] == ordered[:-1]
    shared = np.zeros(len(order), bool)
    shared[1:] |= equal
    shared[:-1] |= equal
    return order[shared]


def repeats(keys: np.ndarray, texts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose key and text an earlier row has, ascending, and for each the first such row: int64 (n,) both."""
    order = shared_keys(keys)
    order = order[np.lexsort((rows[order], texts[order], keys[order]))]
    keys, texts, rows = keys[order], texts[order], rows[order]
    starts = np.ones(len(rows), bool)
    starts[1:] = (keys[1:] != keys[:-1]) | (texts[1:] != texts[:-1])
    firsts = rows[starts][np.cumsum(starts) - 1] if len(rows) else rows
    again = np.argsort(rows[~starts], kind="stable")
    return rows[~starts][again], firsts[~starts][again]
