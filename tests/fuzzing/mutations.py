"""Changes to bytes that find what random bytes don't: they keep most of a format and break one part of it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import struct
from collections.abc import Callable, Sequence
from random import Random

from fastwarc.stream_io import Lz4Writer, ZstdWriter

LONGEST = 400_000  # bytes of a case
NUMBERS = (
    0, 1, -1, 2, 7, 8, 9, 10, 15, 16, 127, 128, 255, 256, 4095, 65_535, 65_536, 16_777_216, 2**31 - 1, 2**31, 2**32 - 1, 2**32,
    2**53, 2**63 - 1, 2**63, 10**15 - 1, 10**15, 10**20,
)  # fmt: skip
_DIGITS = re.compile(rb"\d+")


def _place(draw: Random, data: bytes) -> int:
    """Anywhere; often near either end, where heads and directories are."""
    where = draw.random()
    if where < 0.2:
        return draw.randrange(min(64, len(data) + 1))
    if where < 0.4:
        return max(0, len(data) - draw.randrange(64) - 1)
    return draw.randrange(len(data) + 1)


def _stretch(draw: Random, data: bytes) -> tuple[int, int]:
    start = _place(draw, data)
    size = draw.choice((1, 1, 2, 4, 8, 16, 64, 256, 1024, len(data) + 1))
    return start, min(len(data), start + 1 + draw.randrange(size))


def flip(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A bit, or a few bytes, become others."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        at = _place(draw, data)
        if at < len(changed):
            changed[at] = draw.choice((changed[at] ^ (1 << draw.randrange(8)), draw.randrange(256), 0, 255))
    return bytes(changed)


def cut(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """The end is missing, or the beginning."""
    at = _place(draw, data)
    return data[:at] if draw.random() < 0.8 else data[at:]


def delete(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    start, end = _stretch(draw, data)
    return data[:start] + data[end:]


def duplicate(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A stretch comes twice, or very often."""
    start, end = _stretch(draw, data)
    times = draw.choice((1, 1, 1, 2, 10, 1000))
    times = min(times, max(1, (LONGEST // 4) // max(1, end - start)))
    at = end if draw.random() < 0.7 else _place(draw, data)
    return data[:at] + data[start:end] * times + data[at:]


def swap(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    a, b, c = sorted(_place(draw, data) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def splice(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """The beginning of one input and the end of another, or a stretch of one in the midst of the other."""
    other = draw.choice(others) if others else data
    if draw.random() < 0.5:
        return data[: _place(draw, data)] + other[_place(draw, other) :]
    start, end = _stretch(draw, other)
    at = _place(draw, data)
    return data[:at] + other[start:end] + data[at:]


def number(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A number in digits (a length, a status, a date) becomes another."""
    found = list(_DIGITS.finditer(data[:100_000]))
    if not found:
        return insert(draw, data, others, tokens)
    old = draw.choice(found)
    value = int(old[0][:30])
    new = draw.choice(
        (*NUMBERS, value + 1, value - 1, value * 2, value * 10, value // 2, len(data), "", "+1", "1e9")
    )
    return data[: old.start()] + str(new).encode() + data[old.end() :]


def field(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A binary field of 1, 2, 4 or 8 bytes becomes an interesting or a neighbouring number."""
    size, form = draw.choice(((1, "B"), (2, "H"), (4, "I"), (8, "Q")))
    order = draw.choice("<>")
    at = _place(draw, data)
    if at + size > len(data):
        at = max(0, len(data) - size)
    old = data[at : at + size]
    if len(old) < size:
        return data
    value = struct.unpack(order + form, old)[0]
    new = draw.choice((*NUMBERS, value + 1, value - 1, value * 2, len(data))) % (1 << 8 * size)
    return data[:at] + struct.pack(order + form, new) + data[at + size :]


def insert(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A word of the format, where one could stand or anywhere."""
    token = draw.choice(tokens) if tokens else b"\0"
    token *= draw.choice((1, 1, 1, 1, 2, 20, 500))
    at = _place(draw, data)
    if draw.random() < 0.3:
        at = data.find(b"\n", at) + 1
    over = draw.choice((0, 0, len(token)))
    return data[:at] + token + data[at + over :]


def lines(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """Lines are exchanged, repeated, lost or end otherwise."""
    parts = data.split(b"\n")
    at, to = draw.randrange(len(parts)), draw.randrange(len(parts))
    what = draw.randrange(5)
    if what == 0:
        parts[at], parts[to] = parts[to], parts[at]
    elif what == 1:
        parts.insert(to, parts[at])
    elif what == 2:
        del parts[at]
    elif what == 3:
        parts[at] += b"\r"
    else:
        return data.replace(b"\r\n", b"\n") if b"\r\n" in data else data.replace(b"\n", b"\r\n")
    return b"\n".join(parts)


def run(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A long run of one byte."""
    byte = draw.choice((b"\0", b" ", b"\n", b"\xff", b"<", b'"', b"A", b"0"))
    at = _place(draw, data)
    return data[:at] + byte * draw.choice((3, 100, 5000, 70_000)) + data[at:]


OPERATIONS: tuple[Callable[[Random, bytes, Sequence[bytes], Sequence[bytes]], bytes], ...] = (
    flip, flip, cut, delete, duplicate, swap, splice, number, number, field, field, insert, insert, lines, run,
)  # fmt: skip


def mutate(draw: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """The data after one or some changes; others: what is spliced in; tokens: words of its format."""
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        data = draw.choice(OPERATIONS)(draw, data, others, tokens)[:LONGEST]
    return data


def _framed(writer: type) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        out = io.BytesIO()
        stream = writer(out)
        stream.write(data)
        stream.close()
        return out.getvalue()

    return pack


def _raw_bz2(data: bytes) -> bytes:
    return bz2.compress(data, 1)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": lambda data: gzip.compress(data, 1, mtime=0),
    "zstd": _framed(ZstdWriter),
    "lz4": _framed(Lz4Writer),
    "bz2": _raw_bz2,
    "xz": lambda data: lzma.compress(data, preset=0),
}


def packed(draw: Random, parts: Sequence[bytes], ways: Sequence[str] = tuple(PACKERS)) -> bytes:
    """Parts one behind the other, plain in half of the cases, else compressed one by one or all together."""
    way = draw.choice(ways) if draw.random() < 0.5 else "plain"
    if draw.random() < 0.5:
        parts = [b"".join(parts)]
    return b"".join(map(PACKERS[way], parts))
