"""Light rules for books: long enough, and made of letters in words of a usual length.

No published corpus of books gives rules of its own (Gopher applies its web rules to web text only); these look for
what goes wrong with scans and conversions: tables, marks instead of letters and, where it is turned on, running
heads on every page.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most, rules_of
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = at_least(200, "real_words")
    min_alphabetic: float | None = at_least(0.6, "letter_ratio")  # among what isn't whitespace
    min_mean_word_length: float | None = at_least(3, "mean_word_length")
    max_mean_word_length: float | None = at_most(10, "mean_word_length")
    # Second and later copies; Gopher's web rule: 0.2.
    max_duplicate_line_characters: float | None = at_most(None, "duplicate_line_character_ratio")


RULES = rules_of(Config)
