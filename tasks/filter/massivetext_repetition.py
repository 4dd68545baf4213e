"""The repetition heuristics of the Gopher paper itself (Rae et al. 2021, table A1, of its corpus MassiveText).

Of lines and paragraphs the duplicates count: second and later copies. Of n-grams, words between whitespace, the
paper counts "all duplicate n-grams" and no character twice: here every copy, against the characters of all words.
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
    at_most("duplicate_lines", "duplicate_line_ratio"),
    at_most("duplicate_paragraphs", "duplicate_paragraph_ratio"),
    at_most("duplicate_line_characters", "duplicate_line_character_ratio"),
    at_most("duplicate_paragraph_characters", "duplicate_paragraph_character_ratio"),
    *(at_most(f"top_{n}gram", f"split_top_{n}gram_ratio") for n in (2, 3, 4)),
    *(at_most(f"duplicate_{n}grams", f"split_duplicate_{n}gram_ratio") for n in range(5, 11)),
)
