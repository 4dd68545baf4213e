"""Runs of words of several lengths, looked for in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tasks.jit import compiled, inner
from tasks.text import GOLDEN, filter_bits, passes, power, slot_of, splitmix, table_slots

HEAD = 2
_SAMPLE = 5


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
    """The hashes that are sought, a set for each length in words, and filters that tell where to look for them.

    lengths: ascending. slots: the sets' `slots` (`tasks.text.hashset`) one after another, and where each
    length's begin. The filters are bits of such sets: of all runs of one word; of the first `HEAD` words of those of
    other lengths; and, for those of `ngram` words, of any `sample` words of them. Of `ngram` words in a row there are
    `ngram - sample + 1` such samples, so that it is enough to look at every so manieth of a text.
    """

    ngram: int
    sample: int
    lengths: np.ndarray
    slots: np.ndarray
    slot_places: np.ndarray
    singles: np.ndarray
    heads: np.ndarray
    samples: np.ndarray


def run_sets(wanted: Mapping[int, np.ndarray], heads: np.ndarray, samples: np.ndarray, ngram: int) -> RunSets:
    """The sets of these hashes.

    wanted: length in words -> hashes (`run_hashes`) of runs so long. heads: of the first `HEAD` words of those that
    have so many, at least. samples: of all runs of `sample_length(ngram)` words in those of `ngram` words, at least.
    """
    lengths = sorted(length for length in wanted if len(wanted[length]))
    slots = [table_slots(wanted[length]) for length in lengths]
    none = np.empty(0, np.uint64)
    return RunSets(
        ngram,
        sample_length(ngram),
        np.array(lengths, np.int64),
        np.concatenate([none, *slots]),
        np.cumsum([0, *map(len, slots)]),
        filter_bits(wanted.get(1, none)),
        filter_bits(heads),
        filter_bits(samples),
    )


def sample_length(ngram: int) -> int:
    """Words in the samples of runs of `ngram` words."""
    return min(_SAMPLE, ngram)


def find_runs(codes: np.ndarray, texts: np.ndarray, sets: RunSets) -> dict[int, Runs]:
    """length -> the runs of these words that are in the set of that length, in order."""
    prefixes = _prefixes(codes)
    singles, heads = _beginnings(prefixes, sets.singles, sets.heads)
    found = {}
    for number, length in enumerate(sets.lengths.tolist()):
        slots = sets.slots[sets.slot_places[number] : sets.slot_places[number + 1]]
        if length == sets.ngram:
            words = _sampled(prefixes, length, sets.sample, sets.samples)
        else:
            words = singles if length == 1 else heads
            words = words[: np.searchsorted(words, len(codes) - length, side="right")]
        words, hashes = _sought(prefixes, length, words, slots)
        owners = np.searchsorted(texts, words, side="right") - 1
        ends = texts[owners + 1]
        inside = words + length <= ends  # hashes are made across texts as well
        if inside.any():
            found[length] = Runs(words[inside], hashes[inside], owners[inside], ends[inside])
    return found


@compiled
def _prefixes(codes):
    """Polynomials of the first 0, 1, ... hashes, modulo 2^64."""
    prefixes = np.empty(len(codes) + 1, np.uint64)
    value = np.uint64(0)
    prefixes[0] = value
    for word in range(len(codes)):
        value = value * GOLDEN + codes[word]
        prefixes[word + 1] = value
    return prefixes


@compiled
def run_hashes(codes, texts, length):
    """Hash (uint64) and first word (int64) of every run of `length` words inside a text, in order.

    codes: uint64 hashes of the words; the words of text i are those from texts[i] to texts[i + 1].
    """
    prefixes = _prefixes(codes)
    factor = power(length)
    hashes = np.empty(len(codes), np.uint64)
    firsts = np.empty(len(codes), np.int64)
    count = 0
    for text in range(len(texts) - 1):
        for word in range(texts[text], texts[text + 1] - length + 1):
            hashes[count] = _run_hash(prefixes, word, length, factor)
            firsts[count] = word
            count += 1
    return hashes[:count], firsts[:count]


@inner
def _run_hash(prefixes, word, length, factor):
    return splitmix(prefixes[word + length] - prefixes[word] * factor)


@compiled
def _beginnings(prefixes, singles, heads):
    """The words that pass the filter of single words, and those that pass with the next one that of heads: without a
    branch in the loop."""
    words = len(prefixes) - 1
    one = power(1)
    head = power(HEAD)
    alone = np.empty(words + 1, np.int64)
    first = np.empty(words + 1, np.int64)
    alone_count = np.int64(0)
    first_count = np.int64(0)
    for word in range(words - HEAD + 1):
        alone[alone_count] = word
        alone_count += passes(singles, _run_hash(prefixes, word, 1, one))
        first[first_count] = word
        first_count += passes(heads, _run_hash(prefixes, word, HEAD, head))
    for word in range(max(words - HEAD + 1, 0), words):
        alone[alone_count] = word
        alone_count += passes(singles, _run_hash(prefixes, word, 1, one))
    return alone[:alone_count].copy(), first[:first_count].copy()


@compiled
def _sampled(prefixes, length, sample, bits):
    """The first words of the runs of `length` words that have in them a sample that passes the filter."""
    last = len(prefixes) - 1 - length
    step = length - sample + 1
    factor = power(sample)
    found = np.empty(max(last, 0) + step, np.int64)
    count = 0
    for place in range(0, len(prefixes) - sample, step):
        if passes(bits, _run_hash(prefixes, place, sample, factor)):
            for word in range(max(place - step + 1, 0), min(place, last) + 1):
                found[count] = word
                count += 1
    return found[:count].copy()


@compiled
def _sought(prefixes, length, words, slots):
    """Those of the runs that begin at `words` whose hashes are in the set with these slots, and the hashes."""
    factor = power(length)
    mask = np.uint64(len(slots) - 1)
    found = np.empty(len(words), np.int64)
    hashes = np.empty(len(words), np.uint64)
    count = 0
    for word in words:
        value = max(_run_hash(prefixes, word, length, factor), np.uint64(1))
        if slots[slot_of(slots, mask, value)] == value:
            found[count] = word
            hashes[count] = value
            count += 1
    return found[:count].copy(), hashes[:count].copy()
