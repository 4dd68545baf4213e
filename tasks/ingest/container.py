"""Archive files as a stream of decompressed bytes that survives damage.

What compresses a file is decided by its first bytes, never by its name. A damaged gzip member or lz4/zstd
frame ends in a `Damage`, and reading goes on at the next member that decodes: WARC files hold one record per
member, so one bad byte costs one record.
"""

from __future__ import annotations

import contextlib
import io
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import IO, Any

READ_BYTES = 64 << 10  # of compressed input at a time
OUTPUT_BYTES = 1 << 20  # of decompressed output at a time: bounds what a bomb can do at once

GZIP = b"\x1f\x8b\x08"
MAGIC = {"gzip": GZIP, "lz4": b"\x04\x22\x4d\x18", "zstd": b"\x28\xb5\x2f\xfd"}


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that could not be decompressed.

    offset, size: the stretch of the file that was passed over.
    verified: how many bytes of output are known to be right, whatever came of the damaged member.
    """

    reason: str
    offset: int
    size: int
    verified: int


@dataclass(slots=True)
class _Source:
    """A compressed file being read: `given` bytes of output so far, `verified` before the present member."""

    file: IO[bytes]
    kind: str
    sync: bytes
    given: int = 0
    verified: int = 0


def format_of(head: bytes) -> str:
    """The container format by magic bytes: "gzip", "lz4", "zstd" or "plain".

    >>> format_of(bytes.fromhex("1f8b0800")), format_of(b"WARC/1.1")
    ('gzip', 'plain')
    """
    for name, magic in MAGIC.items():
        if head.startswith(magic):
            return name
    return "plain"


Piece = Generator[bytes | Damage, None, int | None]


def chunks(file: IO[bytes], sync: bytes = b"") -> Iterator[bytes | Damage]:
    """The decompressed bytes of a seekable file, with a `Damage` wherever some are missing.

    sync: what a member's content must begin with for reading to go on there after damage.
    """
    head = file.read(4)
    file.seek(0)
    kind = format_of(head)
    if kind == "plain":
        while chunk := file.read(4 * READ_BYTES):
            yield chunk
        return
    source = _Source(file, kind, sync)
    start: int | None = 0
    read = _gzip if kind == "gzip" else _framed
    while start is not None:
        start = yield from read(source, start)


def _gzip(source: _Source, start: int) -> Piece:
    """Members from `start` up to the first damage; returns where to go on, or None at the end.

    zlib verifies the checksum in a member's trailer.
    """
    file = source.file
    file.seek(start)
    data = file.read(READ_BYTES)
    while data:
        source.verified = source.given
        if not data.startswith(GZIP):
            return (yield from _resume(source, start, "not-gzip"))
        unit, position = zlib.decompressobj(31), start
        while not unit.eof:
            data = data or file.read(READ_BYTES)
            if not data:
                return (yield from _resume(source, start, "truncated-gzip"))
            before = unit.copy()
            try:
                out = unit.decompress(data, OUTPUT_BYTES)
            except zlib.error:
                yield from _give(source, _salvage(before, data))
                return (yield from _resume(source, start, "damaged-gzip"))
            rest = unit.unused_data if unit.eof else unit.unconsumed_tail
            position += len(data) - len(rest)
            data = rest
            yield from _give(source, out)
        start, data = _skip_padding(file, position, data)
    return None


def _give(source: _Source, out: bytes) -> Iterator[bytes]:
    source.given += len(out)
    yield out


def _resume(source: _Source, start: int, reason: str) -> Piece:
    """Reports the damaged member at `start` and finds the next that decodes."""
    found = _next_member(source, start + 1)
    yield Damage(reason, start, (source.file.seek(0, 2) if found is None else found) - start, source.verified)
    return found


def _skip_padding(file: IO[bytes], position: int, data: bytes) -> tuple[int, bytes]:
    """Passes zero bytes between or after members (tape blocks), and makes sure a whole magic is at hand."""
    while True:
        stripped = data.lstrip(b"\0")
        position += len(data) - len(stripped)
        if len(stripped) >= len(GZIP):
            return position, stripped
        more = file.read(READ_BYTES)
        if not more:
            return position, stripped
        data = stripped + more


def _salvage(unit: Any, data: bytes) -> bytes:
    """What a damaged member still gives before its bad byte: zlib drops the output of a call that fails."""
    out = bytearray()
    for step in (256, 1):
        at = 0
        while at < len(data):
            before = unit.copy()
            try:
                out += unit.decompress(data[at : at + step])
            except zlib.error:
                unit, data = before, data[at : at + step]
                break
            at += step
    return bytes(out)


def _next_member(source: _Source, position: int) -> int | None:
    """The offset of the next member from `position` on that decodes: a magic can stand in any data."""
    magic = MAGIC[source.kind]
    while True:
        source.file.seek(position)
        window = source.file.read(READ_BYTES)
        found = window.find(magic)
        if found < 0:
            if len(window) < READ_BYTES:
                return None
            position += len(window) - len(magic) + 1
            continue
        position += found
        source.file.seek(position)
        if _decodes(source.file.read(READ_BYTES), source.kind, source.sync):
            return position
        position += 1


def _decodes(head: bytes, kind: str, sync: bytes) -> bool:
    try:
        if kind == "gzip":
            start = zlib.decompressobj(31).decompress(head, max(1, len(sync)))
        else:
            start = _reader(io.BytesIO(head), 0, kind).read(max(1, len(sync)))
    except (zlib.error, OSError, ValueError):
        return False
    return bool(start) and start.startswith(sync)


def _framed(source: _Source, start: int) -> Piece:
    """lz4 and zstd frames from `start` up to the first damage, through fastwarc's readers."""
    before = source.given
    reader = _reader(source.file, start, source.kind)
    try:
        while chunk := reader.read(READ_BYTES):
            yield from _give(source, chunk)
        return None
    except (OSError, ValueError):
        frame = start + (reader.frame_start_position() or 0)
    yield from _give(source, _reread(_reader(source.file, start, source.kind), source.given - before))
    source.verified = source.given  # these formats carry no checksum that fails behind good data
    return (yield from _resume(source, frame, f"damaged-{source.kind}"))


def _reader(file: IO[bytes], base: int, kind: str) -> Any:
    from fastwarc import stream_io

    file.seek(base)
    return (stream_io.Lz4Reader if kind == "lz4" else stream_io.ZstdReader)(_Tail(file, base))


def _reread(reader: Any, delivered: int) -> bytes:
    """What a failed read had decoded before the bad byte: read again, byte by byte."""
    out = bytearray()
    with contextlib.suppress(OSError, ValueError):
        while delivered > 0 and (skipped := reader.read(min(delivered, READ_BYTES))):
            delivered -= len(skipped)
        while byte := reader.read(1):
            out += byte
    return bytes(out)


class _Tail:
    """A file from `base` on, as if it began there."""

    def __init__(self, file: IO[bytes], base: int):
        self._file, self._base = file, base

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset + self._base if whence == 0 else offset, whence) - self._base

    def tell(self) -> int:
        return self._file.tell() - self._base

    def close(self) -> None:
        pass
