"""What the edits' fast pass looks for, in words of plain Python: kinds of places, and what a first word is.

`scan` is that pass. What a text holds is decided elsewhere (`lines`, `marks`, `pii`), at the places it names.
"""

from __future__ import annotations

import re

# Kinds of places; a text is asked for a set of them, as bits.
LINE, CITATION, CONTROL, EMAIL, PHONE, CARD, IPV4, IPV6, IBAN = range(9)
ALL_LINES_BIT = 15  # ... and this one for every line

SHORT_LINE = 200  # bytes; longer lines are no boilerplate
COOKIE_WORD, JAVASCRIPT_WORD = b"cookie", b"javascript"
POLICIES = (b"privacy policy", b"terms of use")


_FIRST_WORD = re.compile(
    rb"(?:\xc2.|\xe2..|[^A-Za-z\x80-\xff])*+((?:[A-Za-z\x80-\xc1\xc3-\xe1\xe3-\xff])*+)", re.DOTALL
)


def first_word(line: bytes) -> bytes:
    """The first word of a line, ASCII letters in lower case: the bytes from the first letter to the last.

    ASCII letters and the bytes of other characters make words, but for those of Latin-1's and General
    Punctuation's blocks (first bytes C2 and E2), such as `·`, `»`, `…` and curly quotes.
    """
    found = _FIRST_WORD.match(line)
    return found[1].lower() if found else b""
