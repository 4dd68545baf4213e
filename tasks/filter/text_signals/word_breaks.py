"""Word breaks of Unicode's annex 29, which DCLM's n-grams are taken over: classes of code points.

From Unicode's categories and names, with the annex's own lists of mid-word marks; Hebrew's double quote, flags,
emoji and the narrow no-break space (whitespace here) are left out, because only words that start with a letter or a number are looked at. Ideographs,
Hiragana and the letters of scripts without spaces (Thai, Lao, Khmer, Myanmar) are words one by one.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

from tasks.filter.text_signals.characters import TABLE_SIZE

CLASSES = OTHER, LETTER, NUMBER, KATAKANA, JOINER, EXTEND, MID_LETTER, MID_NUMBER, MID_BOTH = tuple(range(9))

_MID_LETTER = frozenset(":··՟״‧︓﹕：")
_MID_NUMBER = frozenset(",;;։،؍٬߸⁄︐︔﹐﹔，；")
_MID_BOTH = frozenset(".'‘’․﹒＇．")
_ONE_BY_ONE = (
    "CJK", "HIRAGANA", "THAI", "LAO", "KHMER", "MYANMAR", "TAI", "AHOM", "NUSHU", "TANGUT", "KHITAN",
)  # fmt: skip


def break_class(character: str) -> int:
    """The class of a character."""
    category = unicodedata.category(character)
    for marks, found in ((_MID_LETTER, MID_LETTER), (_MID_NUMBER, MID_NUMBER), (_MID_BOTH, MID_BOTH)):
        if character in marks:
            return found
    if category == "Nd" or character == "٫":
        return NUMBER
    if category == "Pc":
        return JOINER
    if category[0] == "M" or (category == "Cf" and character != "\u200b"):
        return EXTEND
    if category[0] == "L" or category == "Nl":
        name = unicodedata.name(character, "")
        if "KATAKANA" in name:
            return KATAKANA
        return OTHER if name.startswith(_ONE_BY_ONE) else LETTER
    return OTHER


@cache
def break_table() -> Any:
    """The class of each code point below TABLE_SIZE, uint8; what lies beyond is OTHER."""
    import numpy as np

    return np.array([break_class(chr(cp)) for cp in range(TABLE_SIZE)], dtype=np.uint8)
