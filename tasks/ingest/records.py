"""WARC records out of a byte stream, every byte accounted for.

A reader that trusts Content-Length loses what follows a wrong one. Here a record counts as whole only if the
next one, or the end, begins right behind it; otherwise it is given out as damaged, with the reason, and
reading goes on at the next line that begins like a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tasks.ingest.container import Damage

MAX_HEAD = 64 << 10
MAX_BODY = 64 << 20  # a record above is passed over and reported

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_START = re.compile(rb"WARC/\d+\.\d+[ \t]*\r?\n")  # ISO 28500: the version line
_NEXT = re.compile(rb"\n(?=WARC/\S{1,16}[ \t]*\r?\n[A-Za-z][A-Za-z-]{0,63}[ \t]*:)")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_OVERLAP = 128  # bytes kept while scanning, so that a start across two chunks is found


@dataclass(slots=True)
class Record:
    """One record, or a stretch of bytes that should have been one.

    offset: where it begins in the decompressed stream; size: all its bytes, head and body.
    reason: None for a whole record, else what is wrong with it; head and body are then what was found.
    """

    offset: int
    size: int
    head: bytes = b""
    body: bytes = b""
    reason: str | None = None


class _Window:
    """The part of the stream that is being looked at; stops filling at damage until that is taken away."""

    def __init__(self, chunks: Iterable[bytes | Damage]):
        self._chunks = iter(chunks)
        self.data = bytearray()
        self.offset = 0
        self.damage: Damage | None = None
        self.ended = False

    def fill(self, size: int) -> bool:
        """Makes `size` bytes available; False where damage or the end comes first."""
        while len(self.data) < size:
            if self.damage or self.ended:
                return False
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
            elif isinstance(chunk, Damage):
                self.damage = chunk
            else:
                self.data += chunk
        return True

    def drop(self, size: int) -> None:
        del self.data[:size]
        self.offset += size

    def skip_newlines(self) -> None:
        while self.fill(1) and self.data[0] in b"\r\n":
            self.drop(len(self.data) - len(self.data.lstrip(b"\r\n")))


def read_records(chunks: Iterable[bytes | Damage]) -> Iterator[Record]:
    """The records of a stream in order; damaged stretches are records with a reason."""
    window = _Window(chunks)
    while True:
        window.skip_newlines()
        if not window.data:
            if window.damage:
                yield Record(window.offset, window.damage.size, reason=window.damage.reason)
                window.damage = None
            elif window.ended:
                return
            continue
        window.fill(_OVERLAP)
        if _START.match(window.data):
            yield _record(window)
        else:
            start = window.offset
            # A line that only begins like a record is a record with a bad version line.
            reason = "bad-version" if window.data.startswith(b"WARC/") else "not-a-record"
            damage = _scan(window)
            yield Record(start, window.offset - start, reason=damage or reason)


def _record(window: _Window) -> Record:
    start = window.offset
    head = _head(window)
    if head is None:
        damage = _scan(window, past=1)
        return Record(start, window.offset - start, reason=damage or "bad-header")
    length = _LENGTH.search(head)
    size = len(head) + int(length[1]) if length else 0
    if not length or int(length[1]) > MAX_BODY:
        return _pass_over(window, head, size)
    whole = window.fill(size)
    if whole:
        reason = _behind(window, size)
        if reason is None:
            record = Record(start, size, head, bytes(window.data[len(head) : size]))
            window.drop(size)
            return record
    else:
        reason = "truncated"
    # A start inside the body is where the record really ended; otherwise the next one follows further on.
    inside = _NEXT.search(window.data, len(head) - 1, size + _OVERLAP)
    if inside:
        body = bytes(window.data[len(head) : inside.end()])
        window.drop(inside.end())
        return Record(start, window.offset - start, head, body, "wrong-length")
    body = bytes(window.data[len(head) : size])
    damage = _scan(window, past=min(size, len(window.data)))
    return Record(start, window.offset - start, head, body, damage or reason)


def _head(window: _Window) -> bytes | None:
    """The version line and the fields, up to and with the blank line behind them."""
    size = 1024
    while True:
        window.fill(size)
        end = _BLANK_LINE.search(window.data, 0, MAX_HEAD)
        following = _NEXT.search(window.data, 0, end.start() if end else len(window.data))
        if following:
            return None
        if end:
            return bytes(window.data[: end.end()])
        if len(window.data) < size or size >= MAX_HEAD:
            return None
        size *= 4


def _behind(window: _Window, size: int) -> str | None:
    """None if a record, or the end of an undamaged stream, follows the first `size` bytes."""
    for margin in (size + _OVERLAP, size + MAX_HEAD):
        window.fill(margin)
        following = bytes(window.data[size:margin]).lstrip(b"\r\n")
        if len(following) >= 5 or len(window.data) < margin:
            break
    # The standard's own end of record is believed even if the next one's start is damaged.
    if following.startswith(b"WARC/") or (following and window.data.startswith(b"\r\n\r\n", size)):
        return None
    if following:
        return "wrong-length"
    end = window.offset + size
    return window.damage.reason if window.damage and end > window.damage.verified else None


def _pass_over(window: _Window, head: bytes, size: int) -> Record:
    """A record that is too large to hold, or of unknown length: only its head is kept.

    A length is believed up to the first line that begins like a record: a wrong one may cover the whole file.
    """
    start = window.offset
    window.drop(len(head))
    damage = _scan(window, past=0, anchored=True)
    taken = window.offset - start
    reason = "bad-length" if not size else ("too-large" if abs(taken - size) <= 8 else "wrong-length")
    return Record(start, taken, head, reason=damage or reason)


def _scan(window: _Window, past: int = 0, anchored: bool = False) -> str | None:
    """Drops bytes up to the next record's start; returns the reason of the damage that it met, if any."""
    if anchored and window.fill(_OVERLAP) and _START.match(window.data):
        return None
    window.drop(past)
    while True:
        found = _NEXT.search(window.data)
        if found:
            window.drop(found.end())
            return None
        window.drop(max(0, len(window.data) - _OVERLAP))
        if not window.fill(len(window.data) + 1):
            window.drop(len(window.data))
            damage, window.damage = window.damage, None
            return damage.reason if damage else None
