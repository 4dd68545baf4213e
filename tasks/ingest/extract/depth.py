"""How deep a page's elements are nested, and how many there are, from its bytes, in compiled passes.

A closing tag counts only while an element of its name is open: a page can't hide its depth behind closing tags of
nothing. Elements that close by themselves (`FLAT`) don't count. Scripts and comments are read like the rest, so the
depth is rather too large than too small.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from tasks.jit import compiled

FLAT = "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th option thead tbody tfoot"
SLOTS = 4096  # of the table of names; a page with half as many different names counts as endlessly deep
ENDLESS = 1 << 40
_FLAT_MARK = -1
_memchr: Any = numba.types.ExternalFunction(  # libc's
    "memchr", numba.types.intp(numba.types.intp, numba.types.intc, numba.types.uintp)
)


def _hash(name: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in name:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value | 1


def _table() -> tuple[np.ndarray, np.ndarray]:
    keys, opened = np.zeros(SLOTS, dtype=np.uint64), np.zeros(SLOTS, dtype=np.int64)
    for name in FLAT.split():
        key = _hash(name.encode())
        place = (key >> 20) % SLOTS
        while keys[place]:
            place = (place + 1) % SLOTS
        keys[place], opened[place] = key, _FLAT_MARK
    return keys, opened


# The pass leaves the tables as it finds them, and no other runs beside it (compiled code holds the interpreter's lock):
# copying them for every page took as long as walking it.
KEYS, OPENED = _table()
_USED = np.zeros(SLOTS // 2, dtype=np.int64)


def counts(html: bytes) -> tuple[int, int]:
    """How many `<` a page has, and how many `<opt` in either case: its tags, and its options, at most.

    >>> counts(b"<p>a < b<OPTION>")
    (3, 1)
    """
    tags, options = _counts(np.frombuffer(html, dtype=np.uint8))
    return int(tags), int(options)


def depth_of(html: bytes) -> int:
    """The nesting depth of a page's elements, or `ENDLESS`."""
    return int(_depth(np.frombuffer(html, dtype=np.uint8), KEYS, OPENED, _USED))


@compiled
def _counts(data):
    tags = options = 0
    for byte in data:  # two loops: this one is vector instructions, ten times as fast as `bytes.count`
        tags += byte == 60
    for at in range(len(data) - 3):
        options += (
            (data[at] == 60)
            & ((data[at + 1] | 32) == 111)
            & ((data[at + 2] | 32) == 112)
            & ((data[at + 3] | 32) == 116)
        )
    return tags, options


@compiled
def _depth(data, keys, opened, used):
    slots, flat, endless = 4096, -1, 1 << 40
    size = len(data)
    depth = deepest = names = at = 0
    base = data.ctypes.data
    while at < size:
        found = _memchr(base + at, 60, size - at)
        if found == 0:
            break
        at = found - base + 1
        closing = at < size and data[at] == 47
        if closing:
            at += 1
        key = np.uint64(0xCBF29CE484222325)
        first = at
        while at < size:
            byte = data[at]
            if 65 <= byte <= 90:
                byte = np.uint8(byte + 32)
            # A name begins with a letter and goes on to white space, `/` or `>`.
            if byte <= 32 or byte == 47 or byte == 62 or (at == first and not 97 <= byte <= 122):
                break
            key = (key ^ np.uint64(byte)) * np.uint64(0x100000001B3)
            at += 1
        if at == first:
            continue
        key |= np.uint64(1)
        place = np.int64((key >> np.uint64(20)) % np.uint64(slots))
        while keys[place] != 0 and keys[place] != key:
            place = (place + 1) % slots
        if keys[place] == 0:
            if names == slots // 2:
                deepest = endless
                break
            used[names] = place
            names += 1
            keys[place] = key
        if opened[place] == flat:
            continue
        if not closing:
            opened[place] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[place] > 0:
            opened[place] -= 1
            depth -= 1
    for at in range(names):
        keys[used[at]] = 0
        opened[used[at]] = 0
    return deepest
