"""DCLM's rule on what its line edits leave of a page (Li et al. 2024, after RefinedWeb: Penedo et al. 2023).

A page of which the edits take more than a twentieth of the words goes as a whole: what is left of it is likely to be
in pieces. Words stand between whitespace and start with a letter or a number. The edits are those that
`filter-edits` is told to make; DCLM's own are options there (`lines`). DCLM judges a page by all its other rules
before the edits, here the edited text is judged.
"""

from __future__ import annotations

from tasks.filter.rules import at_most, rules_of
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    max_removed_words: float | None = at_most(0.05, "removed_word_ratio")  # of the words before the edits


RULES = rules_of(Config)
