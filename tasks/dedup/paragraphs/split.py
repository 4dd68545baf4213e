"""Paragraphs of documents and their hashes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.dedup.minhash import digests
from tasks.document import read_batches
from tasks.jit import compiled
from tasks.text import fold_batches, utf8_buffers

# key, text: the halves of XXH3-128 of the folded paragraph. row: the document's in its file. start, end: where the
# paragraph lies in the text's UTF-8, its line end included. words: in it.
PASSAGE = np.dtype(
    [("key", "<u8"), ("text", "<u8"), ("row", "<u4"), ("words", "<u4"), ("start", "<u8"), ("end", "<u8")]
)


def passages(
    path: str, removed: np.ndarray, kinds: Sequence[str], empty_line: bool, min_words: int
) -> np.ndarray:
    """The paragraphs of min_words words or more of a file's documents, as `PASSAGE` sorted by hash, then place.

    removed: int64, rows that are left out, as are documents of other kinds. Memory: a batch of texts, and 40 bytes a
    paragraph.
    """
    parts = [np.empty(0, PASSAGE)]
    first = 0
    for batch in read_batches([path], ["text", "kind"]):
        rows = np.arange(first, first + batch.num_rows)
        first += batch.num_rows
        chosen = pc.is_in(batch["kind"], pa.array(list(kinds))).to_numpy(zero_copy_only=False)
        chosen &= ~np.isin(rows, removed)
        parts.append(_passages(batch["text"].filter(pa.array(chosen)), rows[chosen], empty_line, min_words))
    found = np.concatenate(parts)
    return found[np.lexsort((found["start"], found["row"], found["text"], found["key"]))]


def _passages(texts: pa.Array, rows: np.ndarray, empty_line: bool, min_words: int) -> np.ndarray:
    data, offsets = utf8_buffers(texts)
    starts, owners = split(data, offsets, empty_line)
    ends = np.append(starts[1:], offsets[-1:])
    buffers = [None, pa.py_buffer(np.append(starts, offsets[-1:])), pa.py_buffer(data)]
    units = pa.Array.from_buffers(pa.large_string(), len(starts), buffers)
    parts = [np.empty(0, PASSAGE)]
    done = 0
    for words in fold_batches(units):
        counts = np.diff(words.texts)
        long = counts >= min_words
        here = done + np.flatnonzero(long)
        found = np.empty(len(here), PASSAGE)
        halves = digests(words, units[done : done + len(words)], long).view("<u8").reshape(-1, 2)
        base = offsets[owners[here]]
        columns = (
            halves[:, 0],
            halves[:, 1],
            rows[owners[here]],
            counts[long],
            starts[here] - base,
            ends[here] - base,
        )
        for name, values in zip(PASSAGE.names or (), columns, strict=True):
            found[name] = values
        parts.append(found)
        done += len(words)
    return np.concatenate(parts)


@compiled
def split(data, offsets, empty_line):
    """Where each paragraph of texts begins, and of which text it is: int64 (n,) both. Together they are the texts.

    A paragraph goes on to the next line, or, with `empty_line`, to what follows one or more lines of nothing but
    whitespace. An empty text has none.
    """
    bound = len(offsets)
    for at in range(offsets[0], offsets[-1]):
        bound += data[at] == 10
    starts = np.empty(bound, np.int64)
    owners = np.empty(bound, np.int64)
    needed = 2 if empty_line else 1
    count = 0
    for text in range(len(offsets) - 1):
        line = offsets[text]
        newlines = -1
        if offsets[text + 1] > line:
            starts[count] = line
            owners[count] = text
            count += 1
        for at in range(offsets[text], offsets[text + 1]):
            byte = data[at]
            if byte == 10:
                newlines += newlines >= 0  # those before the first word are that paragraph's
                line = at + 1
            elif byte != 32 and byte != 9 and byte != 13:
                if newlines >= needed:
                    starts[count] = line
                    owners[count] = text
                    count += 1
                newlines = 0
    return starts[:count], owners[:count]
