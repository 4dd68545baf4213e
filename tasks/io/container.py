"""Archive files as a stream of decompressed bytes that survives damage.

What compresses a file is decided by its first bytes, never by its name. A damaged gzip member or lz4/zstd
frame ends in a `Damage`, and reading goes on at the next member that decodes: WARC files hold one record per
member, so one bad byte costs one record. A member that grows beyond all measure is damage too: a bomb.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import IO, Any

from tasks.io import inflate

READ_BYTES = 64 << 10  # of compressed input at a time
OUTPUT_BYTES = 1 << 20  # of decompressed output at a time: bounds what a bomb can do at once
SIGHT = 1 << 20  # bytes in which the first sound member must begin
# Places at which a member may seem to begin that are tried: so many, and one more for each stretch of so many bytes. By
# chance a magic stands in 16 MB of data once; a file full of them would cost tens of microseconds for three bytes.
TRIES, TRY_BYTES = 5000, 4096
BOMB_BYTES = 128 << 20  # of output of one member, from which on its ratio is looked at
BOMB_RATIO = 200  # real crawls stay under 50 over such a stretch; gzip can reach 1,032, zstd 30,000

GZIP = b"\x1f\x8b\x08"
MAGIC = {"gzip": GZIP, "lz4": b"\x04\x22\x4d\x18", "zstd": b"\x28\xb5\x2f\xfd"}
# The first frame of a WARC file compressed with a zstd dictionary: a skippable frame that holds the dictionary, plain
# or compressed in its turn (IIPC, "Use of Zstandard compression in WARC files").
DICTIONARY = b"\x5d\x2a\x4d\x18"
MAX_DICTIONARY = 16 << 20


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
    dictionary: bytes | None = None
    given: int = 0
    verified: int = 0
    tries: int = 0

    def may_try(self, position: int) -> bool:
        """Whether one more place that looks like a member's start is worth trying."""
        self.tries += 1
        return self.tries <= TRIES + position // TRY_BYTES


def format_of(head: bytes) -> str:
    """The container format by magic bytes: "gzip", "lz4", "zstd" or "plain".

    >>> format_of(bytes.fromhex("1f8b0800")), format_of(b"WARC/1.1")
    ('gzip', 'plain')
    """
    for name, magic in MAGIC.items():
        if head.startswith(magic):
            return name
    return "zstd" if head.startswith(DICTIONARY) else "plain"


Piece = Generator[bytes | Damage, None, int | None]


def chunks(file: IO[bytes], sync: bytes = b"") -> Iterator[bytes | Damage]:
    """The decompressed bytes of a seekable file, with a `Damage` wherever some are missing.

    sync: what a member's content must begin with for reading to go on there after damage.
    """
    head = file.read(4)
    file.seek(0)
    kind = format_of(head)
    start: int | None = 0
    if kind == "plain":
        kind, start = _hidden_format(file, sync)
    if kind == "plain":
        while chunk := file.read(4 * READ_BYTES):
            yield chunk
        return
    if start:
        yield Damage(f"not-{kind}", 0, start, 0)
    source = _Source(file, kind, sync, _dictionary(file) if head == DICTIONARY else None)
    read = _gzip if kind == "gzip" else _framed
    while start is not None:
        start = yield from read(source, start)


def _hidden_format(file: IO[bytes], sync: bytes) -> tuple[str, int]:
    """The format, and the first sound member, of a file whose own first bytes are damaged; else "plain" and 0."""
    start = file.read(max(SIGHT, len(sync)))
    if sync and not start.startswith(sync):
        for kind, magic in MAGIC.items():
            source, at = _Source(file, kind, sync), start.find(magic)
            while at >= 0 and source.may_try(at):
                if _decodes(source, start[at : at + READ_BYTES]):
                    return kind, at
                at = start.find(magic, at + 1)
    file.seek(0)
    return "plain", 0


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
        unit, position = inflate.decompressobj(31), start
        while not unit.eof:
            data = data or file.read(READ_BYTES)
            if not data:
                return (yield from _resume(source, start, "truncated-gzip"))
            before = unit.copy()
            try:
                out = unit.decompress(data, OUTPUT_BYTES)
            except inflate.Error:
                yield from _give(source, _salvage(before, data))
                return (yield from _resume(source, start, "damaged-gzip"))
            rest = unit.unused_data if unit.eof else unit.unconsumed_tail
            position += len(data) - len(rest)
            data = rest
            yield from _give(source, out)
            if _is_bomb(source.given - source.verified, position - start):
                return (yield from _resume(source, start, "bomb"))
        start, data = _skip_padding(file, position, data)
    return None


