"""Texts in, signals out: one row per text, one column per signal.

Signals are counts (int64) or ratios of counts (float64), rounded to 1e-4 so that no threshold ever sees
the noise of another machine's arithmetic. A ratio with nothing below the line is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.filter.text_signals.counts import NGRAM_WORDS, NGRAMS, RECORD, by_name
from tasks.text import Texts, utf8_buffers
from tasks.text import batches as text_batches

BATCH_BYTES = 8 << 20

# Signals that are counts as they stand; the rest are ratios: name -> (numerator, denominator).
PLAIN = (
    "characters", "words", "real_words", "stop_words", "lines", "paragraphs", "max_line_length",
    "c4_long_word_lines", "c4_few_words_lines", "c4_no_terminal_lines", "c4_javascript_lines",
    "c4_policy_lines", "c4_lorem_ipsum_lines", "c4_curly_bracket_lines", "c4_sentences", "split_lines",
    "split_words", "split_stop_words", "distinct_split_stop_words", "dclm_words", "dclm_lines",
    "generated_markers", "xml_headers", "longest_encoded", "html_text_characters",
)  # fmt: skip
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
    **{f"{name}_ratio": (name, "ngram_characters") for name in NGRAMS["ngrams"]},
    "terminal_line_ratio": ("terminal_lines", "lines"),
    "short_line_ratio": ("short_lines", "lines"),
    "repeated_line_character_ratio": ("repeated_line_characters", "characters_without_newlines"),
    "newline_word_ratio": ("newlines", "words"),
    "letter_ratio": ("letters", "visible_characters"),
    "alphanumeric_ratio": ("alphanumerics", "characters"),
    "alphabetic_ratio": ("letters", "characters"),
    "encoded_ratio": ("encoded_characters", "characters"),
    "html_text_ratio": ("html_text_characters", "characters"),
    "mean_split_word_length": ("split_word_characters", "split_words"),
    "split_alphabetic_word_ratio": ("split_alphabetic_words", "split_words"),
    "split_hash_ratio": ("hashes", "split_words"),
    "split_ellipsis_ratio": ("ellipses", "split_words"),
    **{f"{name}_ratio": (name, "split_ngram_characters") for name in NGRAMS["split_ngrams"]},
    "dclm_symbol_ratio": ("dclm_symbols", "split_words"),
    "dclm_bullet_line_ratio": ("dclm_bullet_lines", "dclm_lines"),
    "dclm_ellipsis_line_ratio": ("dclm_ellipsis_lines", "dclm_lines"),
    "dclm_duplicate_line_ratio": ("dclm_duplicate_lines", "dclm_lines"),
    "dclm_duplicate_line_character_ratio": ("dclm_duplicate_line_characters", "dclm_line_characters"),
    "dclm_duplicate_paragraph_ratio": ("dclm_duplicate_paragraphs", "dclm_paragraphs"),
    "dclm_duplicate_paragraph_character_ratio": (
        "dclm_duplicate_paragraph_characters",
        "dclm_paragraph_characters",
    ),
    **{f"{name}_ratio": (name, "dclm_ngram_characters") for name in NGRAMS["dclm_ngrams"]},
}
SIGNALS = (*PLAIN, *RATIOS)
SCHEMA = pa.schema([(name, pa.int64() if name in PLAIN else pa.float64()) for name in SIGNALS])


def score(
    texts: Texts,
    languages: Sequence[str | None] | pa.Array | pa.ChunkedArray | None = None,
) -> pa.Table:
    """The signals of each text: the columns of `SCHEMA`, in the order of the texts.

    texts: any Python strings, lone surrogates and all, or an Arrow string column (null counts as empty).
    languages: the code of each text's language, whose stop words are looked for: English's where null or not
    given; in a language without a list `stop_words` is -1.
    Time and memory are linear: about six bytes a byte of the longest text, and at most 110 MB for its
    n-grams (the first 2^20 words are looked at).
    """
    from tasks.filter.text_signals import stop_words
    from tasks.filter.text_signals.characters import table
    from tasks.filter.text_signals.passes import count_all
    from tasks.filter.text_signals.word_breaks import break_table

    if languages is None:
        rows = np.zeros(len(texts), dtype=np.int64)  # English
    else:
        if isinstance(languages, pa.Array | pa.ChunkedArray):
            languages = languages.to_pylist()
        rows = stop_words.rows(languages)
    counts = np.zeros(len(texts), dtype=RECORD)
    tables = table(), break_table(), stop_words.tables()
    start = 0
    for data, offsets in batches(texts):
        stop = start + len(offsets) - 1
        count_all(data, offsets, rows[start:stop], *tables, NGRAM_WORDS, counts[start:stop])
        start = stop
    counts["stop_words"][rows == len(stop_words.STOP_WORDS)] = stop_words.UNLISTED
    return signals_of(by_name(counts))


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


def batches(texts: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """UTF-8 bytes (uint8) and offsets (int64, texts + 1) of consecutive texts, a few MB at a time."""
    if isinstance(texts, pa.ChunkedArray):
        yield from map(utf8_buffers, texts.chunks)
    elif isinstance(texts, pa.Array):
        yield utf8_buffers(texts)
    else:
        yield from map(utf8_buffers, text_batches((text or "" for text in texts), BATCH_BYTES))
