"""Thrift's compact protocol, as much of it as Parquet's metadata takes."""

from __future__ import annotations

from typing import Any

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_MAX_DEPTH = 32


def read_struct(data: bytes, at: int = 0, depth: int = 0) -> tuple[dict[int, Any], int]:
    """The values of the structure that begins at `at`, by field number, and where it ends.

    Values are int, bool, bytes (strings, and doubles as they stand), list or another such mapping.
    IndexError where it goes beyond the data, ValueError for what is no structure.
    """
    fields: dict[int, Any] = {}
    number = 0
    while head := data[at]:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            number, at = _integer(data, at)
        fields[number], at = _value(data, at, head & 15, depth)
    return fields, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _BYTE:
        return data[at], at + 1
    if kind in (_I16, _I32, _I64):
        return _integer(data, at)
    if kind == _DOUBLE:
        return _bytes(data, at, 8)
    if kind == _BINARY:
        length, at = _varint(data, at)
        return _bytes(data, at, length)
    if kind in (_LIST, _SET):
        return _list(data, at, depth)
    if kind == _STRUCT:
        return read_struct(data, at, depth + 1)
    raise ValueError(f"no type {kind} here")


def _list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    count, kind, at = data[at] >> 4, data[at] & 15, at + 1
    if count == 15:
        count, at = _varint(data, at)
    if count > len(data) - at:  # an element takes a byte at least
        raise IndexError("a list beyond the data")
    found = []
    for _ in range(count):
        # In a list a truth value has a byte of its own.
        value, at = _value(data, at, _BYTE if kind in (_TRUE, _FALSE) else kind, depth + 1)
        found.append(value)
    return found, at


def _bytes(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    if length > len(data) - at:
        raise IndexError("a string beyond the data")
    return data[at : at + length], at + length


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
