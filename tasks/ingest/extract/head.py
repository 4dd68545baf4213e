"""Which tags of a page's head may declare something that is wanted: a compiled search before anything is read.

A head has dozens of `meta` and `link` elements, and a few of them matter. Those that are given hold a wanted name as
a value, or the word `canonical`; whether they really declare it, `metadata` finds out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numba
import numpy as np

from tasks.jit import compiled

META, LINK, TITLE, HTML = range(4)
SLOTS = 256
LONGEST = 64  # bytes of a wanted name
U64 = np.uint64
FNV_START, FNV_PRIME = U64(0xCBF29CE484222325), U64(0x100000001B3)
_OPTIONS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
inner: Any = numba.njit(**_OPTIONS)
_memchr: Any = numba.types.ExternalFunction(  # libc's
    "memchr", numba.types.intp(numba.types.intp, numba.types.intc, numba.types.uintp)
)
_CANONICAL = b"canonical"


def wanted_tags(head: bytes, names: frozenset[str]) -> list[tuple[int, int, int]]:
    """Kind (META, ...), start and end of the attributes of the tags that may matter, in order.

    head: as a parser writes it. A `meta` is given if one of its values is one of `names` (lower case, at most `LONGEST`
    bytes), in either case and with white space around it; a `link` if it says `canonical`; every `title` and `html`.
    """
    out = np.empty((64, 3), dtype=np.int64)
    while True:
        found = _wanted_tags(np.frombuffer(head, dtype=np.uint8), _table(names), out)
        if found <= len(out):
            return [(kind, start, end) for kind, start, end in out[:found].tolist()]
        out = np.empty((found, 3), dtype=np.int64)


@cache
def _table(names: Iterable[str]) -> np.ndarray:
    """The hashes of the names; an empty slot holds 0."""
    keys = np.zeros(SLOTS, dtype=np.uint64)
    for name in names:
        key = 0xCBF29CE484222325
        for byte in name.encode():
            key = ((key ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
        place = (key >> 20) % SLOTS
        while keys[place]:
            place = (place + 1) % SLOTS
        keys[place] = key
    return keys


@inner
def _is_wanted(data, start, end, keys):
    """Whether a value is a wanted name."""
    while start < end and (data[start] == 32 or 9 <= data[start] <= 13):
        start += 1
    while start < end and (data[end - 1] == 32 or 9 <= data[end - 1] <= 13):
        end -= 1
    if start == end or end - start > LONGEST:
        return False
    key = FNV_START
    for at in range(start, end):
        byte = data[at]
        if 65 <= byte <= 90:
            byte = np.uint8(byte + 32)
        key = (key ^ U64(byte)) * FNV_PRIME
    place = np.int64((key >> U64(20)) % U64(SLOTS))
    while keys[place] != 0:
        if keys[place] == key:
            return True
        place = (place + 1) % SLOTS
    return False


@inner
def _says(data, start, end, word):
    for at in range(start, end - len(word) + 1):
        same = True
        for offset in range(len(word)):
            if data[at + offset] != word[offset]:
                same = False
                break
        if same:
            return True
    return False


@inner
def _is_name(data, at, word):
    """Whether a tag's name is this one."""
    if at + len(word) >= len(data):
        return False
    for offset in range(len(word)):
        if data[at + offset] != word[offset]:
            return False
    after = data[at + len(word)]
    return not (after == 95 or 48 <= after <= 57 or 65 <= after <= 90 or 97 <= after <= 122)


@compiled
def _wanted_tags(data, keys, out):
    size = len(data)
    base = data.ctypes.data
    count = 0
    at = 0
    while at < size:
        place = _memchr(base + at, 60, size - at)
        if place == 0:
            break
        at = place - base + 1
        if _is_name(data, at, b"meta"):
            kind, start = META, at + 4
        elif _is_name(data, at, b"link"):
            kind, start = LINK, at + 4
        elif _is_name(data, at, b"title"):
            kind, start = TITLE, at + 5
        elif _is_name(data, at, b"html"):
            kind, start = HTML, at + 4
        else:
            continue
        end = start
        value = -1  # where the value that is being read begins
        wanted = kind in (TITLE, HTML)
        while end < size and data[end] != 60 and data[end] != 62:
            if data[end] == 34:
                if value >= 0:
                    wanted = wanted or _is_wanted(data, value, end, keys)
                    value = -1
                if data[end - 1] == 61:
                    value = end + 1
            end += 1
        at = end
        if end == size or data[end] == 60:  # no tag
            continue
        if kind == LINK:
            wanted = _says(data, start, end, _CANONICAL)
        if wanted:
            if count < len(out):
                out[count, 0], out[count, 1], out[count, 2] = kind, start, end
            count += 1
    return count
