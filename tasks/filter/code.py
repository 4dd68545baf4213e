"""Light rules for source code: StarCoder's line lengths and alphanumeric share (Li et al. 2023, 3.1)."""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off. Lengths are in characters."""

    min_characters: int | None = 50
    max_mean_line_length: float | None = 100
    max_line_length: int | None = 1000
    min_alphanumeric: float | None = 0.25  # share of characters


RULES = (
    at_least("min_characters", "characters"),
    at_most("max_mean_line_length", "mean_line_length"),
    at_most("max_line_length", "max_line_length"),
    at_least("min_alphanumeric", "alphanumeric_ratio"),
)
