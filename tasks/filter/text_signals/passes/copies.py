"""Copies of words, lines and n-grams, told by their hashes: equal hashes are taken for equal ones."""

from __future__ import annotations

import numpy as np

from tasks.jit import inner
from tasks.text import FNV_START, fnv, murmur_mixed, slot_of

U64 = np.uint64


@inner
def hash_of(points, a, b):
    """A hash of code points, never 0."""
    value = FNV_START
    for i in range(a, b):
        value = fnv(value, points[i])
    return murmur_mixed(value)


@inner
def capacity(items):
    size = 16
    while size < 2 * items:
        size *= 2
    return size


@inner
def emptied(keys, items):
    """Makes a table of keys empty for so many items; returns its mask (`tasks.text.slot_of`)."""
    size = U64(capacity(items))
    for slot in range(size):
        keys[slot] = U64(0)
    return size - U64(1)


@inner
def known(keys, mask, value, room):
    """Puts a hash into a table with room for so many more; (whether it was there, room left)."""
    slot = slot_of(keys, mask, value)
    if keys[slot] == value:
        return True, room
    if room > 0:
        keys[slot] = value
        room -= 1
    return False, room
