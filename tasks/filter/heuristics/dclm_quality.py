"""DCLM's RefinedWeb-style page rules (Li et al. 2024, section 4.2 and appendix), URLs, edits and models aside.

Words stand between whitespace. `min_words` and `max_words` count those that start with a letter or a number;
every other ratio has all words below the line. Stop words are Gopher's eight, in small or large letters, counted
each time they stand there. Lines are stripped, and blank ones don't count. DCLM's rule on the share of words that
its line edits remove needs those edits, and isn't here.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = 50
    max_words: int | None = 100_000
    min_mean_word_length: float | None = 3  # characters, marks at a word's ends among them
    max_mean_word_length: float | None = 10
    max_symbol_ratio: float | None = 0.1  # '#', '...', '. . .' and '…' together, per word
    max_bullet_lines: float | None = 0.9  # share of lines that start with '●', '•', '*' or '-'
    max_ellipsis_lines: float | None = 0.3  # share of lines that end in '...', '. . .' or '…'
    min_alphabetic_words: float | None = 0.8  # share of words that hold a letter
    min_stop_words: int | None = 2


RULES = (
    at_least("min_words", "dclm_words"),
    at_most("max_words", "dclm_words"),
    at_least("min_mean_word_length", "mean_split_word_length"),
    at_most("max_mean_word_length", "mean_split_word_length"),
    at_most("max_symbol_ratio", "dclm_symbol_ratio"),
    at_most("max_bullet_lines", "dclm_bullet_line_ratio"),
    at_most("max_ellipsis_lines", "dclm_ellipsis_line_ratio"),
    at_least("min_alphabetic_words", "split_alphabetic_word_ratio"),
    at_least("min_stop_words", "split_stop_words"),
)
