"""Digests of folded texts: equal ones are exact duplicates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import xxhash

from tasks.text import Words

BYTES = 16


def digests(words: Words, texts: pa.Array, chosen: np.ndarray | None = None) -> np.ndarray:
    """XXH3-128 of each folded text, as bytes V16 (n,); of the text as it stands where it has no word.

    texts: those that `words` was made of, with a null as nothing. chosen: bool, of which texts; all without it.
    """
    firsts, lasts = words.texts[:-1], words.texts[1:]
    some = lasts > firsts
    begins, ends = np.zeros(len(words), np.int64), np.zeros(len(words), np.int64)
    begins[some], ends[some] = words.starts[firsts[some]], words.ends[lasts[some] - 1]
    rows = np.arange(len(words)) if chosen is None else np.flatnonzero(chosen)
    data, digest = words.data.data, xxhash.xxh3_128_digest
    bounds = zip(begins[rows].tolist(), ends[rows].tolist(), strict=True)
    found = [digest(data[begin:end]) for begin, end in bounds]
    for i in np.flatnonzero(~some[rows]).tolist():
        found[i] = digest(texts[int(rows[i])].as_buffer() or b"")
    return np.frombuffer(b"".join(found), f"V{BYTES}")


def as_column(parts: list[np.ndarray]) -> pa.Array:
    """Digests as a column of binary values."""
    data = np.concatenate([np.empty(0, f"V{BYTES}"), *parts])
    offsets = np.arange(len(data) + 1, dtype=np.int32) * BYTES
    return pa.Array.from_buffers(
        pa.binary(), len(data), [None, pa.py_buffer(offsets), pa.py_buffer(data.tobytes())]
    )
