"""Tables of open addressing for compiled code: 64-bit keys, 0 in free slots, as many slots as a power of two.

A key's first slot is told by its upper bits, spread; from there on each one is looked at. `HashSet` has a filter in front,
which makes it quick where most answers are no.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tasks.jit import compiled, inner
from tasks.text.hashing import GOLDEN

U64 = np.uint64

_BITS_EACH = 32  # of the filter in front of the table: about 3 % of the absent hashes pass it


@dataclass(frozen=True)
class HashSet:
    """slots: uint64, an open-addressing table, at most half full; 0 marks a free slot (a hash 0 counts as 1).
    bits: uint64, one bit set for each hash, in front of the table: it stays in the cache."""

    slots: np.ndarray
    bits: np.ndarray

    def contains(self, hashes: np.ndarray) -> np.ndarray:
        """Which hashes (uint64) are in the set: bool."""
        return _contained(hashes, self.slots, self.bits)


def hash_set(hashes: np.ndarray) -> HashSet:
    """The set of hashes (uint64, any order, repeats allowed)."""
    return HashSet(table_slots(hashes), filter_bits(hashes))


def table_slots(hashes: np.ndarray) -> np.ndarray:
    """The `slots` of the set of hashes alone."""
    slots = np.zeros(_power(2 * len(hashes), 16), np.uint64)
    _fill(slots, hashes)
    return slots


def filter_bits(hashes: np.ndarray) -> np.ndarray:
    """The `bits` of the set of hashes alone: they tell most of what isn't in it."""
    bits = np.zeros(_power(_BITS_EACH * len(hashes) // 64, 16), np.uint64)
    _set_bits(bits, hashes)
    return bits


def _power(least: int, size: int) -> int:
    while size < least:
        size *= 2
    return size


def key_table(keys: Iterable[int], size: int) -> tuple[np.ndarray, list[int]]:
    """A table of keys (not 0), uint64 (size,), and where each stands: `slot_of`, said plainly."""
    table, places = np.zeros(size, np.uint64), []
    for key in keys:
        slot = (key * int(GOLDEN) >> 32) % size
        while table[slot] not in (0, key):
            slot = (slot + 1) % size
        table[slot] = key
        places.append(slot)
    return table, places


@inner
def slot_of(table, mask, key):
    """Where a key (not 0) stands in the table's first mask + 1 slots, or the free slot where it would: uint64."""
    slot = ((key * GOLDEN) >> U64(32)) & mask
    while table[slot] != U64(0) and table[slot] != key:
        slot = (slot + U64(1)) & mask
    return slot


@inner
def passes(bits, key):
    """1 if a filter's bits let a key pass that may be in its set, else 0."""
    bit = key >> U64(32)
    return np.int64((bits[(bit >> U64(6)) & U64(len(bits) - 1)] >> (bit & U64(63))) & U64(1))


@compiled
def _set_bits(bits, hashes):
    for value in hashes:
        bit = max(value, U64(1)) >> U64(32)
        bits[(bit >> U64(6)) & U64(len(bits) - 1)] |= U64(1) << (bit & U64(63))


@compiled
def _fill(slots, hashes):
    mask = U64(len(slots) - 1)
    for value in hashes:
        key = max(value, U64(1))
        slots[slot_of(slots, mask, key)] = key


@compiled
def _contained(hashes, slots, bits):
    mask = U64(len(slots) - 1)
    found = np.zeros(len(hashes), np.bool_)
    for i in range(len(hashes)):
        key = max(hashes[i], U64(1))
        if passes(bits, key):
            found[i] = slots[slot_of(slots, mask, key)] == key
    return found
