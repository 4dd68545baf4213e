"""Gopher's repetition heuristics as datatrove counts them (Rae et al. 2021, table A1).

Second and later copies count, not the first. Lines are separated by runs of newlines, paragraphs by two or
more; characters are counted against the whole text. The most frequent n-gram's characters count as often as
it occurs, overlaps included; a duplicated n-gram is counted once and then skipped over.
"""

from __future__ import annotations

from tasks.filter.rules import Rule
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Largest shares; null turns a rule off."""

    duplicate_lines: float | None = 0.30
    duplicate_paragraphs: float | None = 0.30
    duplicate_line_characters: float | None = 0.20
    duplicate_paragraph_characters: float | None = 0.20
    top_2gram: float | None = 0.20
    top_3gram: float | None = 0.18
    top_4gram: float | None = 0.16
    duplicate_5grams: float | None = 0.15
    duplicate_6grams: float | None = 0.14
    duplicate_7grams: float | None = 0.13
    duplicate_8grams: float | None = 0.12
    duplicate_9grams: float | None = 0.11
    duplicate_10grams: float | None = 0.10


def share_rule(key: str, prefix: str = "") -> Rule:
    """The rule of a threshold, whose signal is called as the threshold is."""
    return Rule(key, f"{prefix}{key.removesuffix('s')}_ratio", "max")


_FIRST = ("duplicate_paragraphs", "duplicate_paragraph_characters")
RULES = tuple(share_rule(key) for key in dict.fromkeys((*_FIRST, *Config.model_fields)))