def _is_bomb(output: int, size: int) -> bool:
    """Whether a member that gave `output` bytes for `size` is no data that anybody wanted to keep."""
    return output > BOMB_BYTES and output > BOMB_RATIO * size


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
            except inflate.Error:
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
        if not source.may_try(position):
            return None
        source.file.seek(position)
        if _decodes(source, source.file.read(READ_BYTES)):
            return position
        position += 1


def _decodes(source: _Source, head: bytes) -> bool:
    size = max(1, len(source.sync))
    try:
        if source.kind == "gzip":
            start = inflate.decompressobj(31).decompress(head, size)
        else:
            start = _reader(io.BytesIO(head), 0, source.kind, source.dictionary).read(size)
    except (inflate.Error, OSError, ValueError):
        return False
    return bool(start) and start.startswith(source.sync)


def _framed(source: _Source, start: int) -> Piece:
    """lz4 and zstd frames from `start` up to the first damage, through fastwarc's readers."""
    before = source.given
    reader = _reader(source.file, start, source.kind, source.dictionary)
    frame, first = start, before
    reason = None
    try:
        while not reason and (chunk := reader.read(READ_BYTES)):
            yield from _give(source, chunk)
            at = start + (reader.frame_start_position() or 0)
            if at != frame:
                frame, first = at, source.given
            if _is_bomb(source.given - first, source.file.tell() - frame):
                reason = "bomb"
    except (OSError, ValueError) as error:
        frame = start + (reader.frame_start_position() or 0)
        reason = "no-dictionary" if "dictionary" in str(error).lower() else f"damaged-{source.kind}"
    if not reason:
        return None
    sound = _output(source, start, frame)
    if reason != "bomb":
        again = _reader(source.file, start, source.kind, source.dictionary)
        yield from _give(source, _reread(again, source.given - before))
    source.verified = before + sound
    return (yield from _resume(source, frame, reason))


def _output(source: _Source, start: int, end: int) -> int:
    """How many bytes the whole frames from `start` to `end` give."""
    if end == start:
        return 0
    reader = _reader(source.file, start, source.kind, source.dictionary, end)
    size = 0
    with contextlib.suppress(OSError, ValueError):
        while chunk := reader.read(READ_BYTES):
            size += len(chunk)
    return size


def _reader(
    file: IO[bytes], base: int, kind: str, dictionary: bytes | None = None, end: int | None = None
) -> Any:
    from fastwarc import stream_io

    file.seek(base)
    part = _Part(file, base, end)
    if kind == "lz4":
        return stream_io.Lz4Reader(part)
    return stream_io.ZstdReader(part, dictionary=dictionary)


def _dictionary(file: IO[bytes]) -> bytes | None:
    """The dictionary in a file's first frame; None if there is none that can be used."""
    file.seek(len(DICTIONARY))
    size = int.from_bytes(file.read(4), "little")
    content = file.read(size) if size <= MAX_DICTIONARY else b""
    if content.startswith(MAGIC["zstd"]):
        try:
            content = _reader(io.BytesIO(content), 0, "zstd").read(MAX_DICTIONARY)
        except (OSError, ValueError):
            return None
    return content or None


def _reread(reader: Any, delivered: int) -> bytes:
    """What a failed read had decoded before the bad byte: read again, byte by byte."""
    out = bytearray()
    with contextlib.suppress(OSError, ValueError):
        while delivered > 0 and (skipped := reader.read(min(delivered, READ_BYTES))):
            delivered -= len(skipped)
        while byte := reader.read(1):
            out += byte
    return bytes(out)


class _Part:
    """A file from `base` to `end` (None: its own), as if that were all of it."""

    def __init__(self, file: IO[bytes], base: int, end: int | None = None):
        self._file, self._base, self._end = file, base, end

    def read(self, size: int = -1) -> bytes:
        if self._end is not None:
            left = max(0, self._end - self._file.tell())
            size = left if size < 0 else min(size, left)
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset + self._base if whence == 0 else offset, whence) - self._base

    def tell(self) -> int:
        return self._file.tell() - self._base

    def close(self) -> None:
        pass
