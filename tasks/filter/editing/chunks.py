"""A long text in pieces of bounded size that nothing which is edited reaches across.

Pieces end behind a newline. A line that is longer than a piece is cut between two words in lower case, where
no address, number, account, citation marker or escape sequence can be; where it has no such place, as a line of
digits only, anywhere: what stands there is then found from its beginning only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_TRIES = 1000  # spaces that are looked at from the end of a piece
_MARKER = 20  # bytes, more than "[citation needed]" has


@dataclass(frozen=True)
class Piece:
    """Bytes low to high of a text. line: where the line begins and ends that the piece is a part of, if it is."""

    low: int
    high: int
    line: tuple[int, int] | None = None


def of_text(text: bytes, size: int) -> Iterator[Piece]:
    """The pieces of a text, of at most `size` bytes, in order."""
    at = 0
    while at < len(text):
        end = len(text) if len(text) - at <= size else text.rfind(b"\n", at, at + size) + 1
        if end > at:
            yield Piece(at, end)
        else:
            stop = text.find(b"\n", at + size)
            line = (at, stop if stop >= 0 else len(text))
            end = at
            while end < line[1]:
                start, end = end, _cut(text, end, line[1], size)
                yield Piece(start, end, line)
        at = end


def _cut(text: bytes, start: int, stop: int, size: int) -> int:
    if stop - start <= size:
        return stop
    at = start + size
    for _ in range(_TRIES):
        at = text.rfind(b" ", start + 1, at)
        if at < 0:
            break
        between = text[at - 1 : at].islower() and text[at + 1 : at + 2].islower()
        if between and b"[" not in text[max(0, at - _MARKER) : at]:
            return at + 1
    at = start + size
    while at > start + 1 and text[at] & 0xC0 == 0x80:  # not within a character
        at -= 1
    return at
