"""Texts in, signals out: one row per text, one column per signal.

Signals are counts (int64) or ratios of counts (float64), rounded to 1e-4 so that no threshold ever sees
the noise of another machine's arithmetic. A ratio with nothing below the line is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.filter.counts import COUNTS, NGRAM_WORDS

BATCH_BYTES = 8 << 20

# Signals that are counts as they stand; the rest are ratios: name -> (numerator, denominator).
PLAIN = (
    "characters",
    "words",
    "real_words",
    "stop_words",
    "lines",
    "paragraphs",
    "max_line_length",
    "c4_long_word_lines",
    "c4_few_words_lines",
    "c4_no_terminal_lines",
    "c4_javascript_lines",
    "c4_policy_lines",
    "c4_lorem_ipsum_lines",
    "c4_curly_bracket_lines",
    "c4_sentences",
)
RATIOS = {
    "mean_word_length": ("real_word_characters", "real_words"),
    "hash_ratio": ("hashes", "words"),
    "ellipsis_ratio": ("ellipses", "words"),
    "alphabetic_word_ratio": ("alphabetic_words", "words"),
    "bullet_line_ratio": ("bullet_lines", "split_lines"),
    "ellipsis_line_ratio": ("ellipsis_lines", "split_lines"),
    "mean_line_length": ("split_line_characters", "split_lines"),
    "duplicate_line_ratio": ("duplicate_lines", "line_runs"),
    "duplicate_line_character_ratio": ("duplicate_line_characters", "characters"),
    "duplicate_paragraph_ratio": ("duplicate_paragraphs", "paragraphs"),
    "duplicate_paragraph_character_ratio": ("duplicate_paragraph_characters", "characters"),
    **{f"top_{n}gram_ratio": (f"top_{n}gram", "ngram_characters") for n in (2, 3, 4)},
    **{f"duplicate_{n}gram_ratio": (f"duplicate_{n}gram", "ngram_characters") for n in range(5, 11)},
    "terminal_line_ratio": ("terminal_lines", "lines"),
    "short_line_ratio": ("short_lines", "lines"),
    "repeated_line_character_ratio": ("repeated_line_characters", "characters_without_newlines"),
    "newline_word_ratio": ("newlines", "words"),
    "letter_ratio": ("letters", "visible_characters"),
    "alphanumeric_ratio": ("alphanumerics", "characters"),
}
SIGNALS = (*PLAIN, *RATIOS)
SCHEMA = pa.schema([(name, pa.int64() if name in PLAIN else pa.float64()) for name in SIGNALS])


def score(texts: Sequence[str] | pa.Array | pa.ChunkedArray) -> pa.Table:
    """The signals of each text: the columns of `SCHEMA`, in the order of the texts.

    texts: any Python strings, lone surrogates and all, or an Arrow string column (null counts as empty).
    Time and memory are linear: about six bytes a byte of the longest text, and at most 90 MB for its
    n-grams (the first 2^20 words are looked at).
    """
    counts = np.zeros((len(texts), len(COUNTS)), dtype=np.int64)
    start = 0
    for data, offsets in _batches(texts):
        stop = start + len(offsets) - 1
        _count(data, offsets, counts[start:stop])
        start = stop
    return signals_of({name: counts[:, n] for n, name in enumerate(COUNTS)})


def signals_of(counts: dict[str, np.ndarray]) -> pa.Table:
    """Signals from counts, each an int64 array over the texts."""
    counts = counts | {
        "characters_without_newlines": counts["characters"] - counts["newlines"],
        "visible_characters": counts["characters"] - counts["spaces"],
    }
    columns = [counts[name] for name in PLAIN]
    for above, below in RATIOS.values():
        columns.append(np.round(counts[above] / np.maximum(counts[below], 1), 4))
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=SCHEMA)


def _count(data: np.ndarray, offsets: np.ndarray, counts: np.ndarray) -> None:
    from tasks.filter.characters import table
    from tasks.filter.kernel import count_all

    count_all(data, offsets, table(), NGRAM_WORDS, counts)


def _batches(texts: Any) -> Any:
    """UTF-8 bytes and offsets of consecutive texts, a few MB at a time."""
    if isinstance(texts, pa.ChunkedArray):
        for chunk in texts.chunks:
            yield from _batches(chunk)
    elif isinstance(texts, pa.Array):
        if texts.type != pa.large_string() or texts.null_count:
            texts = texts.cast(pa.large_string()).fill_null("")
        offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)[
            texts.offset : texts.offset + len(texts) + 1
        ]
        data = texts.buffers()[2]
        yield np.frombuffer(data, dtype=np.uint8) if data else np.zeros(0, dtype=np.uint8), offsets
    else:
        held: list[bytes] = []
        size = 0
        for text in texts:
            held.append(text.encode("utf-8", "surrogatepass"))
            size += len(held[-1])
            if size >= BATCH_BYTES:
                yield _joined(held)
                held, size = [], 0
        if held:
            yield _joined(held)


def _joined(parts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return np.frombuffer(b"".join(parts), dtype=np.uint8), offsets
