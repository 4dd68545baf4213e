"""Runs of words of several lengths, looked for in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tasks.decontaminate.hashset import hash_set
from tasks.jit import compiled

HEAD = 2


@dataclass(frozen=True)
class Runs:
    """Where runs of words stand that are sought: first word (int64), hash (uint64), number of the text, and the last
    word of that text + 1 (int64)."""

    words: np.ndarray
    hashes: np.ndarray
    texts: np.ndarray
    ends: np.ndarray


@dataclass(frozen=True)
class RunSets:
    """The hashes that are sought, a set for each length in words: the sets' `slots` and `bits`
    (`tasks.decontaminate.hashset`) one after another, and where each length's begin.

    guarded: whether the runs of a length are looked for only where their first `HEAD` words are among `heads` (the
    bits of a set): that is one question instead of one for each length, and its answer is mostly no.
    """

    lengths: np.ndarray
    guarded: np.ndarray
    heads: np.ndarray
    slots: np.ndarray
    slot_places: np.ndarray
    bits: np.ndarray
    bit_places: np.ndarray


def run_sets(wanted: Mapping[int, np.ndarray], heads: np.ndarray, longest: int) -> RunSets:
    """The sets of these hashes.

    wanted: length in words -> hashes (`run_hashes`) of runs so long. heads: the hashes of the first `HEAD` words of
    those that are longer than `HEAD` and shorter than `longest`.
    """
    lengths = sorted(length for length in wanted if len(wanted[length]))
    sets = [hash_set(wanted[length]) for length in lengths]
    none = np.empty(0, np.uint64)
    return RunSets(
        np.array(lengths, np.int64),
        np.array([HEAD < length < longest for length in lengths], bool),
        hash_set(heads).bits,
        np.concatenate([none, *(one.slots for one in sets)]),
        np.cumsum([0, *(len(one.slots) for one in sets)]),
        np.concatenate([none, *(one.bits for one in sets)]),
        np.cumsum([0, *(len(one.bits) for one in sets)]),
    )


def run_hashes(codes: np.ndarray, texts: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Hash (uint64) and first word (int64) of every run of `length` words inside a text, in order.

    codes: uint64 hashes of the words; the words of text i are those from texts[i] to texts[i + 1].
    """
    return _run_hashes(codes, texts, length)


def find_runs(codes: np.ndarray, texts: np.ndarray, sets: RunSets) -> dict[int, Runs]:
    """length -> the runs of these words that are in the set of that length, in order."""
    prefixes = _prefixes(codes)
    guarded = None
    found = {}
    for number, length in enumerate(sets.lengths.tolist()):
        bits = sets.bits[sets.bit_places[number] : sets.bit_places[number + 1]]
        slots = sets.slots[sets.slot_places[number] : sets.slot_places[number + 1]]
        if not sets.guarded[number]:
            words = _passing(prefixes, length, bits)
        else:
            if guarded is None:
                guarded = _passing(prefixes, HEAD, sets.heads)
            words = guarded[: np.searchsorted(guarded, len(codes) - length, side="right")]
        words, hashes = _sought(prefixes, length, words, slots)
        owners = np.searchsorted(texts, words, side="right") - 1
        ends = texts[owners + 1]
        inside = words + length <= ends  # hashes are made across texts as well
        if inside.any():
            found[length] = Runs(words[inside], hashes[inside], owners[inside], ends[inside])
    return found


@compiled
def _mixed(value):
    """The finaliser of splitmix64: a bijection in which every input bit moves every output bit."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled
def _power(length):
    value = np.uint64(1)
    for _ in range(length):
        value = value * np.uint64(0x9E3779B97F4A7C15)
    return value


@compiled
def _prefixes(codes):
    """Polynomials of the first 0, 1, ... hashes, modulo 2^64."""
    prefixes = np.empty(len(codes) + 1, np.uint64)
    value = np.uint64(0)
    prefixes[0] = value
    for word in range(len(codes)):
        value = value * np.uint64(0x9E3779B97F4A7C15) + codes[word]
        prefixes[word + 1] = value
    return prefixes


@compiled
def _run_hashes(codes, texts, length):
    prefixes = _prefixes(codes)
    power = _power(length)
    hashes = np.empty(len(codes), np.uint64)
    firsts = np.empty(len(codes), np.int64)
    count = 0
    for text in range(len(texts) - 1):
        for word in range(texts[text], texts[text + 1] - length + 1):
            hashes[count] = _mixed(prefixes[word + length] - prefixes[word] * power)
            firsts[count] = word
            count += 1
    return hashes[:count], firsts[:count]


@compiled
def _passing(prefixes, length, bits):
    """The first words of runs whose hashes may be in a set with these bits: without a branch in the loop."""
    power = _power(length)
    mask = np.uint64(len(bits) - 1)
    words = np.empty(max(len(prefixes) - length, 0) + 1, np.int64)
    count = np.int64(0)
    for word in range(len(prefixes) - length):
        bit = _mixed(prefixes[word + length] - prefixes[word] * power) >> np.uint64(32)
        lane = bits[(bit >> np.uint64(6)) & mask]
        words[count] = word
        count += np.int64((lane >> (bit & np.uint64(63))) & np.uint64(1))
    return words[:count].copy()


@compiled
def _sought(prefixes, length, words, slots):
    """Those of the runs that begin at `words` whose hashes are in the set with these slots, and the hashes."""
    power = _power(length)
    mask = np.uint64(len(slots) - 1)
    found = np.empty(len(words), np.int64)
    hashes = np.empty(len(words), np.uint64)
    count = 0
    for word in words:
        value = max(_mixed(prefixes[word + length] - prefixes[word] * power), np.uint64(1))
        at = value & mask
        while slots[at] != 0 and slots[at] != value:
            at = (at + np.uint64(1)) & mask
        if slots[at] == value:
            found[count] = word
            hashes[count] = value
            count += 1
    return found[:count].copy(), hashes[:count].copy()
