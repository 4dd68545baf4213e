"""Marks inside running text that the edits take out: control characters, and Wikipedia's citations.

Bytes in, edits out: (start, end, replacement), in order and apart from each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal

from tasks.filter.editing.candidates import matches_at

Edit = tuple[int, int, bytes]

# Control characters (Unicode's Cc) but for tab, line feed and carriage return, and the byte order mark, which
# only the beginning of a file has a use for. A terminal's escape sequence is one mark, ESC or U+009B and all.
_ESCAPE = rb"(?:\x1b\[|\xc2\x9b)[0-?]{0,32}[ -/]{0,8}[@-~]"
_MARK = rb"(?:" + _ESCAPE + rb"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xef\xbb\xbf)"
CONTROL = re.compile(_MARK + rb"++")
# What `str.splitlines` takes for the end of a line becomes one; other separators become a space.
_SEPARATORS = {b"\x0b": b"\n", b"\x0c": b"\n", b"\x1c": b"\n", b"\x1d": b"\n", b"\x1e": b"\n", b"\xc2\x85": b"\n",
               b"\x1f": b" "}  # fmt: skip
_SEPARATOR = re.compile(rb"|".join(_SEPARATORS))

# datatrove's pattern of C4's "citation markers, as on Wikipedia" (its C4 filter, which FineWeb uses), with the
# case of "edit" left open.
CITATION = re.compile(rb"\[(?:\d*|[Ee]dit|[Cc]itation needed)\]")
_NUMBERED = re.compile(rb"\[\d{1,3}\]")
_SENTENCE_ENDS = b".,;!?"
_APART = (b"", b" ", b"\t", b"\n", b"\r", b"(", b"[")  # before a marker that belongs to no word
MIN_CITATIONS = 2  # numbered markers behind sentence marks that make a text one with citations


def control_edits(text: bytes, starts: Iterable[int]) -> Iterator[Edit]:
    """The runs of control characters that begin at `starts`, and what they become."""
    for found in matches_at(CONTROL, text, starts):
        yield *found.span(), b"".join(map(_SEPARATORS.__getitem__, _SEPARATOR.findall(found[0])))


def is_cited(text: bytes) -> bool:
    """Whether a text has citations: MIN_CITATIONS numbers of up to three digits in brackets behind a sentence mark
    and a letter, closing bracket or quote ("in 1867.[3]"), which no programming language writes."""
    close = (True for match in _NUMBERED.finditer(text) if _follows_sentence(text, match.start()))
    return len(list(islice(close, MIN_CITATIONS))) == MIN_CITATIONS


def citation_edits(
    text: bytes, starts: Iterable[int], mode: Literal["careful", "all"], cited: bool | None = None
) -> list[Edit]:
    """The citation markers that begin at `starts`.

    mode: "all" takes every marker, as datatrove does, and the subscripts of a program with them. "careful" takes
    `[edit]` and `[citation needed]`, and in a text that is cited (`is_cited`, asked for if not given) numbers of up
    to three digits where they follow a word or a sentence mark directly.
    """
    found = [match for start in starts if (match := CITATION.match(text, start))]
    if mode == "careful" and found:
        if cited is None:
            cited = is_cited(text)
        ends: set[int] = set()  # of the markers that go; in order: one may follow another
        kept = []
        for match in found:
            if _NUMBERED.fullmatch(match[0]):
                before = text[max(0, match.start() - 1) : match.start()]
                goes = cited and (match.start() in ends if before == b"]" else before not in _APART)
            else:
                goes = not match[0][1:2].isdigit() and len(match[0]) > 2
            if goes:
                ends.add(match.end())
                kept.append(match)
        found = kept
    return [(match.start(), match.end(), b"") for match in found]


def _follows_sentence(text: bytes, start: int) -> bool:
    """Whether a sentence mark stands before `start`, and the end of a word, bracket or quote before that."""
    if start < 2 or text[start - 1] not in _SENTENCE_ENDS:
        return False
    before = text[start - 2]
    return before >= 0x80 or chr(before).isalnum() or before in b")\"'"
