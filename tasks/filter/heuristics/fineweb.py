"""FineWeb's own rules, as datatrove applies them (Penedo et al. 2024, section 3.6).

Lines are separated by newlines, and blank ones don't count. Terminal punctuation is Unicode's
Sentence_Terminal property.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most, rules_of
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_lines: int | None = at_least(1, "lines")  # with anything but whitespace
    min_terminal_lines: float | None = at_least(0.12, "terminal_line_ratio")  # share of the lines
    max_short_lines: float | None = at_most(0.67, "short_line_ratio")  # of at most 30 characters
    max_duplicate_line_characters: float | None = at_most(0.01, "repeated_line_character_ratio")
    max_newlines_per_word: float | None = at_most(0.3, "newline_word_ratio")


RULES = rules_of(Config)
