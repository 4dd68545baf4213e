"""What the edits' fast pass looks for, in words of plain Python: kinds of places, what a first word is, what stands
at places.

`scan` is that pass. What a text holds is decided elsewhere (`lines`, `marks`, `pii`), at the places it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

Spans = Iterable[tuple[int, int]]

# Kinds of places; a text is asked for a set of them, as bits.
LINE, CITATION, CONTROL, EMAIL, PHONE, CARD, IPV4, IPV6, IBAN = range(9)
ALL_LINES_BIT = 15  # ... and this one for every line

SHORT_LINE = 200  # bytes; longer lines are no boilerplate
COOKIE_WORD, JAVASCRIPT_WORD = b"cookie", b"javascript"
POLICIES = (b"privacy policy", b"terms of use")


def matches_at(pattern: re.Pattern[bytes], text: bytes, starts: Iterable[int]) -> Iterator[re.Match[bytes]]:
    """What a pattern finds at these places, in order, and not within another finding."""
    done = 0
    for start in starts:
        if start >= done and (found := pattern.match(text, start)):
            done = found.end()
            yield found


def matches_in(pattern: re.Pattern[bytes], text: bytes, places: Spans) -> Iterator[re.Match[bytes]]:
    """What a pattern finds that begins within the places."""
    for low, high in places:
        for found in pattern.finditer(text, low, min(high + 2, len(text))):
            if found.start() < high:
                yield found


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
