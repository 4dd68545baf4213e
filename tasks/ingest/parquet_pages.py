"""The sizes of a Parquet column's pages, from their headers alone.

pyarrow decodes a page as a whole, and takes about twice its size while it does. The footer has sums only, so the page headers are read here: Thrift's compact protocol (the Parquet
format's PageHeader: type, uncompressed and compressed size, then a structure that is skipped).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

_HEADER = 64 << 10  # bytes in which a page's header must end; statistics are the largest part of it
_MAX_DEPTH = 8
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)


def page_sizes(file: IO[bytes], start: int, size: int) -> Iterator[int]:
    """The uncompressed sizes of the pages in `size` bytes from `start`; stops where something is no header."""
    end = start + size
    while start < end:
        file.seek(start)
        head = file.read(min(_HEADER, end - start))
        try:
            fields, length = _page_header(head)
            yield fields[2]
            start += length + fields[3]
        except (IndexError, KeyError, ValueError):
            return
        if fields[3] < 0:
            return


def _page_header(data: bytes) -> tuple[dict[int, int], int]:
    """The integers of a header by field number, and its length. IndexError where it goes beyond the data."""
    fields: dict[int, int] = {}
    at = number = 0
    while data[at]:
        number, kind, at = _field(data, at, number)
        if kind == _I32:
            fields[number], at = _integer(data, at)
        else:
            at = _skip(data, at, kind)
    return fields, at + 1


def _field(data: bytes, at: int, last: int) -> tuple[int, int, int]:
    """(number, type, where the value begins) of the field at `at`."""
    step, kind = data[at] >> 4, data[at] & 15
    if step:
        return last + step, kind, at + 1
    number, at = _integer(data, at + 1)
    return number, kind, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("not a varint")


def _integer(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _skip(data: bytes, at: int, kind: int, depth: int = 0) -> int:
    """Where a value of a type ends."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    if kind in (_TRUE, _FALSE):
        return at
    if kind == _BYTE:
        return at + 1
    if kind in (_I16, _I32, _I64):
        return _varint(data, at)[1]
    if kind == _DOUBLE:
        return at + 8
    if kind == _BINARY:
        length, at = _varint(data, at)
        return at + length
    if kind in (_LIST, _SET):
        count, item, at = data[at] >> 4, data[at] & 15, at + 1
        if count == 15:
            count, at = _varint(data, at)
        for _ in range(min(count, len(data))):
            at = _skip(data, at, item, depth + 1) if item > _FALSE else at + 1
        return at
    if kind == _STRUCT:
        number = 0
        while data[at]:
            number, inner, at = _field(data, at, number)
            at = _skip(data, at, inner, depth + 1)
        return at + 1
    raise ValueError("a page's header has no such type")
