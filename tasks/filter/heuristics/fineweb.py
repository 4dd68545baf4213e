"""FineWeb's own rules, as datatrove applies them (Penedo et al. 2024, section 3.6).

Lines are separated by newlines, and blank ones don't count. Terminal punctuation is Unicode's
Sentence_Terminal property.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_lines: int | None = 1  # with anything but whitespace
    min_terminal_lines: float | None = 0.12  # share of lines that end in terminal punctuation
    max_short_lines: float | None = 0.67  # share of lines of at most 30 characters
    max_duplicate_line_characters: float | None = 0.01
    max_newlines_per_word: float | None = 0.3


RULES = (
    at_least("min_lines", "lines"),
    at_least("min_terminal_lines", "terminal_line_ratio"),
    at_most("max_short_lines", "short_line_ratio"),
    at_most("max_duplicate_line_characters", "repeated_line_character_ratio"),
    at_most("max_newlines_per_word", "newline_word_ratio"),
)
