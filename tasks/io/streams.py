"""Byte streams of table and text files: decompressed whatever they are called, in UTF-8, cut into bounded lines.

gzip, lz4 and zstd are `container`'s; bzip2 and xz, in which nobody writes WARC, are added here.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from tasks.io.container import OUTPUT_BYTES, READ_BYTES, Damage, chunks

PROBE = 256 << 10  # bytes that decide the charset
XZ_MEMORY = 256 << 20  # `xz -9` needs 65 MB to decompress
XZ = b"\xfd7zXZ\0"
# What follows "BZh" and a digit: the magic of a block, or of the end of an empty stream.
_BZ2_BLOCKS = (bytes.fromhex("314159265359"), bytes.fromhex("177245385090"))

Pieces = Iterable[bytes | Damage]


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line beyond the limit, which was passed over; size in bytes."""

    size: int


def pieces(file: IO[bytes]) -> Iterator[bytes | Damage]:
    """The decompressed bytes of a seekable file, with a `Damage` wherever some are missing.

    Plain, gzip, lz4, zstd, bzip2 or xz: the first bytes decide. Every piece is bounded, however much a few
    bytes expand to.
    """
    head = file.read(10)
    file.seek(0)
    # Imported where they are needed: a Python may be built without them.
    if head.startswith(b"BZh") and head[3:4].isdigit() and head[4:] in _BZ2_BLOCKS:
        import bz2

        yield from _units(file, "bz2", b"BZh", bz2.BZ2Decompressor, (OSError, ValueError))
    elif head.startswith(XZ):
        import lzma

        def xz() -> lzma.LZMADecompressor:
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)

        yield from _units(file, "xz", XZ, xz, (lzma.LZMAError, ValueError))
    else:
        yield from chunks(file)


def _units(
    file: IO[bytes], kind: str, magic: bytes, make: Callable[[], Any], errors: tuple[type[Exception], ...]
) -> Iterator[bytes | Damage]:
    """Concatenated streams of a format of the standard library; the first damage ends the file."""
    size = file.seek(0, 2)
    start = given = 0
    file.seek(0)
    data = file.read(READ_BYTES)
    while data:
        if not data.startswith(magic):
            yield Damage(f"not-{kind}", start, size - start, given)
            return
        unit = make()
        while not unit.eof:
            if unit.needs_input:
                data = data or file.read(READ_BYTES)
                if not data:
                    yield Damage(f"truncated-{kind}", start, size - start, given)
                    return
            try:
                out = unit.decompress(data, OUTPUT_BYTES)
            except errors:
                yield Damage(f"damaged-{kind}", start, size - start, given)
                return
            data = b""
            given += len(out)
            if out:
                yield out
        data = unit.unused_data
        while len(data := data.lstrip(b"\0")) < len(magic) and (more := file.read(READ_BYTES)):
            data += more
        start = file.tell() - len(data)


def charset_of(probe: bytes) -> str:
    """The charset of a text, decided on its first `PROBE` bytes (a shorter probe is the whole text).

    UTF-8 comes as "utf-8-sig", which drops a byte order mark.
    """
    from tasks.text import decode

    if probe.isascii():
        return "utf-8-sig"
    # A full probe may end within a character.
    whole = probe[: max(probe.rfind(b"\n"), len(probe) - 4)] if len(probe) >= PROBE else probe
    charset = decode(whole, None)[1]
    if charset.startswith(("utf-16", "utf-32")):
        return charset[:6]  # without the byte order: the decoder then takes and drops the mark
    return "utf-8-sig" if charset == "utf-8" else charset


def probed(source: Pieces) -> tuple[bytes, Iterator[bytes | Damage]]:
    """The first `PROBE` bytes of a stream (fewer where it ends or is damaged), and the whole stream again."""
    iterator = iter(source)
    held: list[bytes | Damage] = []
    size = 0
    for piece in iterator:
        held.append(piece)
        if isinstance(piece, Damage):
            break
        size += len(piece)
        if size >= PROBE:
            break
    probe = b"".join(piece for piece in held if isinstance(piece, bytes))[:PROBE]

    def again() -> Iterator[bytes | Damage]:
        yield from held
        yield from iterator

    return probe, again()


def in_utf8(source: Pieces) -> Iterator[bytes | Damage]:
    """The stream in UTF-8 without a byte order mark. What claims to be UTF-8 is passed on as it is, bad bytes too."""
    probe, source = probed(source)
    charset = charset_of(probe)
    if charset == "utf-8-sig":
        first = True
        for piece in source:
            if first and isinstance(piece, bytes) and piece:
                first = False
                piece = piece.removeprefix(codecs.BOM_UTF8)
            yield piece
        return
    decoder = codecs.getincrementaldecoder(charset)("replace")
    for piece in source:
        yield (piece if isinstance(piece, Damage) else decoder.decode(piece).encode("utf-8", "replace"))
    yield decoder.decode(b"", True).encode("utf-8", "replace")


def lines(source: Pieces, limit: int) -> Iterator[tuple[int, bytes | Damage | TooLong]]:
    """(number from 1, line without its end); no line is held beyond `limit` bytes.

    A line cut off by damage is part of the damage.
    """
    held: list[bytes] = []
    number, size = 1, 0
    for piece in source:
        if isinstance(piece, Damage):
            yield number, piece
            held, size, number = [], 0, number + 1
            continue
        first, *rest = piece.split(b"\n")
        size += len(first)
        if size <= limit:
            held.append(first)
        else:
            held = []
        for following in rest:
            yield number, TooLong(size) if size > limit else b"".join(held)
            held, size, number = [following], len(following), number + 1
    if size:
        yield number, TooLong(size) if size > limit else b"".join(held)
