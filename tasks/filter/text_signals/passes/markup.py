"""What a browser would show of a page's source."""

from __future__ import annotations

from tasks.filter.text_signals.characters import SPACE
from tasks.filter.text_signals.passes.ascii import ascii_at, is_alnum, packed
from tasks.jit import inner

LONGEST_REFERENCE = 31  # characters of HTML's longest name
RAW_DATA, RAW_ENDS = packed(("script", "style"))  # elements whose content isn't shown


@inner
def _tag_end(points, classes, i, n):
    """Behind the > that ends the tag around i; one in a quoted value after = doesn't."""
    equals = False
    while i < n:
        c = points[i]
        space = classes[i] & SPACE != 0
        i += 1
        if c == 62:
            return i
        if equals and (c == 34 or c == 39):
            while i < n and points[i] != c:
                i += 1
            i += 1
        equals = c == 61 or (equals and space)
    return n


@inner
def _markup_end(points, classes, i, n):
    """Where the tag, comment or declaration that starts at i ends, a script's or style's content with it; i if none."""
    if i + 1 >= n:
        return i
    c = points[i + 1]
    if c == 33 and i + 3 < n and points[i + 2] == 45 and points[i + 3] == 45:  # <!--
        i += 4
        while i + 2 < n and not (points[i] == 45 and points[i + 1] == 45 and points[i + 2] == 62):
            i += 1
        return min(i + 3, n)
    if c == 33 or c == 63:  # ! ?
        while i < n and points[i] != 62:
            i += 1
        return min(i + 1, n)
    letter = 97 <= c | 32 <= 122
    if not letter and c != 47:
        return i
    end = _tag_end(points, classes, i + 1, n)
    for p in range(2 if letter else 0):
        a, b = RAW_ENDS[p], RAW_ENDS[p + 1]
        after = i + 1 + b - a
        if ascii_at(points, i + 1, n, RAW_DATA, a, b) and after < n and not is_alnum(points[after]):
            while end < n and not (
                points[end] == 60
                and end + 1 < n
                and points[end + 1] == 47
                and ascii_at(points, end + 2, n, RAW_DATA, a, b)
            ):
                end += 1
    return end


@inner
def _reference_end(points, i, n):
    """The ; that ends the character reference at i, &amp; or &#8211;; i if there is none."""
    k = i + 1
    number = k < n and points[k] == 35
    k += number
    start = k
    while k < n and k - start < LONGEST_REFERENCE and is_alnum(points[k]):
        k += 1
    return k if k > start and k < n and points[k] == 59 else i


@inner
def count_html_text(points, classes, n, markup, out):
    """Characters outside of markup, whitespace between words as one; `markup`: how many < and & there are."""
    if markup == 0:
        out.html_text_characters = n - out.spaces + max(out.split_words - 1, 0)
        return
    visible = words = 0
    space = True
    i = 0
    while i < n:
        if points[i] == 60:
            end = _markup_end(points, classes, i, n)
            if end > i:
                i = end
                continue
        if classes[i] & SPACE:
            space = True
        else:
            words += space
            visible += 1
            space = False
            if points[i] == 38:
                i = _reference_end(points, i, n)
        i += 1
    out.html_text_characters = visible + max(words - 1, 0)
