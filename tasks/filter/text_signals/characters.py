"""Code-point classes, and what a word is.

A chunk is what stands between whitespace (`str.isspace`). Within a chunk, in this order:

1. Edge marks (brackets, quotes, sentence marks, dashes – and —, currency, icons, `_ = < > ``; but none of
   `/ \\ @ - | ~ + ^`) at its start and end are words of their own, one each; two or more full stops are one.
2. A core that starts with letters and `://`, or with `www.`, stays one word.
3. An apostrophe and the one or two letters after it at the core's end are a word, `n't` with its n
   (it|'s, they|'ll, do|n't).
4. The core is cut around: a hyphen or dash run between letters; a comma between letters; one of `: < > = /`
   between a letter or digit and a letter; one of `+ - * ^` between digits; a full stop between a small and a
   capital letter; an ellipsis (`…`, or two or more full stops). The mark is a word of its own.

All the rest stays together: 3.14, 1,000, os.path, AT&T, O'Brien. This follows what spaCy's English tokenizer
(datatrove's) does with running text, in linear time and without its exceptions ("e.g." is two words here).
Punctuation marks are words: datatrove counts them in the denominator of its ratios. A word's length is in
code points.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

CLASSES = SPACE, LETTER, DIGIT, EDGE, SYMBOL, LOWER, UPPER, TERMINAL = tuple(1 << bit for bit in range(8))
TABLE_SIZE = 0x33000  # beyond lie tags, variation selectors and private use: symbols

_NOT_EDGE = frozenset("/\\@°")
_MORE_EDGES = frozenset("_=<>`´–—")

# Unicode's Sentence_Terminal property, as ranges of code points.
_SENTENCE_TERMINAL = (
    "21 2e 3f 589 61d-61f 6d4 700-702 7f9 837 839 83d-83e 964-965 104a-104b 1362 1367-1368 166e "
    "1735-1736 17d4-17d6 17d9-17da 1803 1809 1944-1945 1aa8-1aab 1b5a-1b5b 1b5e-1b5f 1b7d-1b7e "
    "1c3b-1c3c 1c7e-1c7f 203c-203d 2047-2049 2e2e 2e3c 2e53-2e54 3002 a4ff a60e-a60f a6f3 a6f7 "
    "a876-a877 a8ce-a8cf a92f a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb fe52 fe56-fe57 ff01 ff0e ff1f ff61 "
    "10a56-10a57 10f55-10f59 10f86-10f89 11047-11048 110be-110c1 11141-11143 111c5-111c6 111cd "
    "111de-111df 11238-11239 1123b-1123c 112a9 1144b-1144c 115c2-115c3 115c9-115d7 11641-11642 "
    "1173c-1173e 11944 11946 11a42-11a43 11a9b-11a9c 11c41-11c42 11ef7-11ef8 11f43-11f44 16a6e-16a6f "
    "16af5 16b37-16b38 16b44 16e98 1bc9f 1da88"
)


@cache
def sentence_terminals() -> frozenset[str]:
    """The characters that end a sentence in some script."""
    spans = [item.split("-") for item in _SENTENCE_TERMINAL.split()]
    return frozenset(chr(cp) for span in spans for cp in range(int(span[0], 16), int(span[-1], 16) + 1))


def flags(character: str) -> int:
    """The classes of a character, as an 8-bit mask."""
    if ord(character) >= TABLE_SIZE:
        return SYMBOL
    category = unicodedata.category(character)
    found = SPACE * character.isspace() | TERMINAL * (character in sentence_terminals())
    if category[0] in "PSC":
        found |= SYMBOL
        if category in ("Ps", "Pe", "Pi", "Pf", "Po", "Sc", "So") and character not in _NOT_EDGE:
            found |= EDGE
        if character in _MORE_EDGES:
            found |= EDGE
    if category[0] == "L":
        found |= LETTER | LOWER * (category == "Ll") | UPPER * (category == "Lu")
    if category[0] == "N":
        found |= DIGIT
    return found


@cache
def table() -> Any:
    """The classes of the code points below TABLE_SIZE, uint8. They depend on Python's Unicode version."""
    import numpy as np

    return np.array([flags(chr(cp)) for cp in range(TABLE_SIZE)], dtype=np.uint8)
