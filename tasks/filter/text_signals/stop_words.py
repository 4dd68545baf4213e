"""Stop words by language: frequent function words, which running text can't do without.

Gopher asks for two of eight English ones; FineWeb-2 (Penedo et al. 2025) asks the same of each language with
words of its own. The lists of `stop_words.json` are of articles, prepositions, conjunctions, pronouns and auxiliaries,
in small letters, as they stand between spaces; English's are Gopher's eight. Languages that are written without
spaces have none, and the rule leaves them alone.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

SLOTS = 256  # of a language's table
UNLISTED = -1  # the count of stop words in a language without a list

# Language -> its words, between spaces.
STOP_WORDS: dict[str, str] = json.loads(Path(__file__).with_name("stop_words.json").read_bytes())


def rows(languages: Any) -> Any:
    """The row of `tables` of each language, int64; null counts as English, the last row is of unlisted ones."""
    import numpy as np

    numbers = {code: n for n, code in enumerate(STOP_WORDS)}
    return np.array([numbers.get(code or "en", len(numbers)) for code in languages], dtype=np.int64)


@cache
def tables() -> Any:
    """Tables (`tasks.text.key_table`), uint64 and int64 (languages + 1, SLOTS): the hashes of stop words, and each
    word's number within its language. The last row is empty: of languages without a list.
    """
    import numpy as np

    from tasks.text import fnv1a, key_table, murmur_mixed_plainly

    keys = np.zeros((len(STOP_WORDS) + 1, SLOTS), dtype=np.uint64)
    numbers = np.zeros((len(STOP_WORDS) + 1, SLOTS), dtype=np.int64)
    for row, words in enumerate(STOP_WORDS.values()):
        found = dict.fromkeys(words.split())
        keys[row], places = key_table((murmur_mixed_plainly(fnv1a(map(ord, word))) for word in found), SLOTS)
        numbers[row, places] = range(len(found))
    return keys, numbers
