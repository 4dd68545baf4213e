"""A text as code points and their classes, and what is counted of single characters."""

from __future__ import annotations

import numpy as np

from tasks.filter.text_signals.characters import DIGIT, LETTER, SPACE, SYMBOL
from tasks.jit import inner
from tasks.text import code_point


@inner
def decode(data, start, end, table, points, classes):
    """UTF-8 (surrogates allowed) to code points and their classes; returns their number."""
    n = 0
    at = np.uint64(start)
    stop = np.uint64(end)
    while at < stop:
        point = np.uint64(data[at])
        if point < 128:
            at += np.uint64(1)
        else:
            point, at = code_point(data, at, stop)
        points[n] = point
        classes[n] = table[point] if point < len(table) else SYMBOL
        n += 1
    return n


@inner
def spaced_dots(points, i, end):
    """Whether `. . .` stands at i."""
    return (
        i + 4 < end
        and points[i] == 46
        and points[i + 1] == 32
        and points[i + 2] == 46
        and points[i + 3] == 32
        and points[i + 4] == 46
    )


@inner
def count_characters(points, classes, n, out):
    """Counts of characters; returns how many < and & there are."""
    spaces = letters = digits = hashes = newlines = markup = 0
    for i in range(n):  # no state: the compiler takes several characters at once
        k = classes[i]
        spaces += k & SPACE != 0
        letters += k & LETTER != 0
        digits += k & DIGIT != 0
        hashes += points[i] == 35
        newlines += points[i] == 10
        markup += (points[i] == 60) | (points[i] == 38)
    ellipses, spaced = _ellipses(points, n)
    out.characters = n
    out.spaces = spaces
    out.letters = letters
    out.alphanumerics = letters + digits
    out.hashes = hashes
    out.ellipses = ellipses
    out.newlines = newlines
    out.dclm_symbols = hashes + ellipses + spaced
    return markup


@inner
def _ellipses(points, n):
    """How many `...` and `…`, and how many `. . .` there are."""
    ellipses = spaced = until = i = 0
    while i < n:
        if points[i] != 46:
            ellipses += points[i] == 0x2026
            i += 1
            continue
        start = i
        while i < n and points[i] == 46:
            if i >= until and spaced_dots(points, i, n):
                spaced += 1
                until = i + 5
            i += 1
        ellipses += (i - start) // 3
    return ellipses, spaced
