"""Gopher's quality heuristics as datatrove applies them (Rae et al. 2021, section A1.1).

Words are those of `characters`: punctuation marks are words, so they count in the ratios' denominators;
`min_words`, `max_words` and the mean length look only at words that are not all punctuation and symbols. Stop words
are those of the document's language (`stop_words`); in a language without a list the rule is met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.filter.rules import Columns, Rule, at_least, at_most
from tasks.node import Config as NodeConfig

if TYPE_CHECKING:
    import numpy as np


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = 50
    max_words: int | None = 100_000
    min_mean_word_length: float | None = 3
    max_mean_word_length: float | None = 10
    max_hash_ratio: float | None = 0.1  # '#' per word
    max_ellipsis_ratio: float | None = 0.1  # '...' and '…' per word
    max_bullet_lines: float | None = 0.9  # share of lines that start with '•' or '-'
    max_ellipsis_lines: float | None = 0.3  # share of lines that end in an ellipsis
    min_alphabetic_words: float | None = 0.8  # share of words that hold a letter
    min_stop_words: int | None = 2  # distinct ones; in English of: the be to of and that have with


def listed_stop_words(columns: Columns, config: Any) -> np.ndarray:
    """The stop words found; infinitely many in a language without a list."""
    import numpy as np

    found = columns["stop_words"].astype("float64")
    return np.where(found < 0, np.inf, found)


RULES = (
    at_least("min_words", "real_words"),
    at_most("max_words", "real_words"),
    at_least("min_mean_word_length", "mean_word_length"),
    at_most("max_mean_word_length", "mean_word_length"),
    at_most("max_hash_ratio", "hash_ratio"),
    at_most("max_ellipsis_ratio", "ellipsis_ratio"),
    at_most("max_bullet_lines", "bullet_line_ratio"),
    at_most("max_ellipsis_lines", "ellipsis_line_ratio"),
    at_least("min_alphabetic_words", "alphabetic_word_ratio"),
    Rule("min_stop_words", "stop_words", "min", measure=listed_stop_words),
)
