"""Rules for source code, from The Stack's pipelines.

Line lengths and the alphanumeric share are StarCoder's (Li et al. 2023, section 3.1), and so is the XML
declaration in the first 100 characters. StarCoder2 (Lozhkov et al. 2024, section 3) adds the number of lines, the
share of letters, markers of generated files in the first five lines, and encoded data: runs of 64 characters of
base 64, of 8 two-digit hexadecimal numbers or of 8 `\\uXXXX`, at most 1,024 characters long and half of the file.

Both have rules for single languages, which are `LANGUAGES` here: thresholds for the documents of a language, as
`filter.languages` has them, under linguist's names.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most, rules_of
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off. Lengths are in characters."""

    min_characters: int | None = at_least(50, "characters")
    max_characters: int | None = at_most(None, "characters")
    max_lines: int | None = at_most(100_000, "split_lines")
    max_mean_line_length: float | None = at_most(100, "mean_line_length")
    max_line_length: int | None = at_most(1000, "max_line_length")
    min_alphanumeric: float | None = at_least(0.25, "alphanumeric_ratio")  # share of characters
    min_alphabetic: float | None = at_least(0.25, "alphabetic_ratio")  # share of characters
    max_generated_markers: int | None = at_most(0, "generated_markers")
    max_xml_headers: int | None = at_most(0, "xml_headers")
    max_encoded: float | None = at_most(0.5, "encoded_ratio")  # share of characters
    max_encoded_length: int | None = at_most(1024, "longest_encoded")
    min_html_text: float | None = at_least(None, "html_text_ratio")  # that a browser would show
    min_html_text_characters: int | None = at_least(None, "html_text_characters")


RULES = rules_of(Config)

_Thresholds = dict[str, float | None]
# StarCoder2: lines of markup and prose may be long, and are data from 100,000 characters on.
_LONG_LINES: _Thresholds = {"max_mean_line_length": None, "max_line_length": 100_000}
_MOST_LINES: _Thresholds = {"max_lines": 512}  # StarCoder2's, of formats that hold data
# StarCoder: 50 to 5,000 characters, more than half of them letters.
_DATA: _Thresholds = {"max_characters": 5000, "min_alphabetic": 0.5}
# Few letters by nature; the share of letters and digits still counts.
_FEW_LETTERS: _Thresholds = {"min_alphabetic": None}
# An XML declaration in another language's file is a mistake.
_IS_XML: _Thresholds = {"max_xml_headers": None}
_HTML_TEXT: _Thresholds = {"min_html_text": 0.2, "min_html_text_characters": 100}
_BY_LANGUAGE: dict[str, _Thresholds] = {
    "HTML": _LONG_LINES | _HTML_TEXT,
    "JSON": _DATA | _MOST_LINES | _LONG_LINES,
    "YAML": _DATA | _MOST_LINES,
    "Text": _MOST_LINES | _LONG_LINES,
    "Web Ontology Language": _MOST_LINES,
    "Graphviz (DOT)": _MOST_LINES,
    **dict.fromkeys(("Markdown", "Roff", "Roff Manpage", "SMT", "TeX"), _LONG_LINES),
    "XML": _LONG_LINES | _IS_XML,
    "XSLT": _IS_XML,
    **dict.fromkeys(("Assembly", "Motorola 68K Assembly", "WebAssembly"), _FEW_LETTERS),
}
LANGUAGES: dict[str, dict[str, _Thresholds]] = {
    name: {"code": bounds} for name, bounds in _BY_LANGUAGE.items()
}
