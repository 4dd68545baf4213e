"""The quality heuristics of the Gopher paper itself (Rae et al. 2021, appendix A.1.1, of its corpus MassiveText).

Words stand between whitespace, marks and all: the paper names no tokenizer. The hash and the ellipsis are held
against the words one by one. Stop words are the paper's eight, in small or large letters; two different ones have
to be there.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    min_words: int | None = 50
    max_words: int | None = 100_000
    min_mean_word_length: float | None = 3
    max_mean_word_length: float | None = 10
    max_hash_ratio: float | None = 0.1
    max_ellipsis_ratio: float | None = 0.1
    max_bullet_lines: float | None = 0.9
    max_ellipsis_lines: float | None = 0.3
    min_alphabetic_words: float | None = 0.8
    min_stop_words: int | None = 2


RULES = (
    at_least("min_words", "split_words"),
    at_most("max_words", "split_words"),
    at_least("min_mean_word_length", "mean_split_word_length"),
    at_most("max_mean_word_length", "mean_split_word_length"),
    at_most("max_hash_ratio", "split_hash_ratio"),
    at_most("max_ellipsis_ratio", "split_ellipsis_ratio"),
    at_most("max_bullet_lines", "bullet_line_ratio"),
    at_most("max_ellipsis_lines", "ellipsis_line_ratio"),
    at_least("min_alphabetic_words", "split_alphabetic_word_ratio"),
    at_least("min_stop_words", "distinct_split_stop_words"),
)
