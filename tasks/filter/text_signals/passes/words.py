"""Words of three kinds: `characters`' own, those between whitespace, and those of Unicode's annex 29."""

from __future__ import annotations

import numpy as np

from tasks.filter.text_signals.characters import DIGIT, LETTER, SPACE, SYMBOL
from tasks.filter.text_signals.passes.annex import annex_word, break_class
from tasks.filter.text_signals.passes.copies import hash_of
from tasks.filter.text_signals.passes.own_words import cut_chunk
from tasks.filter.text_signals.word_breaks import JOINER
from tasks.jit import inner
from tasks.text import FNV_START, fnv, murmur_mixed, slot_of

U64 = np.uint64
OWN, SPLIT, ANNEX, COVERED = range(
    4
)  # kinds of words; where the last of one's own ends that n-grams are taken over
# Gopher's eight, four bytes of small letters each: what the, be, to, of, and, that, have, with are read as.
GOPHER_STOPS = np.array(
    [int.from_bytes(word, "little") for word in b"the be to of and that have with".split()], dtype=np.int64
)


@inner
def count_words(points, classes, starts, break_table, n, limit, stops, numbers, hashes, lengths, kept, out):
    """Counts words of each kind; a chunk of ASCII letters and digits, which most are, is one word of each.

    stops, numbers: a language's row of `stop_words.tables`. Leaves hash and cumulative length of the first `limit` of
    each kind in its row of `hashes` and `lengths`, their number in `kept`.
    """
    found, gopher = U64(0), 0
    for kind in range(len(kept)):
        kept[kind] = 0
    i = 0
    while i < n:
        if classes[i] & SPACE:
            i += 1
            continue
        a = i
        i, value, seen, widest, plain = _chunk(points, classes, a, n)
        length = i - a
        out.split_words += 1
        out.split_word_characters += length
        out.split_alphabetic_words += seen & LETTER != 0
        out.dclm_words += classes[a] & (LETTER | DIGIT) != 0
        stop = _gopher_stop(points, a, i) if 2 <= length <= 4 and widest < 128 else -1
        if stop >= 0:
            out.split_stop_words += 1
            gopher |= 1 << stop
        _keep(SPLIT, value, length, limit, hashes, lengths, kept)
        if plain and widest < 128:
            found |= _count_word(value, seen, 0, length, stops, numbers, out)
            if _keep(OWN, value, length, limit, hashes, lengths, kept):
                kept[COVERED] = i
            _keep(ANNEX, value, length, limit, hashes, lengths, kept)
        else:
            cut_chunk(points, classes, starts, a, i)
            found |= _own_words(
                points, classes, starts, a, i, limit, stops, numbers, hashes, lengths, kept, out
            )
            _annex_words(points, classes, break_table, a, i, limit, hashes, lengths, kept)
    out.stop_words = _ones(found)
    out.distinct_split_stop_words = _ones(U64(gopher))
    out.ngram_characters = n if out.words == kept[OWN] else kept[COVERED]
    out.split_ngram_characters = lengths[SPLIT, kept[SPLIT]]
    out.dclm_ngram_characters = lengths[ANNEX, kept[ANNEX]]


@inner
def _chunk(points, classes, i, n):
    """Of the chunk that starts at i: its end, hash, classes, all bits of its code points, whether it is letters and
    digits."""
    seen = 0
    widest = np.int32(0)
    odd = False
    value = FNV_START
    while i < n:
        k = classes[i]
        if k & SPACE:
            break
        c = points[i]
        seen |= k
        odd |= k & (LETTER | DIGIT) == 0
        widest |= c
        value = fnv(value, c)
        i += 1
    return i, murmur_mixed(value), seen, widest, not odd


@inner
def _keep(kind, value, length, limit, hashes, lengths, kept):
    """Notes a word of a kind; whether there was room."""
    n = kept[kind]
    if n == limit:
        return False
    hashes[kind, n] = value
    lengths[kind, n + 1] = lengths[kind, n] + length
    kept[kind] = n + 1
    return True


@inner
def _count_word(value, seen, symbols, length, stops, numbers, out):
    """Counts one of our own words; returns a bit for the stop word that it is."""
    out.words += 1
    if not symbols:
        out.real_words += 1
        out.real_word_characters += length
    if not seen & LETTER:
        return U64(0)
    out.alphabetic_words += 1
    slot = slot_of(stops, U64(len(stops) - 1), value)
    return U64(1) << U64(numbers[slot]) if stops[slot] == value else U64(0)


@inner
def _own_words(points, classes, starts, a, b, limit, stops, numbers, hashes, lengths, kept, out):
    """Counts the words of the chunk [a, b), cut at `starts`; returns the stop words among them as bits."""
    found = U64(0)
    i = a
    while i < b:
        start = i
        seen = 0
        symbols = SYMBOL
        value = FNV_START
        while True:
            k = classes[i]
            seen |= k
            symbols &= k
            value = fnv(value, points[i])
            i += 1
            if i >= b or starts[i]:
                break
        value = murmur_mixed(value)
        found |= _count_word(value, seen, symbols, i - start, stops, numbers, out)
        if _keep(OWN, value, i - start, limit, hashes, lengths, kept):
            kept[COVERED] = i
    return found


@inner
def _annex_words(points, classes, break_table, a, b, limit, hashes, lengths, kept):
    """Notes the annex's words of the chunk [a, b) that start with a letter or a number."""
    i = a
    while i < b and kept[ANNEX] < limit:
        textual = classes[i] & (LETTER | DIGIT) != 0
        if not textual and break_class(points, break_table, i) != JOINER:
            i += 1
            continue
        end = annex_word(points, break_table, i, b)
        if textual:
            _keep(ANNEX, hash_of(points, i, end), end - i, limit, hashes, lengths, kept)
        i = end


@inner
def _gopher_stop(points, a, b):
    """The number of the stop word of Gopher's eight that [a, b), ASCII, is, in small letters or large; -1 for none."""
    packed = 0
    for i in range(a, b):
        packed |= np.int64(points[i] | 32) << (8 * (i - a))
    for stop in range(len(GOPHER_STOPS)):
        if GOPHER_STOPS[stop] == packed:
            return stop
    return -1


@inner
def _ones(bits):
    count = 0
    while bits != U64(0):
        count += 1
        bits &= bits - U64(1)
    return count
