"""Lines and paragraphs, as each filter's authors cut them.

Where copies are told, and `most` different ones are known, another one counts as no copy.
"""

from __future__ import annotations

import numpy as np

from tasks.filter.text_signals.characters import SPACE, TERMINAL
from tasks.filter.text_signals.passes.c4 import c4_line
from tasks.filter.text_signals.passes.code_points import spaced_dots
from tasks.filter.text_signals.passes.copies import emptied, hash_of, known
from tasks.jit import inner
from tasks.text import slot_of

SHORT_LINE = 30  # characters; FineWeb's


@inner
def _stripped(classes, a, b):
    """[a, b) without the whitespace at its ends."""
    while a < b and classes[a] & SPACE:
        a += 1
    while b > a and classes[b - 1] & SPACE:
        b -= 1
    return a, b


@inner
def _ends_line(c):
    """The line ends of str.splitlines."""
    return 10 <= c <= 13 or 28 <= c <= 30 or c == 0x85 or c == 0x2028 or c == 0x2029


@inner
def count_split_lines(points, classes, n, out):
    """Lines as str.splitlines has them: Gopher's bullets and ellipses, line lengths, C4."""
    a = 0
    while a < n:
        b = a
        while b < n and not _ends_line(points[b]):
            b += 1
        out.split_lines += 1
        out.split_line_characters += b - a
        out.max_line_length = max(out.max_line_length, b - a)
        i, j = _stripped(classes, a, b)
        if i < j:
            out.bullet_lines += points[i] == 0x2022 or points[i] == 45
            dots = j - i >= 3 and points[j - 1] == 46 and points[j - 2] == 46 and points[j - 3] == 46
            out.ellipsis_lines += dots or points[j - 1] == 0x2026
        c4_line(points, classes, i, j, out)
        a = b + 1
        if b + 1 < n and points[b] == 13 and points[b + 1] == 10:
            a += 1


@inner
def count_newline_lines(points, classes, n, most, keys, out):
    """Lines between newlines: FineWeb's (blank ones left out) and Gopher's repetition (runs of newlines)."""
    room = most
    mask = emptied(keys, min(out.newlines + 1, most))
    a = 0
    while a <= n:
        b = a
        blank = True
        while b < n and points[b] != 10:
            blank = blank and classes[b] & SPACE != 0
            b += 1
        if b > a:
            repeated, room = known(keys, mask, hash_of(points, a, b), room)
            out.line_runs += 1
            if repeated:
                out.duplicate_lines += 1
                out.duplicate_line_characters += b - a
            if not blank:
                out.lines += 1
                out.terminal_lines += classes[b - 1] & TERMINAL != 0
                out.short_lines += b - a <= SHORT_LINE
                if repeated:
                    out.repeated_line_characters += b - a
        a = b + 1
    # A text that starts or ends with newlines has an empty line there; two of them are equal.
    if n == 0 or (out.line_runs == 0 and out.newlines == 0):
        out.line_runs += 1
    else:
        empty = np.int64(points[0] == 10) + np.int64(points[n - 1] == 10)
        out.line_runs += empty
        out.duplicate_lines += empty == 2


@inner
def count_paragraphs(points, classes, n, most, keys, out):
    """Paragraphs of the stripped text, between two or more newlines."""
    i, n = _stripped(classes, 0, n)
    room = most
    mask = emptied(keys, min(out.newlines // 2 + 1, most))
    while True:
        b = i
        while b < n and not (points[b] == 10 and points[b + 1] == 10):
            b += 1
        out.paragraphs += 1
        repeated, room = known(keys, mask, hash_of(points, i, b), room)
        if repeated:
            out.duplicate_paragraphs += 1
            out.duplicate_paragraph_characters += b - i
        if b >= n:
            return
        i = b
        while points[i] == 10:
            i += 1


@inner
def _dclm_line(points, a, b, out):
    """Bullets and ellipses of the stripped line [a, b)."""
    c = points[a]
    out.dclm_bullet_lines += c == 0x25CF or c == 0x2022 or c == 42 or c == 45
    last = points[b - 1]
    dots = b - a >= 3 and last == 46 and points[b - 2] == 46 and points[b - 3] == 46
    out.dclm_ellipsis_lines += last == 0x2026 or dots or (b - a >= 5 and spaced_dots(points, b - 5, b))


@inner
def count_segments(points, classes, n, newlines, most, keys, slots, out):
    """Counts stretches between so many newlines or more, stripped, blank ones left out; all copies of one count.

    Returns how many there are, their characters, how many are copies, and their characters.
    """
    room = most
    mask = emptied(keys, min(out.newlines // newlines + 1, most))
    segments = characters = copies = copied = 0
    a = 0
    while a < n:
        b = a
        while b < n and not (points[b] == 10 and (newlines == 1 or (b + 1 < n and points[b + 1] == 10))):
            b += 1
        i, j = _stripped(classes, a, b)
        a = b + newlines
        if i == j:
            continue
        value = hash_of(points, i, j)
        slot = slot_of(keys, mask, value)
        again = 0
        if keys[slot] == value:
            slots[slot, 0] += 1
            again = 2 if slots[slot, 0] == 2 else 1
        elif room > 0:
            keys[slot] = value
            slots[slot, 0] = 1
            room -= 1
        segments += 1
        characters += j - i
        copies += again
        copied += again * (j - i)
        if newlines == 1:
            _dclm_line(points, i, j, out)
    return segments, characters, copies, copied
