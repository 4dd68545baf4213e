"""The most frequent and the duplicated n-grams of a text's words, from their hashes."""

from __future__ import annotations

import numpy as np

from tasks.filter.text_signals.passes.copies import capacity, emptied
from tasks.jit import inner
from tasks.text import GOLDEN, slot_of

U64 = np.uint64


@inner
def _count_occurrences(grams, places, count, keys, slots, place):
    """How often each of the n-grams at places[:count] occurs: slots[place[k], 0] for the k-th."""
    mask = emptied(keys, count)
    for k in range(count):
        h = grams[places[k]]
        slot = slot_of(keys, mask, h)
        if keys[slot] == U64(0):
            keys[slot] = h
            slots[slot, 0] = 0
            slots[slot, 1] = -1
        slots[slot, 0] += 1
        place[k] = slot


@inner
def _pairs(hashes, words, grams, places, seen):
    """The hashes of all 2-grams, and the places of those that may occur twice: their bytes of `seen` say so."""
    mask = U64(2 * capacity(words) - 1)
    for slot in range(mask + U64(1)):
        seen[slot] = 0
    for i in range(words - 1):
        h = hashes[i] * GOLDEN + hashes[i + 1]
        grams[i] = h if h != U64(0) else U64(1)
        slot = (h >> U64(20)) & mask
        seen[slot] += seen[slot] < 2
    count = 0
    for i in range(words - 1):
        places[count] = i
        count += seen[(grams[i] >> U64(20)) & mask] > 1
    return count


@inner
def count_ngrams(hashes, lengths, words, copies, buffers, out):
    """The most frequent 2- to 4-grams and the duplicated 5- to 10-grams, into nine counts (`counts.NGRAMS`).

    copies False (datatrove's): the most frequent counts with the spaces between its words, the first of equally
    frequent ones, even one that occurs once; of the duplicated, second and later ones, each skipped over once
    found. copies True (DCLM's): of equally frequent ones the longest, none that occurs once; of the duplicated,
    all that occur twice, a word never counted twice. Where an n-gram occurs twice, so do the shorter ones at
    its start and one word on: only such places are looked at again.
    """
    grams, places, keys, slots, place, seen = buffers
    count = _pairs(hashes, words, grams, places, seen)
    for size in range(2, 11):
        if words < size:
            return
        for k in range(count if size > 2 else 0):
            i = places[k]
            h = grams[i] * GOLDEN + hashes[i + size - 1]
            grams[i] = h if h != U64(0) else U64(1)
        _count_occurrences(grams, places, count, keys, slots, place)
        best, start, longest, duplicated = _frequent(lengths, places, count, slots, place, size, copies)
        if size > 4:
            out[size - 2] = duplicated
        elif copies:
            out[size - 2] = best * longest
        else:
            out[size - 2] = best * (lengths[start + size] - lengths[start] + size - 1)
        if size > 3 and best == 1:
            return
        count = _repeated(places, count, slots, place)


@inner
def _frequent(lengths, places, count, slots, place, size, copies):
    """Of the most frequent n-gram: how often it occurs, where first, the length of the longest; and duplicated characters."""
    best, start, longest = 1, 0, 0
    characters = until = 0  # of what is duplicated; where the last of it ended
    for k in range(count):
        times, i = slots[place[k], 0], places[k]
        if times < 2:
            continue
        length = lengths[i + size] - lengths[i]
        if times > best:
            best, start, longest = times, i, length
        elif times == best:
            longest = max(longest, length)
        if copies:
            characters += lengths[i + size] - lengths[max(i, until)]
            until = i + size
        elif i >= until:
            if slots[place[k], 1] >= 0:
                characters += length
                until = i + size
            slots[place[k], 1] = i
    return best, start, longest, characters


@inner
def _repeated(places, count, slots, place):
    """Keeps the places where an n-gram occurs twice, and the one a word on too; returns how many."""
    alive = 0
    for k in range(count):
        i = places[k]
        follows = k + 1 < count and places[k + 1] == i + 1
        if follows and slots[place[k], 0] > 1 and slots[place[k + 1], 0] > 1:
            places[alive] = i
            alive += 1
    return alive
