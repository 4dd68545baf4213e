"""Archive records out of a byte stream, every byte accounted for.

A reader that trusts Content-Length loses what follows a wrong one. Here a record counts as whole only if the
next one, or the end, begins right behind it; otherwise it is given out as damaged, with the reason, and
reading goes on at the next line that begins like a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tasks.io import Damage

MAX_HEAD = 64 << 10
MAX_BODY = 12 << 20  # a record above is passed over and reported; as text it may take four times as much


@dataclass(frozen=True)
class Format:
    """How the records of an archive format are told apart. Patterns match bytes.

    start: a record's first line; like: what is taken for one with a fault in it.
    near: a few bytes before such a line, where the line ends between two records should be.
    next: the line end before a record, recognised in the middle of other bytes.
    head_end: where the head ends and the body begins.
    length: the body's length, group 1, in the head.
    end: what stands behind a body, whatever is wrong with the record that follows.
    overlap: the longest match of `start` and `next`, so that one across two chunks is found.
    sync: what the content of a compressed member begins with, where members are records.
    """

    start: re.Pattern[bytes]
    like: re.Pattern[bytes]
    near: re.Pattern[bytes]
    next: re.Pattern[bytes]
    head_end: re.Pattern[bytes]
    length: re.Pattern[bytes]
    end: re.Pattern[bytes]
    overlap: int
    sync: bytes


WARC = Format(  # ISO 28500
    start=re.compile(rb"WARC/\d+\.\d+[ \t]*\r?\n"),
    like=re.compile(rb"WARC/"),
    near=re.compile(rb"[\0-\xff]{0,4}?(?=WARC/\d+\.\d+[ \t]*\r?\n)"),
    next=re.compile(rb"\n(?=WARC/\S{1,16}[ \t]*\r?\n[A-Za-z][A-Za-z-]{0,63}[ \t]*:)"),
    head_end=re.compile(rb"\r?\n\r?\n"),
    length=re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE),
    end=re.compile(rb"\r\n\r\n"),
    overlap=128,
    sync=b"WARC/",
)


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

    def __init__(self, chunks: Iterable[bytes | Damage], form: Format):
        self._chunks = iter(chunks)
        self.form = form
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

    def copy(self, start: int, end: int) -> bytes:
        with memoryview(self.data) as view:
            return bytes(view[start:end])

    def drop(self, size: int) -> None:
        del self.data[:size]
        self.offset += size

    def skip_newlines(self) -> None:
        while self.fill(1) and self.data[0] in b"\r\n":
            self.drop(len(self.data) - len(self.data.lstrip(b"\r\n")))


def read_records(chunks: Iterable[bytes | Damage], form: Format = WARC) -> Iterator[Record]:
    """The records of a stream in order; damaged stretches are records with a reason."""
    window = _Window(chunks, form)
    while True:
        window.skip_newlines()
        if not window.data:
            if window.damage:
                yield Record(window.offset, window.damage.size, reason=window.damage.reason)
                window.damage = None
            elif window.ended:
                return
            continue
        window.fill(form.overlap)
        if near := form.near.match(window.data):
            window.drop(near.end())
            yield _record(window)
        else:
            start = window.offset
            # A line that only begins like a record is a record with a bad version line.
            reason = "bad-version" if form.like.match(window.data) else "not-a-record"
            damage = _scan(window)
            yield Record(start, window.offset - start, reason=damage or reason)


def _record(window: _Window) -> Record:
    form, start = window.form, window.offset
    head = _head(window)
    if head is None:
        damage = _scan(window, past=1)
        return Record(start, window.offset - start, reason=damage or "bad-header")
    length = form.length.search(head)
    size = len(head) + int(length[1]) if length else 0
    if not length or int(length[1]) > MAX_BODY:
        return _pass_over(window, head, size)
    whole = window.fill(size)
    if whole:
        reason = _behind(window, size)
        if reason is None:
            record = Record(start, size, head, window.copy(len(head), size))
            window.drop(size)
            return record
    else:
        reason = "truncated"
    # A start inside the body is where the record really ended; otherwise the next one follows further on.
    inside = form.next.search(window.data, len(head) - 1, size + form.overlap)
    if inside:
        body = window.copy(len(head), inside.end())
        window.drop(inside.end())
        return Record(start, window.offset - start, head, body, "wrong-length")
    body = window.copy(len(head), size)
    damage = _scan(window, past=min(size, len(window.data)))
    return Record(start, window.offset - start, head, body, damage or reason)


def _head(window: _Window) -> bytes | None:
    """The head of the record, up to and with what ends it; None if there is no end, or another record before."""
    form, size = window.form, 1024
    while True:
        window.fill(size)
        end = form.head_end.search(window.data, 0, MAX_HEAD)
        following = form.next.search(window.data, 0, end.start() if end else len(window.data))
        if following:
            return None
        if end:
            return window.copy(0, end.end())
        if len(window.data) < size or size >= MAX_HEAD:
            return None
        size *= 4


def _behind(window: _Window, size: int) -> str | None:
    """None if a record, or the end of an undamaged stream, follows the first `size` bytes."""
    form = window.form
    for margin in (size + form.overlap, size + MAX_HEAD):
        window.fill(margin)
        following = window.copy(size, margin).lstrip(b"\r\n")
        if len(following) >= 5 or len(window.data) < margin:
            break
    # The standard's own end of record is believed even if the next one's start is damaged.
    if form.like.match(following) or form.near.match(following):
        return None
    if following and form.end.match(window.data, size):
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
    form = window.form
    if anchored:
        window.fill(form.overlap)
        if form.start.match(window.data):
            return None
    window.drop(past)
    while True:
        found = form.next.search(window.data)
        if found:
            window.drop(found.end())
            return None
        window.drop(max(0, len(window.data) - form.overlap))
        if not window.fill(len(window.data) + 1):
            window.drop(len(window.data))
            damage, window.damage = window.damage, None
            return damage.reason if damage else None
