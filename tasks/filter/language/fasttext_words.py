"""What fastText makes of words, compiled: their rows, those of their character n-grams and of word n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np

from tasks.jit import compiled, inner

U32, U64 = np.uint32, np.uint64
FNV_START, FNV_PRIME = U32(2166136261), U32(16777619)
WIDE_START, WIDE_FACTOR = U64(0xCBF29CE484222325), U64(0x9E3779B97F4A7C15)
NGRAM_FACTOR = U64(116049371)
END_OF_LINE = np.frombuffer(b"</s>", dtype=np.uint8)
OPENING, CLOSING = np.uint8(60), np.uint8(62)  # < and > around a word
LABEL = np.frombuffer(b"__label__", dtype=np.uint8)
MEMORY_BYTES = 16 << 20  # for the sums of words that are remembered
LANES = 16  # columns that are added at once
PLACES = 16  # of a word whose n-grams are hashed side by side
LONGEST = 1 << 10  # bytes of a word that is looked up; longer ones are no words of a vocabulary


@inner
def _step(h, byte):
    # The byte is signed: from 0x80 on it reaches all 32 bits.
    return U32((h ^ U32(np.int8(byte))) * FNV_PRIME)


@inner
def _hash(data, a, b):
    h = FNV_START
    for i in range(a, b):
        h = _step(h, data[U64(i)])  # an unsigned index isn't looked at for being negative
    return h


def new_memory(dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for the sums of words: a model's, as they depend on nothing else.

    uint64 (words, 2), each word's hash and one more than the number of its vectors (0: it counts for nothing, a
    label); float32 (words, dim).
    """
    words = 1 << (MEMORY_BYTES // (4 * dim)).bit_length() - 1
    return np.zeros((words, 2), dtype=np.uint64), np.zeros((words, dim), dtype=np.float32)


@compiled
def index_words(words, offsets, index):
    """Puts each word's number into the open-addressed `index` (a power of two long, -1 where free)."""
    mask = len(index) - 1
    for word in range(len(offsets) - 1):
        slot = np.int64(_hash(words, offsets[word], offsets[word + 1])) & mask
        while index[slot] >= 0:
            slot = (slot + 1) & mask
        index[slot] = word


@inner
def _same(data, a, b, other, start, end):
    if b - a != end - start:
        return False
    for i in range(b - a):  # noqa: SIM110 - compiled
        if data[U64(a + i)] != other[U64(start + i)]:
            return False
    return True


@inner
def _find(data, a, b, h, words, offsets, index):
    """The number of the word [a, b) with the hash h; -1 if the vocabulary lacks it."""
    mask = len(index) - 1
    slot = np.int64(h) & mask
    while index[slot] >= 0:
        word = index[slot]
        if _same(data, a, b, words, offsets[word], offsets[word + 1]):
            return word
        slot = (slot + 1) & mask
    return np.int32(-1)


@inner
def _add_row(total, row):
    """Adds a row of vectors; as many columns as fill the lanes of vector instructions, so that it takes some."""
    for k in range(0, len(total), LANES):
        for j in range(LANES):
            total[U64(k + j)] += row[U64(k + j)]


@inner
def _bucket(h, size, inverse):
    """h modulo size, by a multiplication; h below 2^32, inverse = (2^32 - 1) // size."""
    bucket = np.int64(h) - np.int64((U64(h) * inverse) >> U64(32)) * size
    return bucket - size if bucket >= size else bucket


@inner
def _is_there(bits, bucket):
    """1 if pruning has left the bucket a row, else 0."""
    return np.int64((bits[bucket >> 6] >> U64(bucket & 63)) & U64(1))


@inner
def _row(bits, before, bucket):
    """The row of a bucket that has one.

    A bit says that it has, the bits before it how many rows are: a table of rows would be too large for the
    caches, and most n-grams of a text are not there.
    """
    lower = (U64(1) << U64(bucket & 63)) - U64(1)
    return before[bucket >> 6] + _ones(bits[bucket >> 6] & lower)


@inner
def _ones(x):
    x = x - ((x >> U64(1)) & U64(0x5555555555555555))
    x = (x & U64(0x3333333333333333)) + ((x >> U64(2)) & U64(0x3333333333333333))
    x = (x + (x >> U64(4))) & U64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * U64(0x0101010101010101)) >> U64(56))


@inner
def _step_character(data, i, a, b, h):
    """The hash h with the character of <word> at i added, and where the next one begins; the word is [a, b)."""
    if i < a:
        return _step(h, OPENING), a
    if i == b:
        return _step(h, CLOSING), b + 1
    h = _step(h, data[U64(i)])
    i += 1
    while i < b and data[U64(i)] & 0xC0 == 0x80:
        h = _step(h, data[U64(i)])
        i += 1
    return h, i


