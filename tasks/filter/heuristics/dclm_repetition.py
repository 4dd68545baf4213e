"""DCLM's massive-web repetition filters (Li et al. 2024; Rae et al. 2021, table A1, as DCLM counts).

All copies count, the first too. Lines (between newlines) and paragraphs (between two or more) are stripped, blank
ones left out, and their characters are held against those of all of them. N-grams are over the words of Unicode's
annex 29 that start with a letter or a number, and against the characters of these words: of the most frequent
n-grams the longest counts, if it occurs twice; a word in several duplicated n-grams counts once.
"""

from __future__ import annotations

from tasks.filter.heuristics import gopher_repetition
from tasks.filter.rules import at_least, at_most


class Config(gopher_repetition.Config):
    """Largest shares, table A1's; null turns a rule off."""

    min_lines: int | None = 1  # that aren't blank


RULES = (
    at_least("min_lines", "dclm_lines"),
    at_most("duplicate_lines", "dclm_duplicate_line_ratio"),
    at_most("duplicate_paragraphs", "dclm_duplicate_paragraph_ratio"),
    at_most("duplicate_line_characters", "dclm_duplicate_line_character_ratio"),
    at_most("duplicate_paragraph_characters", "dclm_duplicate_paragraph_character_ratio"),
    *(at_most(f"top_{n}gram", f"dclm_top_{n}gram_ratio") for n in (2, 3, 4)),
    *(at_most(f"duplicate_{n}grams", f"dclm_duplicate_{n}gram_ratio") for n in range(5, 11)),
)
