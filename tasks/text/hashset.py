"""A set of 64-bit hashes that compiled code asks, quick where most answers are no."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.jit import compiled

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


@compiled
def _set_bits(bits, hashes):
    for value in hashes:
        bit = max(value, np.uint64(1)) >> np.uint64(32)
        bits[(bit >> np.uint64(6)) & np.uint64(len(bits) - 1)] |= np.uint64(1) << (bit & np.uint64(63))


@compiled
def _fill(slots, hashes):
    mask = np.uint64(len(slots) - 1)
    for value in hashes:
        value = max(value, np.uint64(1))
        at = value & mask
        while slots[at] != 0 and slots[at] != value:
            at = (at + np.uint64(1)) & mask
        slots[at] = value


@compiled
def _contained(hashes, slots, bits):
    mask = np.uint64(len(slots) - 1)
    words = np.uint64(len(bits) - 1)
    found = np.zeros(len(hashes), np.bool_)
    for i in range(len(hashes)):
        value = max(hashes[i], np.uint64(1))
        bit = value >> np.uint64(32)
        if (bits[(bit >> np.uint64(6)) & words] >> (bit & np.uint64(63))) & np.uint64(1):
            at = value & mask
            while slots[at] != 0 and slots[at] != value:
                at = (at + np.uint64(1)) & mask
            found[i] = slots[at] == value
    return found