@inner
def _add_ngrams(
    data, a, b, min_n, max_n, bits, before, size, inverse, vectors, hashes, following, rows, total
):
    """Adds the vectors of the character n-grams of <word>, < and > alone left out; returns how many there were.

    Those that begin at PLACES characters grow together, so that one hash needn't wait for another.
    """
    count: Any = 0
    start: Any = a - 1
    while start < b:
        opening = start < a
        places: Any = 0
        while places < PLACES and start < b:
            hashes[places], following[places] = FNV_START, start
            _, start = _step_character(data, start, a, b, FNV_START)
            places += 1
        for n in range(1, max_n + 1):
            while places > 0 and following[places - 1] > b:
                places -= 1
            held: Any = 0
            for place in range(places):
                hashes[place], following[place] = _step_character(data, following[place], a, b, hashes[place])
                bucket = _bucket(hashes[place], size, inverse)
                rows[held] = bucket
                held += _is_there(bits, bucket) & (n >= min_n) & ((n > 1) | (place > 0) | (not opening))
            for k in range(held):
                _add_row(total, vectors[_row(bits, before, rows[k])])
            count += held
    return count


@inner
def _is_label(data, a, b):
    return b - a >= len(LABEL) and _same(data, a, a + len(LABEL), LABEL, 0, len(LABEL))


# Arrays come one by one: each that is taken out of a tuple costs an atomic count up and down.
@inner
def _add_word(
    data, a, b, vectors, words, offsets, index, bits, before, size, inverse, min_n, max_n,
    hashes, following, rows, total,
):  # fmt: skip
    """Adds what the word [a, b) is made of; returns how many vectors that is."""
    word = np.int32(-1)
    if b - a <= LONGEST:
        word = _find(data, a, b, _hash(data, a, b), words, offsets, index)
    count = 0
    if word >= 0:
        _add_row(total, vectors[word])
        count = 1
    if max_n > 0 and len(bits) > 0 and not _same(data, a, b, END_OF_LINE, 0, 4):
        count += _add_ngrams(
            data, a, b, min_n, max_n, bits, before, size, inverse, vectors, hashes, following, rows, total
        )
    return count


@inner
def _space(data, i, b):
    """The bytes of the whitespace character or NUL that begins at i; 0 where another character does.

    What Python's str.isspace calls whitespace: ASCII's, U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029,
    U+202F, U+205F, U+3000.
    """
    first = data[U64(i)]
    if first <= 32:
        return 1 if first == 32 or 9 <= first <= 13 or first >= 28 or first == 0 else 0
    if first < 0xC2 or first > 0xE3:
        return 0
    if first == 0xC2:
        return 2 if i + 1 < b and (data[i + 1] == 0x85 or data[i + 1] == 0xA0) else 0
    if first < 0xE1 or i + 2 >= b:
        return 0
    second, third = data[i + 1], data[i + 2]
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    if first == 0xE3:
        return 3 if second == 0x80 and third == 0x80 else 0
    if second == 0x80:
        return 3 if third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
    return 3 if second == 0x81 and third == 0x9F else 0


@inner
def _word(data, i, b):
    """Where the word that begins at i ends, and 64 bits that stand for it."""
    wide = WIDE_START
    while i < b and not _space(data, i, b):
        wide = (wide ^ U64(data[U64(i)])) * WIDE_FACTOR
        wide ^= wide >> U64(29)
        i += 1
    return i, wide


@inner
def _add_span(
    data, i, b, vectors, words, offsets, index, bits, before, size, inverse, min_n, max_n,
    hashes, following, rows, known, sums, hidden, words_seen, count,
):  # fmt: skip
    """Adds the words of [i, b); leaves their hashes for word n-grams; returns (vectors added, words)."""
    mask = len(known) - 1
    added: Any = 0
    while i < b:
        blank = _space(data, i, b)
        if blank:
            i += blank
            continue
        start = i
        i, wide = _word(data, i, b)
        slot = np.int64(wide >> U64(7)) & mask
        if known[slot, 0] != wide:
            sums[slot, :] = 0
            own = np.int64(-1)
            if not _is_label(data, start, i):
                own = _add_word(
                    data, start, i, vectors, words, offsets, index, bits, before, size, inverse, min_n, max_n,
                    hashes, following, rows, sums[slot],
                )  # fmt: skip
            known[slot, 0], known[slot, 1] = wide, U64(own + 1)
        own = np.int64(known[slot, 1]) - 1
        if own >= 0:
            if own > 0:
                _add_row(hidden, sums[slot])
                added += own
            if len(words_seen) > 0:
                words_seen[count] = np.int32(_hash(data, start, i))
                count += 1
    return added, count


@inner
def _add_word_ngrams(hashes, words, longest, bits, before, size, vectors, hidden):
    added = 0
    for i in range(words):
        h = U64(np.int64(hashes[i]))
        for j in range(i + 1, min(words, i + longest)):
            h = h * NGRAM_FACTOR + U64(np.int64(hashes[j]))
            bucket = np.int64(h % U64(size))
            if _is_there(bits, bucket):
                _add_row(hidden, vectors[_row(bits, before, bucket)])
                added += 1
    return added
