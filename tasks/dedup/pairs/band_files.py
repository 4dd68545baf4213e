"""Band files: hashes with the rows that have them, sorted, so that a range of hashes is read on its own.

A file of documents leaves three: `bands.npy` (a row under each of its bands' hashes), `copies.npy` (under the
digest of its normal text) and `ids.npy` (under that of its id). What has to meet, meets within a range of
hashes: whoever takes one part in `of` reads that part of every file and needs memory for no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

from tasks.jit import compiled

_COUNTERS = 4  # for each entry at least; twice that at most
_BLOCK_BITS = 17  # counters of a byte that are looked at together

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
    entries = np.load(path, mmap_mode="r").view(np.ndarray)
    first = _first_from(entries["key"], (part << 64) // of)
    last = _first_from(entries["key"], ((part + 1) << 64) // of) if part + 1 < of else len(entries)
    return entries[first:last]


def _first_from(keys: np.ndarray, key: int) -> int:
    """A bisection that touches a few pages; numpy's would copy the whole column."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if int(keys[middle]) < key:
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

    Counters, some eight for each entry, tell which keys may occur twice; for keys that are sorted in their files
    that costs a small part of sorting them all.

    offsets: added to each file's rows.
    """
    parts = [read_part(path, part, of) for path in paths]
    starts = np.cumsum([0, *map(len, parts)])
    keys = np.empty(starts[-1], np.uint64)
    for n, found in enumerate(parts):
        keys[starts[n] : starts[n + 1]] = found["key"]
    low, span = (part << 64) // of, -(-(1 << 64) // of)
    bits = max(_BLOCK_BITS, (_COUNTERS * len(keys)).bit_length())
    shift = max(0, (span - 1).bit_length() - bits)
    places = np.sort(_places_of_shared(keys, starts, np.uint64(low), np.uint64(shift), bits, _BLOCK_BITS))
    texts, rows = np.empty(len(places), np.uint64), np.empty(len(places), np.int64)
    borders = np.searchsorted(places, starts)
    for n, offset in enumerate(offsets[: len(parts)].tolist()):
        here = slice(borders[n], borders[n + 1])
        chosen = parts[n][places[here] - starts[n]]
        texts[here], rows[here] = chosen["text"], chosen["row"] + np.int64(offset)
    return keys[places], texts, rows


@compiled
def _places_of_shared(keys, starts, low, shift, bits, block_bits):
    """Where the keys lie whose counter another key has too.

    keys: ascending from each start to the next. Counters are taken block by block, and every file's keys with
    them: a block stays in the cache however many files there are.
    """
    counters = np.zeros(1 << block_bits, np.uint8)
    cursors = starts[:-1].copy()
    places = np.empty(len(keys), np.int64)
    count = 0
    mask = np.uint64((1 << block_bits) - 1)
    height = np.uint64(block_bits)
    for block in range(1 << (bits - block_bits)):
        counters[:] = 0
        for file in range(len(cursors)):
            for i in range(cursors[file], starts[file + 1]):
                slot = (keys[i] - low) >> shift
                if slot >> height != np.uint64(block):
                    break
                counters[slot & mask] = min(counters[slot & mask] + 1, 2)
        for file in range(len(cursors)):
            i = cursors[file]
            while i < starts[file + 1]:
                slot = (keys[i] - low) >> shift
                if slot >> height != np.uint64(block):
                    break
                places[count] = i
                count += counters[slot & mask] > 1
                i += 1
            cursors[file] = i
    return places[:count].copy()


def _halves(digests: Iterable[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """The halves of 16-byte digests, as keys and texts: uint64 (n,) each."""
    halves = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def band_entries(
    bands: np.ndarray, words: np.ndarray, keys: np.ndarray, texts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Band entries of documents with a word, without those that repeat an earlier one's normal text.

    bands: uint64 (n, bands). words: int64 (n,). keys, texts: halves of the normal texts' digests.
    """
    order = np.lexsort((np.arange(len(keys)), texts, keys))
    rows = np.sort(order[changes(keys[order], texts[order])])
    rows = rows[words[rows] > 0]
    count = bands.shape[1]
    return bands[rows].T.reshape(-1), np.tile(texts[rows], count), np.tile(rows, count)


def write_all(folder: Path, table: pa.Table) -> None:
    """The three files of documents' signatures (`tasks.dedup.minhash.table.SIGNATURES`) in row order."""
    for name, entries in all_entries(table).items():
        write_entries(folder / f"{name}.npy", *entries)


def all_entries(table: pa.Table) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """bands, copies and ids: keys, texts and rows of each, not sorted."""
    rows = np.arange(table.num_rows)
    keys, texts = _halves(table["normal"].to_pylist())
    ids = (xxhash.xxh3_128_digest(id.encode("utf-8", "surrogatepass")) for id in table["id"].to_pylist())
    lists = table["bands"].combine_chunks()
    values = lists.flatten().to_numpy()
    bands = values.reshape(len(lists), len(values) // max(len(lists), 1))
    return {
        "bands": band_entries(bands, table["words"].to_numpy(), keys, texts),
        "copies": (keys, texts, rows),
        "ids": (*_halves(ids), rows),
    }


def changes(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which rows of two columns differ from the row before: bool (n,)."""
    found = np.ones(len(one), bool)
    found[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    return found


def meeting(
    keys: np.ndarray, texts: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The entries whose key another has too, by key, text and row, and which of them are the first of their text: bool.

    Most keys are alone, and cost one sort.
    """
    order = np.argsort(keys)
    ordered = keys[order]
    shared = np.zeros(len(order), bool)
    shared[1:] = ordered[1:] == ordered[:-1]
    shared[:-1] |= shared[1:]
    order = order[shared]
    order = order[np.lexsort((rows[order], texts[order], keys[order]))]
    keys, texts, rows = keys[order], texts[order], rows[order]
    return keys, texts, rows, changes(keys, texts)


def repeats(keys: np.ndarray, texts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose key and text an earlier row has, ascending, and for each the first such row: int64 (n,) both."""
    keys, texts, rows, starts = meeting(keys, texts, rows)
    firsts = rows[starts][np.cumsum(starts) - 1] if len(rows) else rows
    again = np.argsort(rows[~starts], kind="stable")
    return rows[~starts][again], firsts[~starts][again]
