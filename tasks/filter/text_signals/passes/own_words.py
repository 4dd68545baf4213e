"""Where the words of a chunk begin, as `characters` defines them."""

from __future__ import annotations

from tasks.filter.text_signals.characters import DIGIT, EDGE, LETTER, LOWER, UPPER
from tasks.jit import inner


@inner
def _is_apostrophe(c):
    return c == 39 or c == 0x2019


@inner
def _clitic(points, classes, i, j):
    """Where the clitic of the core [i, j) starts; j if it has none."""
    for letters in range(1, 3):
        p = j - letters - 1
        if p <= i:
            return j
        if _is_apostrophe(points[p]):
            for k in range(p + 1, j):
                if not classes[k] & LETTER:
                    return j
            if letters == 1 and points[j - 1] | 32 == 116 and points[p - 1] | 32 == 110:  # n't
                return p - 1 if p - 1 > i else j
            return p
    return j


@inner
def _is_url(points, classes, i, j):
    """Whether the core [i, j) starts with www. or with letters and ://, and goes on."""
    if (
        j - i > 4
        and points[i + 3] == 46
        and points[i] | 32 == points[i + 1] | 32 == points[i + 2] | 32 == 119
    ):
        return True
    k = i
    while k < j and classes[k] & LETTER:
        k += 1
    return k > i and k + 3 < j and points[k] == 58 and points[k + 1] == 47 and points[k + 2] == 47


@inner
def _cut_edges(points, starts, i, j):
    """Cuts [i, j), edge characters only: each is a word, a run of full stops is one."""
    while i < j:
        starts[i] = 1
        c = points[i]
        i += 1
        if c == 46:
            while i < j and points[i] == 46:
                i += 1


@inner
def _infix_end(points, classes, i, k, j):
    """Where the infix that starts at k ends, within the core [i, j); k if none does."""
    c = points[k]
    if classes[k] & (LETTER | DIGIT) or c == 38 or c == 95:
        return k
    if c == 0x2026:
        return k + 1
    before = classes[k - 1]
    if c == 46:
        end = k + 1
        while end < j and points[end] == 46:
            end += 1
        if end - k > 1 or (before & LOWER and end < j and classes[end] & UPPER):
            return end
        return k
    if before & LETTER and (c == 45 or c == 0x2010 or c == 0x2011 or c == 0x2013 or c == 0x2014):
        end = k + 1
        while end < j and points[end] == c:
            end += 1
        if end < j and classes[end] & LETTER:
            return end
    if k + 1 >= j:
        return k
    after = classes[k + 1]
    if c == 44:
        return k + 1 if before & LETTER and after & LETTER else k
    if c == 58 or c == 60 or c == 61 or c == 62 or c == 47:
        return k + 1 if before & (LETTER | DIGIT) and after & LETTER else k
    if c == 43 or c == 45 or c == 42 or c == 94:
        return k + 1 if before & DIGIT and after & DIGIT else k
    return k


@inner
def cut_chunk(points, classes, starts, a, b):
    """Notes the starts of the words of the chunk [a, b): 1 in `starts`, and 0 elsewhere."""
    for i in range(a, b + 1):
        starts[i] = 0
    i = a
    while i < b and classes[i] & EDGE:
        i += 1
    j = b
    while j > i and classes[j - 1] & EDGE:
        j -= 1
    _cut_edges(points, starts, a, i)
    _cut_edges(points, starts, j, b)
    if i == j:
        return
    starts[i] = 1
    plain = True
    for k in range(i + 1, j):
        plain = plain and classes[k] & (LETTER | DIGIT) != 0
    if plain or _is_url(points, classes, i, j):
        return
    clitic = _clitic(points, classes, i, j)
    if clitic < j:
        starts[clitic] = 1
    k = i + 1
    while k < clitic:
        end = _infix_end(points, classes, i, k, clitic)
        if end > k:
            starts[k] = 1
            starts[end] = 1  # end < clitic, or the clitic's own start, or the start of what follows the core
            k = end
        k += 1
