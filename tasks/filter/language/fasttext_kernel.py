"""fastText's prediction over UTF-8 bytes, compiled: no line is copied, no Python object made per text.

It sees a text as one line, as `predict` sees one whose whitespace is spaces: words between whitespace (Unicode's, for
pages are full of U+00A0, which fastText itself takes for a letter) and NULs, each the mean of its own vector and those of its character n-grams, then the end-of-line word. A literal
`</s>` in a text doesn't end the line, as it would there. Words come again: the sum of a word's vectors is
remembered from text to text and call to call, and added from there.

What takes the time, and is laid out for it: most words of a text in a rare language are new, and of their n-grams one in seven has a
row (a bit says so); the output matrix is read by columns,
so that all labels' products are vector operations.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from tasks.jit import compiled

# Inner functions allocate nothing; without `_nrt` numba would count references to their arrays, atomically, at each call.
_OPTIONS: Any = {
    "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy", "_nrt": False,
}  # fmt: skip
inner: Any = numba.njit(**_OPTIONS)
adding: Any = numba.njit(fastmath=True, **_OPTIONS)

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
LONGEST = (
    1 << 10
)  # bytes of a word that are remembered or looked up; longer ones are no words of a vocabulary
HIERARCHICAL, SOFTMAX = 1, 3
LATIN, LETTERLESS = 0, 255  # of a table of scripts


@inner
def _step(h, byte):
    return U32(
        (h ^ U32(np.int8(byte))) * FNV_PRIME
    )  # the byte is signed: from 0x80 on it reaches all 32 bits


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
def _add_ngrams(data, a, b, min_n, max_n, bits, before, size, inverse, vectors, hashes, following, rows, total):
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
                hashes[place], following[place] = _step_character(
                    data, following[place], a, b, hashes[place]
                )
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


@adding
def _multiply(hidden, output, products):
    """The product of the hidden vector with each column of `output`."""
    products[:] = 0
    for k in range(len(hidden)):
        x = hidden[k]
        for j in range(output.shape[1]):
            products[j] += x * output[k, j]


@adding
def _logistic(x, powers, exponents, result):
    """1 / (1 + exp(-x)) to seven digits. powers, exponents: the same memory as float32 and as int32.

    exp(-x) is a power of two, written as a floating-point number's exponent, times a polynomial (Taylor's) between
    2^-0.5 and 2^0.5: operations that all have vector forms.
    """
    for j in range(len(x)):
        t = min(max(x[j] * np.float32(-1.44269504), np.float32(-126)), np.float32(126))
        whole = np.floor(t + np.float32(0.5))
        exponents[j] = (np.int32(whole) + np.int32(127)) << np.int32(23)
        f = (t - whole) * np.float32(0.69314718)
        p = np.float32(1 / 720) * f + np.float32(1 / 120)
        p = p * f + np.float32(1 / 24)
        p = p * f + np.float32(1 / 6)
        p = p * f + np.float32(0.5)
        p = p * f + np.float32(1)
        result[j] = p * f + np.float32(1)
    for j in range(len(x)):
        result[j] = np.float32(1) / (np.float32(1) + result[j] * powers[j])


@inner
def _leaves(right, tree, scores):
    """The scores of a hierarchical softmax's labels, the first of `scores`, and of its nodes, the rest.

    right: of each node, how likely its second child is. A node's children stand before it.
    """
    small = np.float32(1e-5)  # as `predict` adds it
    labels = len(tree) + 1
    scores[2 * labels - 2] = 1.0
    for node in range(labels - 2, -1, -1):
        weight, chance = scores[labels + node], right[node]
        scores[tree[node, 0]] = weight * (np.float32(1) - chance + small)
        scores[tree[node, 1]] = weight * (chance + small)


@inner
def _score_labels(products, labels, loss, scores):
    """The scores of labels that each have a row; 1e-5 is added as `predict` adds it."""
    highest = products[0]
    for label in range(labels):
        highest = max(highest, products[label])
    total = 0.0
    for label in range(labels):
        x = np.float64(products[label])
        if loss == SOFTMAX:
            score = np.exp(x - highest)
            total += score
        else:  # fastText reads it from a table of 512 steps between -8 and 8
            score = (
                0.0
                if x < -8.0
                else 1.0
                if x > 8.0
                else 1.0 / (1.0 + np.exp(8.0 - np.floor((x + 8.0) * 32.0) / 32.0))
            )
        scores[label] = score
    for label in range(labels):
        scores[label] = np.float32((scores[label] / total if loss == SOFTMAX else scores[label]) + 1e-5)


@inner
def _two_best(found, fits, names, scores, t):
    """The two best of the labels that fit, for text t; scores of 0 aren't."""
    first = second = np.float32(0)
    best = next_best = np.int32(-1)
    for label in range(len(fits)):
        score = found[label]
        if score > second and fits[label]:
            if score > first:
                next_best, second = best, first
                best, first = np.int32(label), score
            else:
                next_best, second = np.int32(label), score
    names[t, 0], names[t, 1] = best, next_best
    scores[t, 0], scores[t, 1] = first, second


@inner
def _cut(data, at, stop, step):
    """The nearest end of a word from `at` in steps of 1 or -1, at most 64 bytes on; else a code point's start."""
    for i in range(64):
        k = at + i * step
        if k == stop or _space(data, k, len(data)):
            return k
    while at != stop and data[at] & 0xC0 == 0x80:
        at += step
    return at


