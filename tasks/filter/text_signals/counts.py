"""The counts that the passes and their reference take of a text, by name."""

from __future__ import annotations

import numpy as np

# n-grams are taken over a text's first so many words, and so many different lines are told from copies: bounds
# memory on huge texts
NGRAM_WORDS = 1 << 20

FIELDS = (
    "characters",
    "spaces",  # characters of whitespace
    "letters",
    "alphanumerics",
    "hashes",  # '#'
    "ellipses",  # '…' and '...'
    "newlines",
    "words",
    "real_words",  # words that are not all punctuation and symbols
    "real_word_characters",
    "alphabetic_words",  # words that hold a letter
    "stop_words",  # distinct ones of the text's language
    "split_lines",  # lines as str.splitlines has them
    "split_line_characters",
    "max_line_length",
    "bullet_lines",
    "ellipsis_lines",
    "c4_long_word_lines",  # lines that C4 would remove, each by the first reason that holds
    "c4_few_words_lines",
    "c4_no_terminal_lines",  # ... were it asked to; counted for itself
    "c4_javascript_lines",
    "c4_policy_lines",
    "c4_lorem_ipsum_lines",
    "c4_curly_bracket_lines",
    "c4_sentences",
    "lines",  # between newlines, not blank
    "terminal_lines",
    "short_lines",
    "repeated_line_characters",
    "line_runs",  # between runs of newlines, blank and empty ones too
    "duplicate_lines",
    "duplicate_line_characters",
    "paragraphs",
    "duplicate_paragraphs",
    "duplicate_paragraph_characters",
    "ngram_characters",  # code points up to the end of the last word that n-grams are taken over
    "ngrams",
    "split_words",  # words between whitespace, as the paper's and most of DCLM's rules take them
    "split_word_characters",
    "split_alphabetic_words",
    "split_stop_words",  # of Gopher's eight, each time one stands there
    "distinct_split_stop_words",
    "split_ngram_characters",  # of the words that n-grams are taken over
    "split_ngrams",
    "dclm_words",  # words between whitespace that start with a letter or a number
    "dclm_symbols",  # '#', '...', '. . .', '…'
    "dclm_bullet_lines",
    "dclm_ellipsis_lines",
    "dclm_lines",  # between newlines, stripped, blank ones left out
    "dclm_line_characters",
    "dclm_duplicate_lines",  # all copies of a line, the first too
    "dclm_duplicate_line_characters",
    "dclm_paragraphs",  # likewise, between two newlines or more
    "dclm_paragraph_characters",
    "dclm_duplicate_paragraphs",
    "dclm_duplicate_paragraph_characters",
    "dclm_ngram_characters",  # of the words of Unicode's annex 29 that start with a letter or a number
    "dclm_ngrams",
    "generated_markers",  # in the first five lines
    "xml_headers",  # in the first hundred characters
    "encoded_characters",
    "longest_encoded",
    "html_text_characters",  # what a browser would show of a page's source, runs of whitespace as one
)

# Nine each: the most frequent n-gram of 2, 3 and 4 words, what is duplicated in those of 5 to 10.
NGRAMS = {
    field: tuple(
        f"{kind}{name}gram"
        for name in (*(f"top_{n}" for n in (2, 3, 4)), *(f"duplicate_{n}" for n in range(5, 11)))
    )
    for field, kind in (("ngrams", ""), ("split_ngrams", "split_"), ("dclm_ngrams", "dclm_"))
}
COUNTS = tuple(name for field in FIELDS for name in NGRAMS.get(field, (field,)))
# A text's counts, which compiled code writes by name; in memory int64 (len(COUNTS),).
RECORD = np.dtype([(field, np.int64, len(NGRAMS[field]) if field in NGRAMS else ()) for field in FIELDS])


def by_name(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Count -> int64 (texts,), from `RECORD` (texts,)."""
    return dict(zip(COUNTS, counts.view(np.int64).reshape(len(counts), len(COUNTS)).T, strict=True))
