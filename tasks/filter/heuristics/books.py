"""Light rules for books: long enough, and made of letters in words of a usual length.

No published corpus of books gives rules of its own (Gopher applies its web rules to web text only); these look for
what goes wrong with scans and conversions: tables, marks instead of letters and, where it is turned on, running
heads on every page.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = 200
    min_alphabetic: float | None = 0.6  # share of letters among the characters that aren't whitespace
    min_mean_word_length: float | None = 3
    max_mean_word_length: float | None = 10
    max_duplicate_line_characters: float | None = None  # second and later copies; Gopher's web rule: 0.2


RULES = (
    at_least("min_words", "real_words"),
    at_least("min_alphabetic", "letter_ratio"),
    at_least("min_mean_word_length", "mean_word_length"),
    at_most("max_mean_word_length", "mean_word_length"),
    at_most("max_duplicate_line_characters", "duplicate_line_character_ratio"),
)
