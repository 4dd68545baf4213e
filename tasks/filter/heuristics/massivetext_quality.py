"""The quality heuristics of the Gopher paper itself (Rae et al. 2021, appendix A.1.1, of its corpus MassiveText).

Words stand between whitespace, marks and all: the paper names no tokenizer. The hash and the ellipsis are held
against the words one by one. Stop words are the paper's eight, in small or large letters; two different ones have
to be there.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most, rules_of
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = at_least(50, "split_words")
    max_words: int | None = at_most(100_000, "split_words")
    min_mean_word_length: float | None = at_least(3, "mean_split_word_length")
    max_mean_word_length: float | None = at_most(10, "mean_split_word_length")
    max_hash_ratio: float | None = at_most(0.1, "split_hash_ratio")
    max_ellipsis_ratio: float | None = at_most(0.1, "split_ellipsis_ratio")
    max_bullet_lines: float | None = at_most(0.9, "bullet_line_ratio")
    max_ellipsis_lines: float | None = at_most(0.3, "ellipsis_line_ratio")
    min_alphabetic_words: float | None = at_least(0.8, "split_alphabetic_word_ratio")
    min_stop_words: int | None = at_least(2, "distinct_split_stop_words")


RULES = rules_of(Config)
