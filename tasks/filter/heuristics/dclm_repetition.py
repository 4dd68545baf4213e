"""DCLM's massive-web repetition filters (Li et al. 2024; Rae et al. 2021, table A1, as DCLM counts).

All copies count, the first too. Lines (between newlines) and paragraphs (between two or more) are stripped, blank
ones left out, and their characters are held against those of all of them. N-grams are over the words of Unicode's
annex 29 that start with a letter or a number, and against the characters of these words: of the most frequent
n-grams the longest counts, if it occurs twice; a word in several duplicated n-grams counts once.
"""

from __future__ import annotations

from tasks.filter.heuristics import gopher_repetition
from tasks.filter.rules import Rule


class Config(gopher_repetition.Config):
    """Largest shares, table A1's; null turns a rule off."""

    min_lines: int | None = 1  # that aren't blank


RULES = (
    Rule("min_lines", "dclm_lines", "min"),
    *(gopher_repetition.share_rule(key, "dclm_") for key in gopher_repetition.Config.model_fields),
)
