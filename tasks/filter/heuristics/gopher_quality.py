"""Gopher's quality heuristics as datatrove applies them (Rae et al. 2021, section A1.1).

Words are those of `characters`: punctuation marks are words, so they count in the ratios' denominators;
`min_words`, `max_words` and the mean length look only at words that are not all punctuation and symbols. Stop words
are those of the document's language (`stop_words`); in a language without a list the rule is met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.filter.rules import Columns, Rule, at_least, at_most, rules_of
from tasks.node import Config as NodeConfig

if TYPE_CHECKING:
    import numpy as np


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = at_least(50, "real_words")
    max_words: int | None = at_most(100_000, "real_words")
    min_mean_word_length: float | None = at_least(3, "mean_word_length")
    max_mean_word_length: float | None = at_most(10, "mean_word_length")
    max_hash_ratio: float | None = at_most(0.1, "hash_ratio")  # '#' per word
    max_ellipsis_ratio: float | None = at_most(0.1, "ellipsis_ratio")  # '...' and '…' per word
    max_bullet_lines: float | None = at_most(0.9, "bullet_line_ratio")  # that start with '•' or '-'
    max_ellipsis_lines: float | None = at_most(0.3, "ellipsis_line_ratio")
    min_alphabetic_words: float | None = at_least(0.8, "alphabetic_word_ratio")
    min_stop_words: int | None = 2  # distinct ones; in English of: the be to of and that have with


def listed_stop_words(columns: Columns, config: Any) -> np.ndarray:
    """The stop words found; infinitely many in a language without a list."""
    import numpy as np

    found = columns["stop_words"].astype("float64")
    return np.where(found < 0, np.inf, found)


RULES = (*rules_of(Config), Rule("min_stop_words", "stop_words", "min", measure=listed_stop_words))
