"""Where words of Unicode's annex 29 end."""

from __future__ import annotations

from tasks.filter.text_signals.passes.ascii import is_alnum
from tasks.filter.text_signals.word_breaks import (
    EXTEND,
    JOINER,
    KATAKANA,
    LETTER,
    MID_BOTH,
    MID_LETTER,
    MID_NUMBER,
    NUMBER,
    OTHER,
)
from tasks.jit import inner


@inner
def break_class(points, table, i):
    return table[points[i]] if points[i] < len(table) else OTHER


@inner
def annex_word(points, table, i, n):
    """Where the word of the annex that starts at i ends."""
    kind = break_class(points, table, i)
    i += 1
    while True:
        if LETTER <= kind <= NUMBER:
            start = i
            while i < n and is_alnum(points[i]):  # most of what there is
                i += 1
            if i > start:
                kind = LETTER if points[i - 1] > 57 else NUMBER
        while i < n and break_class(points, table, i) == EXTEND:
            i += 1
        if i >= n or kind < LETTER or kind > JOINER:
            return i
        after = break_class(points, table, i)
        if _joins(kind, after):
            kind = after
            i += 1
            continue
        end = _behind_mark(points, table, i, n, kind, after)
        if end < 0:
            return i
        i = end


@inner
def _joins(kind, after):
    """Whether there is no border between two classes."""
    text = LETTER <= kind <= NUMBER
    after_text = LETTER <= after <= NUMBER
    return (
        (text and after_text)
        or (kind == KATAKANA and after == KATAKANA)
        or after == JOINER
        or (kind == JOINER and (after_text or after == KATAKANA))
    )


@inner
def _behind_mark(points, table, i, n, kind, mark):
    """Behind what follows a mark that has the same class on both sides; -1 if it is no such mark."""
    if not LETTER <= kind <= NUMBER or (
        mark != MID_BOTH and mark != (MID_LETTER if kind == LETTER else MID_NUMBER)
    ):
        return -1
    k = i + 1
    while k < n and break_class(points, table, k) == EXTEND:
        k += 1
    return k + 1 if k < n and break_class(points, table, k) == kind else -1
