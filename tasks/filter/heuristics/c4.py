"""C4's document rules (Raffel et al. 2020, section 2.2) without its edits, in FineWeb's setting.

C4 removes lines and then looks at what is left. Here no line is removed: lines that C4 would remove (a word
over 1,000 characters, fewer than three words, "javascript", a policy phrase) don't count as sentences, and
"lorem ipsum" and the curly bracket are looked for in the lines that C4 would have reached. As in FineWeb, a
line need not end in a punctuation mark. The texts come here after the edits of `filter-edits`: what one of them
took counts nowhere; a line with "javascript" or a policy phrase counted for no sentence here before either.
"""

from __future__ import annotations

from tasks.filter.rules import at_least, at_most, rules_of
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off."""

    max_lorem_ipsum_lines: int | None = at_most(0, "c4_lorem_ipsum_lines")
    max_curly_bracket_lines: int | None = at_most(0, "c4_curly_bracket_lines")
    min_sentences: int | None = at_least(5, "c4_sentences")


RULES = rules_of(Config)
