"""Light rules for books: long enough, and made of letters."""

from __future__ import annotations

from tasks.filter.rules import at_least
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = 200
    min_alphabetic: float | None = 0.6  # share of letters among the characters that aren't whitespace


RULES = (
    at_least("min_words", "real_words"),
    at_least("min_alphabetic", "letter_ratio"),
)
