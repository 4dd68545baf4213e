"""Texts without the paragraphs that go."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tasks.text import utf8_buffers


def without(texts: pa.Array, cuts: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """The texts (large_string) without the passages, and how many bytes shorter each is: int64 (n,).

    cuts: `tasks.dedup.paragraphs.duplicates.CUT`, rows counted from the first of these texts, in order. Where a text loses its last
    paragraph, the line ends before it go too.
    """
    removed = np.zeros(len(texts), np.int64)
    if not len(cuts):
        return texts, removed
    data, offsets = utf8_buffers(texts)
    parts = []
    done = int(offsets[0])
    borders = np.flatnonzero(np.diff(cuts["row"].astype(np.int64), prepend=-1))
    for first, stop in zip(borders, [*borders[1:], len(cuts)], strict=True):
        row = int(cuts["row"][first])
        base, end = int(offsets[row]), int(offsets[row + 1])
        parts.append(data[done:base].tobytes())
        kept = []
        at = base
        for start, past in zip(
            cuts["start"][first:stop].tolist(), cuts["end"][first:stop].tolist(), strict=True
        ):
            kept.append(data[at : base + start].tobytes())
            at = base + past
        kept.append(data[at:end].tobytes())
        left = b"".join(kept)
        if at == end:
            left = left.rstrip(b" \t\r\n")
        parts.append(left)
        removed[row] = end - base - len(left)
        done = end
    parts.append(data[done : int(offsets[-1])].tobytes())
    places = offsets - offsets[0]
    places[1:] -= np.cumsum(removed)
    buffers = [None, pa.py_buffer(places), pa.py_buffer(b"".join(parts))]
    return pa.Array.from_buffers(pa.large_string(), len(texts), buffers), removed
