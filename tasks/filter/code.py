"""Rules for source code, from The Stack's pipelines.

Line lengths and the alphanumeric share are StarCoder's (Li et al. 2023, section 3.1), and so is the XML
declaration in the first 100 characters. StarCoder2 (Lozhkov et al. 2024, section 3) adds the number of lines, the
share of letters, markers of generated files in the first five lines, and encoded data: runs of 64 characters of
base 64, of 8 two-digit hexadecimal numbers or of 8 `\\uXXXX`, at most 1,024 characters long and half of the file.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off. Lengths are in characters."""

    min_characters: int | None = 50
    max_lines: int | None = 100_000
    max_mean_line_length: float | None = 100
    max_line_length: int | None = 1000
    min_alphanumeric: float | None = 0.25  # share of characters
    min_alphabetic: float | None = 0.25  # share of characters
    max_generated_markers: int | None = 0
    max_xml_headers: int | None = 0
    max_encoded: float | None = 0.5  # share of characters
    max_encoded_length: int | None = 1024


RULES = (
    at_least("min_characters", "characters"),
    at_most("max_lines", "split_lines"),
    at_most("max_mean_line_length", "mean_line_length"),
    at_most("max_line_length", "max_line_length"),
    at_least("min_alphanumeric", "alphanumeric_ratio"),
    at_least("min_alphabetic", "alphabetic_ratio"),
    at_most("max_generated_markers", "generated_markers"),
    at_most("max_xml_headers", "xml_headers"),
    at_most("max_encoded", "encoded_ratio"),
    at_most("max_encoded_length", "longest_encoded"),
)
