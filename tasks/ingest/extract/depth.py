"""How deep a page's elements are nested, and how many there are, from its bytes, in compiled passes.

A closing tag counts only while an element of its name is open: a page can't hide its depth behind closing tags of
nothing. Elements that close by themselves (`FLAT`) don't count. Scripts and comments are read like the rest, so the
depth is rather too large than too small.
"""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract.memory import search
from tasks.jit import compiled
from tasks.text import FNV_START, fnv, fnv1a, key_table, slot_of

FLAT = "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th option thead tbody tfoot"
SLOTS = 4096  # of the table of names; a page with half as many different names counts as endlessly deep
ENDLESS = 1 << 40
_FLAT_MARK = -1

# The hashes of the names (`tasks.text.key_table`), and how many elements of each are open.
KEYS, _flat = key_table((fnv1a(name.encode()) | 1 for name in FLAT.split()), SLOTS)
OPENED = np.zeros(SLOTS, dtype=np.int64)
OPENED[_flat] = _FLAT_MARK
# The pass leaves the tables as it finds them, and no other runs beside it (compiled code holds the interpreter's lock):
# copying them for every page took as long as walking it.
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
    size = len(data)
    depth = deepest = names = at = 0
    while at < size:
        at = search(data, at, 60) + 1
        if at > size:
            break
        closing = at < size and data[at] == 47
        if closing:
            at += 1
        key = FNV_START
        first = at
        while at < size:
            byte = data[at]
            if 65 <= byte <= 90:
                byte = np.uint8(byte + 32)
            # A name begins with a letter and goes on to white space, `/` or `>`.
            if byte <= 32 or byte == 47 or byte == 62 or (at == first and not 97 <= byte <= 122):
                break
            key = fnv(key, byte)
            at += 1
        if at == first:
            continue
        key |= np.uint64(1)
        place = slot_of(keys, np.uint64(SLOTS - 1), key)
        if keys[place] == 0:
            if names == SLOTS // 2:
                deepest = ENDLESS
                break
            used[names] = place
            names += 1
            keys[place] = key
        if opened[place] == _FLAT_MARK:
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
