"""DCLM's RefinedWeb-style page rules (Li et al. 2024, section 4.2 and appendix), URLs, edits and models aside.

Words stand between whitespace. `min_words` and `max_words` count those that start with a letter or a number;
every other ratio has all words below the line. Stop words are Gopher's eight, in small or large letters, counted
each time they stand there. Lines are stripped, and blank ones don't count. DCLM's rule on the share of words that
its line edits remove needs those edits, and isn't here.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most, rules_of
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = at_least(50, "dclm_words")
    max_words: int | None = at_most(100_000, "dclm_words")
    min_mean_word_length: float | None = at_least(3, "mean_split_word_length")  # with the marks at its ends
    max_mean_word_length: float | None = at_most(10, "mean_split_word_length")
    max_symbol_ratio: float | None = at_most(0.1, "dclm_symbol_ratio")  # '#', '...', '. . .', '…', per word
    max_bullet_lines: float | None = at_most(0.9, "dclm_bullet_line_ratio")  # start with '●', '•', '*', '-'
    max_ellipsis_lines: float | None = at_most(0.3, "dclm_ellipsis_line_ratio")  # end in '...', '. . .', '…'
    min_alphabetic_words: float | None = at_least(0.8, "split_alphabetic_word_ratio")  # that hold a letter
    min_stop_words: int | None = at_least(2, "split_stop_words")


RULES = rules_of(Config)
