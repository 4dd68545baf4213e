"""All the counts behind the text signals, in compiled passes over each text's code points.

`tasks.filter.text_signals.reference` says the same slowly and plainly; a test holds the two together.
"""

from __future__ import annotations

import numpy as np

from tasks.filter.text_signals.passes.code_points import count_characters, decode
from tasks.filter.text_signals.passes.copies import capacity
from tasks.filter.text_signals.passes.encoded import count_encoded, read_head
from tasks.filter.text_signals.passes.lines import (
    count_newline_lines,
    count_paragraphs,
    count_segments,
    count_split_lines,
)
from tasks.filter.text_signals.passes.markup import count_html_text
from tasks.filter.text_signals.passes.ngrams import count_ngrams
from tasks.filter.text_signals.passes.words import ANNEX, OWN, SPLIT, count_words
from tasks.jit import allocating, compiled


@compiled
def count_all(data, offsets, languages, table, break_table, stops, ngram_words, counts):
    """The counts of each text.

    data: uint8, UTF-8 of all texts; offsets: int64 (n + 1), where they start and end; languages: int64 (n), rows
    of `stops`; table: the code-point classes of `characters.table()`; break_table: of `word_breaks.break_table()`;
    stops: (uint64, int64), (languages, slots), stop words as `stop_words.tables()` has them;
    ngram_words: n-grams are taken over so many words of a text, and so many different lines and paragraphs are
        told from copies;
    counts: `counts.RECORD` (n,), zero on entry, filled in.
    """
    longest = 0
    for t in range(len(offsets) - 1):
        longest = max(longest, offsets[t + 1] - offsets[t])
    words = min(longest, ngram_words)
    points = np.empty(longest + 1, dtype=np.int32)
    classes = np.empty(longest + 1, dtype=np.uint8)
    starts = np.empty(longest + 2, dtype=np.uint8)
    hashes, lengths = np.empty((3, words + 1), dtype=np.uint64), np.zeros((3, words + 2), dtype=np.int64)
    kept = np.zeros(4, dtype=np.int64)
    grams = np.empty(words + 1, dtype=np.uint64)
    places, place = np.empty(words + 1, dtype=np.int32), np.empty(words + 1, dtype=np.int32)
    keys, slots, seen = _tables(16)
    for t in range(len(offsets) - 1):
        out = counts[t]
        n = decode(data, offsets[t], offsets[t + 1], table, points, classes)
        markup = count_characters(points, classes, n, out)
        language = languages[t]
        count_words(
            points, classes, starts, break_table, n, ngram_words, stops[0][language], stops[1][language],
            hashes, lengths, kept, out,
        )  # fmt: skip
        size = capacity(max(kept[OWN], kept[SPLIT], kept[ANNEX], min(out.newlines + 1, ngram_words)))
        if size > len(keys):
            keys, slots, seen = _tables(size)
        buffers = (grams, places, keys, slots, place, seen)
        count_ngrams(hashes[OWN], lengths[OWN], kept[OWN], False, buffers, out.ngrams)
        count_ngrams(hashes[SPLIT], lengths[SPLIT], kept[SPLIT], True, buffers, out.split_ngrams)
        count_ngrams(hashes[ANNEX], lengths[ANNEX], kept[ANNEX], True, buffers, out.dclm_ngrams)
        count_split_lines(points, classes, n, out)
        count_newline_lines(points, classes, n, ngram_words, keys, out)
        count_paragraphs(points, classes, n, ngram_words, keys, out)
        (
            out.dclm_lines, out.dclm_line_characters,
            out.dclm_duplicate_lines, out.dclm_duplicate_line_characters,
        ) = count_segments(points, classes, n, 1, ngram_words, keys, slots, out)  # fmt: skip
        (
            out.dclm_paragraphs, out.dclm_paragraph_characters,
            out.dclm_duplicate_paragraphs, out.dclm_duplicate_paragraph_characters,
        ) = count_segments(points, classes, n, 2, ngram_words, keys, slots, out)  # fmt: skip
        read_head(points, n, out)
        count_encoded(points, classes, n, out)
        count_html_text(points, classes, n, markup, out)


@allocating
def _tables(capacity):
    """Room for the keys of a table, two numbers of each, and a byte each of twice as many."""
    return (
        np.empty(capacity, dtype=np.uint64),
        np.empty((capacity, 2), dtype=np.int32),
        np.empty(2 * capacity, dtype=np.uint8),
    )
