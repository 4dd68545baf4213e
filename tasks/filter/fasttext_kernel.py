"""fastText's prediction over UTF-8 bytes, compiled: no line is copied, no Python object made per text.

It sees a text as one line, as `predict` sees one whose whitespace is spaces: words between whitespace (Unicode's, for
pages are full of U+00A0, which fastText itself takes for a letter) and NULs, each the mean of its own vector and those of its character n-grams, then the end-of-line word. A literal
`</s>` in a text doesn't end the line, as it would there. Words come again: the sum of a word's vectors is
remembered, and added from there.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from tasks.jit import compiled

_OPTIONS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
inner: Any = numba.njit(**_OPTIONS)
adding: Any = numba.njit(fastmath=True, **_OPTIONS)

U32, U64 = np.uint32, np.uint64
FNV_START, FNV_PRIME = U32(2166136261), U32(16777619)
WIDE_START, WIDE_PRIME = U64(0xCBF29CE484222325), U64(0x100000001B3)
NGRAM_FACTOR = U64(116049371)
END_OF_LINE = np.frombuffer(b"</s>", dtype=np.uint8)
OPENING, CLOSING = np.uint8(60), np.uint8(62)  # < and > around a word
LABEL = np.frombuffer(b"__label__", dtype=np.uint8)
REMEMBERED = 1 << 13  # words
ROWS = 256  # n-grams of a word that are added at once
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
        h = _step(h, data[i])
    return h


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
        if data[a + i] != other[start + i]:
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


@adding
def _add_row(total, vectors, row):
    for k in range(vectors.shape[1]):
        total[k] += vectors[row, k]


@inner
def _bucket(h, size, inverse):
    """h modulo size, by a multiplication; h below 2^32, inverse = 2^32 // size."""
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
def _add_rows(vectors, bits, before, rows, count, total):
    """Adds the rows of buckets, eight columns at a time: sums stay in registers, rows are fetched side by side."""
    for n in range(count):
        rows[n] = _row(bits, before, np.int64(rows[n]))
    zero = np.float32(0)
    k = 0
    while k + 8 <= vectors.shape[1]:
        a0, a1, a2, a3, a4, a5, a6, a7 = zero, zero, zero, zero, zero, zero, zero, zero
        for n in range(count):
            row = rows[n]
            a0 += vectors[row, k]
            a1 += vectors[row, k + 1]
            a2 += vectors[row, k + 2]
            a3 += vectors[row, k + 3]
            a4 += vectors[row, k + 4]
            a5 += vectors[row, k + 5]
            a6 += vectors[row, k + 6]
            a7 += vectors[row, k + 7]
        total[k] += a0
        total[k + 1] += a1
        total[k + 2] += a2
        total[k + 3] += a3
        total[k + 4] += a4
        total[k + 5] += a5
        total[k + 6] += a6
        total[k + 7] += a7
        k += 8
    while k < vectors.shape[1]:
        for n in range(count):
            total[k] += vectors[rows[n], k]
        k += 1


@inner
def _add_ngrams(data, a, b, min_n, max_n, buckets, vectors, rows, total):
    """Adds the vectors of the character n-grams of <word>, < and > alone left out; returns how many there were."""
    bits, before, size, inverse = buckets
    count = held = 0
    for i in range(a - 1, b):
        h, j, n = FNV_START, i, 0
        if i < a:
            h, j, n = _step(FNV_START, OPENING), a, 1
        elif data[i] & 0xC0 == 0x80:
            continue
        while n < max_n and j <= b:
            if j < b:
                h = _step(h, data[j])
                j += 1
                while j < b and data[j] & 0xC0 == 0x80:
                    h = _step(h, data[j])
                    j += 1
            else:
                h = _step(h, CLOSING)
                j += 1
            n += 1
            if n >= min_n:  # without a branch: which n-grams are there can't be predicted
                bucket = _bucket(h, size, inverse)
                rows[held] = bucket
                held += _is_there(bits, bucket)
                if held == len(rows):
                    _add_rows(vectors, bits, before, rows, held, total)
                    count += held
                    held = 0
    _add_rows(vectors, bits, before, rows, held, total)
    return count + held