@inner
def _spans(data, a, b, sample, windows, spans):
    """The parts of [a, b) that are looked at: all, or evenly spread windows of `sample` bytes together."""
    if b - a <= sample:
        spans[0, 0], spans[0, 1] = a, b
        return 1
    width = sample // windows
    count = 0
    for n in range(windows):
        start = a + (b - a - width) * n // (windows - 1) if windows > 1 else a
        end = start + width
        start = _cut(data, start, b, 1) if start > a else a
        end = _cut(data, end, start, -1) if end < b else b
        if count > 0:
            start = max(start, spans[count - 1, 1])
        if start < end:
            spans[count, 0], spans[count, 1] = start, end
            count += 1
    return count


@inner
def _count_scripts(data, a, b, table, found):
    """Adds the letters of [a, b) to the counts of their scripts."""
    i = a
    while i < b:
        byte = np.int64(data[U64(i)])
        if byte < 0x80:
            found[LATIN] += 97 <= byte | 32 <= 122
            i += 1
            continue
        size = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        cp = byte
        if size > 1:
            cp = byte & (0x3F >> (size - 1))
            for k in range(i + 1, min(i + size, b)):
                cp = cp << 6 | (np.int64(data[U64(k)]) & 0x3F)
        script = table[U64(cp)] if cp < len(table) else LETTERLESS
        if script != LETTERLESS:
            found[script] += 1
        i += size


@inner
def _fit(scripts, allowed, least, fits):
    """Which labels' scripts hold at least the share `least` of the letters; none where there are no letters."""
    letters = 0
    highest = 0
    for script in range(len(scripts)):
        letters += scripts[script]
        highest = script if scripts[script] > scripts[highest] else highest
    alone = letters > 0 and scripts[highest] > (1.0 - least) * letters  # no other script has enough
    for label in range(len(fits)):
        if alone:
            fits[label] = (allowed[label] >> U64(highest)) & U64(1) != U64(0)
            continue
        own = 0
        for script in range(len(scripts)):
            own += scripts[script] * np.int64((allowed[label] >> U64(script)) & U64(1))
        fits[label] = letters > 0 and own >= least * letters


@compiled
def predict_all(
    data,
    offsets,
    model,
    memory,
    output,
    loss,
    tree,
    word_ngrams,
    sample,
    windows,
    script_table,
    allowed,
    least,
    names,
    scores,
):
    """The two most likely labels of each text.

    data: uint8, UTF-8 of all texts; offsets: int64 (n + 1); model: (vectors, words, word_offsets, index,
    buckets, min_n, max_n) of FastTextModel, and its output, loss, tree, word_ngrams; memory: `new_memory`'s, of
    this model; sample: bytes of a text that are looked at, in so many windows; script_table: uint8, code point ->
    script, 255 for none; allowed: uint64 (labels), the scripts of each label as bits; least: the share of a text's
    letters that a label's scripts must hold; with an empty script_table every label may win.
    names: int32 (n, 2), labels or -1, scores: float64 (n, 2); filled in.
    """
    vectors, vocabulary, word_offsets, index, (bits, before, size, inverse), min_n, max_n = model
    known, sums = memory
    labels = len(allowed)
    hashes, following = np.empty(PLACES, dtype=np.uint32), np.empty(PLACES, dtype=np.int64)
    rows = np.empty(PLACES, dtype=np.int64)
    hidden = np.empty(vectors.shape[1], dtype=np.float32)
    ending = np.zeros(vectors.shape[1], dtype=np.float32)
    ends = _add_word(
        END_OF_LINE, 0, 4, vectors, vocabulary, word_offsets, index, bits, before, size, inverse, min_n, max_n,
        hashes, following, rows, ending,
    )  # fmt: skip
    products = np.empty(output.shape[1], dtype=np.float32)
    chances = np.empty(output.shape[1], dtype=np.float32)
    exponents = np.empty(output.shape[1], dtype=np.int32)
    powers = exponents.view(np.float32)
    found = np.empty(2 * labels, dtype=np.float32)
    fits = np.ones(labels, dtype=np.bool_)
    spans = np.empty((windows + 1, 2), dtype=np.int64)
    scripts = np.zeros(64 if len(script_table) > 0 else 0, dtype=np.int64)
    words_seen = np.empty(min(sample, len(data)) // 2 + windows + 2 if word_ngrams > 1 else 0, dtype=np.int32)
    for t in range(len(offsets) - 1):
        names[t, :] = -1
        scores[t, :] = 0.0
        hidden[:] = ending
        scripts[:] = 0
        added, words = ends, 0
        for n in range(_spans(data, offsets[t], offsets[t + 1], sample, windows, spans)):
            some, words = _add_span(
                data, spans[n, 0], spans[n, 1], vectors, vocabulary, word_offsets, index, bits, before, size,
                inverse, min_n, max_n, hashes, following, rows, known, sums, hidden, words_seen, words,
            )  # fmt: skip
            added += some
            if len(script_table) > 0:
                _count_scripts(data, spans[n, 0], spans[n, 1], script_table, scripts)
        if word_ngrams > 1:
            words_seen[words] = np.int32(_hash(END_OF_LINE, 0, 4))
            added += _add_word_ngrams(words_seen, words + 1, word_ngrams, bits, before, size, vectors, hidden)
        if added == 0 or offsets[t] == offsets[t + 1]:
            continue
        if len(script_table) > 0:
            _fit(scripts, allowed, least, fits)
        for k in range(len(hidden)):
            hidden[k] /= added
        _multiply(hidden, output, products)
        if loss == HIERARCHICAL:
            _logistic(products, powers, exponents, chances)
            _leaves(chances, tree, found)
        else:
            _score_labels(products, labels, loss, found)
        _two_best(found, fits, names, scores, t)
