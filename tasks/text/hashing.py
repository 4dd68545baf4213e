"""The hashes that kernels make, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tasks.jit import inner

U32, U64 = np.uint32, np.uint64
FNV_START, FNV_PRIME = U64(0xCBF29CE484222325), U64(0x100000001B3)
GOLDEN = U64(0x9E3779B97F4A7C15)  # 2^64 by the golden ratio: spreads keys; the base of polynomials of hashes
_MURMUR_1, _MURMUR_2 = U64(0xFF51AFD7ED558CCD), U64(0xC4CEB9FE1A85EC53)
_SPLITMIX_1, _SPLITMIX_2 = U64(0xBF58476D1CE4E5B9), U64(0x94D049BB133111EB)
_XXH_1, _XXH_2, _XXH_3, _XXH_4, _XXH_5 = (
    U32(prime) for prime in (2654435761, 2246822519, 3266489917, 668265263, 374761393)
)


@inner
def fnv(value, item):
    """A step of 64-bit FNV-1a, from `FNV_START` on, over bytes or code points."""
    return (value ^ U64(item)) * FNV_PRIME


def fnv1a(items: Iterable[int]) -> int:
    """64-bit FNV-1a of bytes or code points: `fnv`, said plainly."""
    value = int(FNV_START)
    for item in items:
        value = (value ^ item) * int(FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return value


@inner
def murmur_mixed(value):
    """MurmurHash3's finaliser for 64 bits, never 0."""
    value = (value ^ (value >> U64(33))) * _MURMUR_1
    value = (value ^ (value >> U64(33))) * _MURMUR_2
    value ^= value >> U64(33)
    return value if value != U64(0) else U64(1)


def murmur_mixed_plainly(value: int) -> int:
    """`murmur_mixed`, said plainly."""
    for factor in (int(_MURMUR_1), int(_MURMUR_2), 1):
        value = (value ^ value >> 33) * factor & 0xFFFFFFFFFFFFFFFF
    return value or 1


@inner
def murmur_mixed32(value):
    """MurmurHash3's finaliser for 32 bits."""
    value = U32((value ^ (value >> U32(16))) * U32(0x85EBCA6B))
    value = U32((value ^ (value >> U32(13))) * U32(0xC2B2AE35))
    return U32(value ^ (value >> U32(16)))


@inner
def splitmix(value):
    """The finaliser of splitmix64: a bijection in which every input bit moves every output bit."""
    value = (value ^ (value >> U64(30))) * _SPLITMIX_1
    value = (value ^ (value >> U64(27))) * _SPLITMIX_2
    return value ^ (value >> U64(31))


@inner
def power(length):
    """GOLDEN to the power of a length: what the first of so many hashes and one is multiplied by in a polynomial."""
    value = U64(1)
    for _ in range(length):
        value = value * GOLDEN
    return value


@inner
def chained(value, item):
    """A hash of several: each is mixed in after those before it."""
    value = (value ^ U64(item)) * _SPLITMIX_1
    return value ^ (value >> U64(29))


@inner
def eight_bytes(data, at):
    """The bytes from `at` (uint64) on as one number, the first one highest: compiled to a single load."""
    value = U64(0)
    for offset in range(U64(8)):
        value = (value << U64(8)) | U64(data[at + offset])
    return value


@inner
def xxh32(data, start, end):
    """xxHash32 of data[start:end] with seed 0, after the algorithm's specification. Reads up to four bytes beyond."""
    at = U64(start)
    stop = U64(end)
    length = U32(stop - at)
    value = _XXH_5
    if stop - at >= U64(16):
        one = U32(_XXH_1 + _XXH_2)
        two = _XXH_2
        three = U32(0)
        four = U32(U32(0) - _XXH_1)
        while at + U64(16) <= stop:
            one = _xxh_round(one, data, at)
            two = _xxh_round(two, data, at + U64(4))
            three = _xxh_round(three, data, at + U64(8))
            four = _xxh_round(four, data, at + U64(12))
            at += U64(16)
        value = U32(_rotated(one, 1) + _rotated(two, 7) + _rotated(three, 12) + _rotated(four, 18))
    value = U32(value + length)
    for _ in range(3):  # at most three lanes and three bytes are left, as no branch could know before
        lane = U32(_rotated(U32(value + _lane(data, at) * _XXH_3), 17) * _XXH_4)
        more = at + U64(4) <= stop
        value = lane if more else value
        at += U64(4) if more else U64(0)
    for _ in range(3):
        byte = U32(_rotated(U32(value + U32(data[at]) * _XXH_5), 11) * _XXH_1)
        more = at < stop
        value = byte if more else value
        at += U64(1) if more else U64(0)
    value = U32((value ^ (value >> U32(15))) * _XXH_2)
    value = U32((value ^ (value >> U32(13))) * _XXH_3)
    return U32(value ^ (value >> U32(16)))


@inner
def _xxh_round(value, data, at):
    return U32(_rotated(U32(value + _lane(data, at) * _XXH_2), 13) * _XXH_1)


@inner
def _rotated(value, bits):
    return U32((value << U32(bits)) | (value >> U32(32 - bits)))


@inner
def _lane(data, at):
    """Four bytes, little-endian."""
    return (
        U32(data[at])
        | (U32(data[at + U64(1)]) << U32(8))
        | (U32(data[at + U64(2)]) << U32(16))
        | (U32(data[at + U64(3)]) << U32(24))
    )