@inner
def _is_label(data, a, b):
    return b - a >= len(LABEL) and _same(data, a, a + len(LABEL), LABEL, 0, len(LABEL))


@inner
def _add_word(data, a, b, h, model, rows, total):
    """Adds what the word [a, b) is made of; returns how many vectors that is."""
    vectors, words, offsets, index, buckets, min_n, max_n = model
    word = _find(data, a, b, h, words, offsets, index) if b - a <= LONGEST else np.int32(-1)
    count = 0
    if word >= 0:
        _add_row(total, vectors, word)
        count = 1
    if max_n > 0 and len(buckets[0]) > 0 and not _same(data, a, b, END_OF_LINE, 0, 4):
        count += _add_ngrams(data, a, b, min_n, max_n, buckets, vectors, rows, total)
    return count


@inner
def _space(data, i, b):
    """The bytes of the whitespace character or NUL that begins at i; 0 where another character does.

    What Python's str.isspace calls whitespace: ASCII's, U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029,
    U+202F, U+205F, U+3000.
    """
    first = data[i]
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
def _add_span(data, a, b, model, memory, hidden, hashes, words):
    """Adds the words of [a, b); leaves their hashes for word n-grams; returns (vectors added, words)."""
    keys, sums, counts, rows = memory
    mask = len(keys) - 1
    added = 0
    i = a
    while i < b:
        blank = _space(data, i, b)
        if blank:
            i += blank
            continue
        start = i
        wide, h = WIDE_START, FNV_START
        while i < b and not _space(data, i, b):
            wide = (wide ^ U64(data[i])) * WIDE_PRIME
            h = _step(h, data[i])
            i += 1
        wide ^= wide >> U64(29)
        slot = np.int64(wide >> U64(7)) & mask
        if keys[slot] != wide:
            sums[slot, :] = 0
            counts[slot] = (
                -1 if _is_label(data, start, i) else _add_word(data, start, i, h, model, rows, sums[slot])
            )
            keys[slot] = wide
        if counts[slot] >= 0:
            if counts[slot] > 0:
                _add_row(hidden, sums, slot)
                added += counts[slot]
            if len(hashes) > 0:
                hashes[words] = np.int32(h)
                words += 1
    return added, words


@inner
def _add_word_ngrams(hashes, words, longest, buckets, vectors, hidden):
    added = 0
    bits, before, size, _ = buckets
    for i in range(words):
        h = U64(np.int64(hashes[i]))
        for j in range(i + 1, min(words, i + longest)):
            h = h * NGRAM_FACTOR + U64(np.int64(hashes[j]))
            bucket = np.int64(h % U64(size))
            if _is_there(bits, bucket):
                _add_row(hidden, vectors, _row(bits, before, bucket))
                added += 1
    return added


@adding
def _dot(hidden, output, row):
    total = np.float32(0)
    for k in range(len(hidden)):
        total += hidden[k] * output[row, k]
    return total


@inner
def _offer(label, score, fits, top, names):
    """Lets a label be the best or the second."""
    if not fits[label] or score <= top[1]:
        return
    if score > top[0]:
        names[1], top[1] = names[0], top[0]
        names[0], top[0] = label, score
    else:
        names[1], top[1] = label, score


@inner
def _search(hidden, output, tree, stack, weights, fits, top, names):
    """The two best leaves of a hierarchical softmax; a branch that can't hold one is not walked."""
    labels = len(output)
    stack[0], weights[0] = 2 * labels - 2, 1.0
    depth = 1 if labels > 1 else 0
    if labels == 1:
        _offer(0, 1.0, fits, top, names)
    while depth > 0:
        depth -= 1
        node, weight = stack[depth] - labels, weights[depth]
        if weight <= top[1]:
            continue
        right = 1.0 / (1.0 + np.exp(-np.float64(_dot(hidden, output, node))))
        likelier = 1 if right > 0.5 else 0
        for turn in range(2):  # the likelier child last: it is taken first
            side = likelier if turn else 1 - likelier
            child = tree[node, side]
            score = weight * ((right if side else 1.0 - right) + 1e-5)
            if child < labels:
                _offer(child, score, fits, top, names)
            else:
                stack[depth], weights[depth] = child, score
                depth += 1


