"""The repetition heuristics of the Gopher paper itself (Rae et al. 2021, table A1, of its corpus MassiveText).

Of lines and paragraphs the duplicates count: second and later copies. Of n-grams, words between whitespace, the
paper counts "all duplicate n-grams" and no character twice: here every copy, against the characters of all words.
"""

from __future__ import annotations

from tasks.filter.heuristics import gopher_repetition
from tasks.filter.rules import at_most


class Config(gopher_repetition.Config):
    """Largest shares, table A1's; null turns a rule off."""


RULES = (
    at_most("duplicate_lines", "duplicate_line_ratio"),
    at_most("duplicate_paragraphs", "duplicate_paragraph_ratio"),
    at_most("duplicate_line_characters", "duplicate_line_character_ratio"),
    at_most("duplicate_paragraph_characters", "duplicate_paragraph_character_ratio"),
    *(at_most(f"top_{n}gram", f"split_top_{n}gram_ratio") for n in (2, 3, 4)),
    *(at_most(f"duplicate_{n}grams", f"split_duplicate_{n}gram_ratio") for n in range(5, 11)),
)
