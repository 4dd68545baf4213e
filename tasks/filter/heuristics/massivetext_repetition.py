"""The repetition heuristics of the Gopher paper itself (Rae et al. 2021, table A1, of its corpus MassiveText).

Of lines and paragraphs the duplicates count: second and later copies. Of n-grams, words between whitespace, the
paper counts "all duplicate n-grams" and no character twice: here every copy, against the characters of all words.
"""

from __future__ import annotations

from tasks.filter.heuristics.gopher_repetition import Config as Shares
from tasks.filter.heuristics.gopher_repetition import share_rule


class Config(Shares):
    """Largest shares, table A1's; null turns a rule off."""


RULES = tuple(share_rule(key, "split_" if "gram" in key else "") for key in Config.model_fields)
