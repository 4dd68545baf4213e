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

import numpy as np

from tasks.filter.language.fasttext_words import (
    END_OF_LINE,
    PLACES,
    U64,
    _add_span,
    _add_word,
    _add_word_ngrams,
    _hash,
    _space,
)
from tasks.jit import compiled, inner, reordering

HIERARCHICAL, SOFTMAX = 1, 3
LATIN, LETTERLESS = 0, 255  # of a table of scripts


@reordering
def _multiply(hidden, output, products):
    """The product of the hidden vector with each column of `output`."""
    products[:] = 0
    for k in range(len(hidden)):
        x = hidden[k]
        for j in range(output.shape[1]):
            products[j] += x * output[k, j]


@reordering
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


@inner
def _score_all(products, loss, tree, powers, exponents, chances, scores, labels):
    """Every label's score from its products, by the model's loss."""
    if loss == HIERARCHICAL:
        _logistic(products, powers, exponents, chances)
        _leaves(chances, tree, scores)
    else:
        _score_labels(products, labels, loss, scores)


@compiled
def predict_all(
    data, offsets, model, memory, output, loss, tree, word_ngrams, sample, windows, script_table, allowed, least,
    names, scores,
):  # fmt: skip
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
        for k in range(len(hidden)):
            hidden[k] = ending[k]
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
        _score_all(products, loss, tree, powers, exponents, chances, found, labels)
        _two_best(found, fits, names, scores, t)
