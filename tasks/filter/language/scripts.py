"""Which script a letter belongs to, and in which scripts a language is written.

A letter's script is the first word of its Unicode name; Hiragana, Katakana and Han, which Japanese mixes, are
kept apart. The languages of `scripts.json` are those of lid.176 whose script is certain; a label that ends in an
ISO 15924 code (`eng_Latn`, as GlotLID's and NLLB's do) says its script itself. Languages that aren't listed may be in
any.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

_TABLES = json.loads(Path(__file__).with_name("scripts.json").read_bytes())
# ISO 15924 code -> first words of the names of its letters; the last is any other.
SCRIPTS: dict[str, str] = _TABLES["scripts"]
LANGUAGES: dict[str, str] = _TABLES["languages"]  # scripts -> lid.176's codes
_OTHER = len(SCRIPTS) - 1
NO_SCRIPT = 255  # not a letter
TABLE_SIZE = 0x33000
EVERY_SCRIPT = (1 << 64) - 1


@cache
def script_table() -> Any:
    """uint8 (TABLE_SIZE): each letter's script, as an index into SCRIPTS; NO_SCRIPT for what isn't a letter."""
    import numpy as np

    numbers = {word: n for n, words in enumerate(SCRIPTS.values()) for word in words.split()}
    found = np.full(TABLE_SIZE, NO_SCRIPT, dtype=np.uint8)
    for cp in range(TABLE_SIZE):
        if chr(cp).isalpha():
            first = unicodedata.name(chr(cp), "").partition(" ")[0]
            found[cp] = numbers.get(first, _OTHER)
    return found


def scripts_of(label: str) -> int:
    """The scripts that a language's text may be in, as bits in the order of SCRIPTS."""
    numbers = {code: n for n, code in enumerate(SCRIPTS)}
    _, _, named = label.rpartition("_")
    if named in numbers:
        return 1 << numbers[named]
    written = {
        script for scripts, codes in LANGUAGES.items() if label in codes.split() for script in scripts.split()
    }
    return sum(1 << numbers[script] for script in written) or EVERY_SCRIPT
