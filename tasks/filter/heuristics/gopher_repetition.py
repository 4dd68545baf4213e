"""Gopher's repetition heuristics as datatrove counts them (Rae et al. 2021, table A1).

Second and later copies count, not the first. Lines are separated by runs of newlines, paragraphs by two or
more; characters are counted against the whole text. The most frequent n-gram's characters count as often as
it occurs, overlaps included; a duplicated n-gram is counted once and then skipped over.
"""

from __future__ import annotations

from tasks.filter.rules import at_most
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


RULES = (
    at_most("duplicate_paragraphs", "duplicate_paragraph_ratio"),
    at_most("duplicate_paragraph_characters", "duplicate_paragraph_character_ratio"),
    at_most("duplicate_lines", "duplicate_line_ratio"),
    at_most("duplicate_line_characters", "duplicate_line_character_ratio"),
    *(at_most(f"top_{n}gram", f"top_{n}gram_ratio") for n in (2, 3, 4)),
    *(at_most(f"duplicate_{n}grams", f"duplicate_{n}gram_ratio") for n in range(5, 11)),
)