@inner
def _all_labels(hidden, output, loss, scores, fits, top, names):
    """The two best of labels that each have a row; 1e-5 is added as `predict` adds it."""
    highest = -np.inf
    for label in range(len(output)):
        scores[label] = _dot(hidden, output, label)
        highest = max(highest, scores[label])
    total = 0.0
    for label in range(len(output)):
        x = scores[label]
        if loss == SOFTMAX:
            scores[label] = np.exp(x - highest)
            total += scores[label]
        else:  # fastText reads it from a table of 512 steps between -8 and 8
            scores[label] = (
                0.0
                if x < -8.0
                else 1.0
                if x > 8.0
                else 1.0 / (1.0 + np.exp(8.0 - np.floor((x + 8.0) * 32.0) / 32.0))
            )
    for label in range(len(output)):
        score = scores[label] / total if loss == SOFTMAX else scores[label]
        _offer(label, score + 1e-5, fits, top, names)


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
        byte = np.int64(data[i])
        if byte < 0x80:
            found[LATIN] += 97 <= byte | 32 <= 122
            i += 1
            continue
        size = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        cp = byte
        if size > 1:
            cp = byte & (0x3F >> (size - 1))
            for k in range(i + 1, min(i + size, b)):
                cp = cp << 6 | (np.int64(data[k]) & 0x3F)
        script = table[cp] if cp < len(table) else LETTERLESS
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
    buckets, min_n, max_n) of FastTextModel, and its output, loss, tree, word_ngrams; sample: bytes of a text
    that are looked at, in so many windows; script_table: uint8, code point -> script, 255 for none; allowed:
    uint64 (labels), the scripts of each label as bits; least: the share of a text's letters that a label's
    scripts must hold; with an empty script_table every label may win.
    names: int32 (n, 2), labels or -1, scores: float64 (n, 2); filled in.
    """
    vectors, _, _, _, buckets, _, _ = model
    dim = vectors.shape[1]
    labels = len(output)
    memory = (
        np.zeros(REMEMBERED, dtype=np.uint64),
        np.zeros((REMEMBERED, dim), dtype=np.float32),
        np.zeros(REMEMBERED, dtype=np.int32),
        np.empty(ROWS, dtype=np.int32),
    )
    hidden = np.empty(dim, dtype=np.float32)
    ending = np.zeros(dim, dtype=np.float32)
    ends = _add_word(END_OF_LINE, 0, 4, _hash(END_OF_LINE, 0, 4), model, memory[3], ending)
    stack, weights = np.empty(labels + 2, dtype=np.int32), np.empty(labels + 2, dtype=np.float64)
    fits, top = np.ones(labels, dtype=np.bool_), np.empty(2, dtype=np.float64)
    spans = np.empty((windows + 1, 2), dtype=np.int64)
    scripts = np.zeros(64 if len(script_table) > 0 else 0, dtype=np.int64)
    hashes = np.empty(min(sample, len(data)) // 2 + windows + 2 if word_ngrams > 1 else 0, dtype=np.int32)
    for t in range(len(offsets) - 1):
        names[t, :] = -1
        scores[t, :] = 0.0
        hidden[:] = ending
        scripts[:] = 0
        added, words = ends, 0
        for n in range(_spans(data, offsets[t], offsets[t + 1], sample, windows, spans)):
            some, words = _add_span(data, spans[n, 0], spans[n, 1], model, memory, hidden, hashes, words)
            added += some
            if len(script_table) > 0:
                _count_scripts(data, spans[n, 0], spans[n, 1], script_table, scripts)
        if word_ngrams > 1:
            hashes[words] = np.int32(_hash(END_OF_LINE, 0, 4))
            added += _add_word_ngrams(hashes, words + 1, word_ngrams, buckets, vectors, hidden)
        if added == 0 or offsets[t] == offsets[t + 1]:
            continue
        if len(script_table) > 0:
            _fit(scripts, allowed, least, fits)
        for k in range(dim):
            hidden[k] /= added
        top[:] = 0.0
        if loss == HIERARCHICAL:
            _search(hidden, output, tree, stack, weights, fits, top, names[t])
        else:
            _all_labels(hidden, output, loss, weights, fits, top, names[t])
        scores[t, 0], scores[t, 1] = top[0], top[1]
