"""C4's view of lines."""

from __future__ import annotations

import numpy as np

from tasks.filter.text_signals.characters import EDGE, SPACE, TERMINAL
from tasks.filter.text_signals.passes.ascii import ascii_at, packed
from tasks.jit import inner

LONG_WORD = 1000  # characters; C4's
PHRASES = (
    "lorem ipsum",
    "javascript",
    "terms of use",  # this and the rest: C4's policy phrases
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)
LOREM, JAVASCRIPT, CURLY, POLICY = 1, 2, 4, 8  # what a line holds, as bits
PHRASE_DATA, PHRASE_ENDS = packed(PHRASES)
STARTS = np.zeros(128, dtype=np.uint8)  # 1 where a phrase or a curly bracket may begin
STARTS[[ord(case) for phrase in (*PHRASES, "{") for case in (phrase[0], phrase[0].upper())]] = 1


@inner
def _phrases(points, a, b):
    """Which of the phrases and the curly bracket [a, b) holds, as bits."""
    found = 0
    for i in range(a, b):
        c = points[i]
        if c >= 128 or not STARTS[c]:
            continue
        if c == 123:
            found |= CURLY
            continue
        for p in range(len(PHRASE_ENDS) - 1):
            if ascii_at(points, i, b, PHRASE_DATA, PHRASE_ENDS[p], PHRASE_ENDS[p + 1]):
                found |= LOREM if p == 0 else JAVASCRIPT if p == 1 else POLICY
    return found


@inner
def _sentences(points, classes, a, b):
    """Sentences of the stripped line [a, b): ended by terminal punctuation before whitespace, or by the line.

    Between mark and whitespace may stand more marks, quotes and closing brackets: edge marks of any kind.
    """
    found = 0
    open_from = a
    i = a
    while i < b:
        if classes[i] & TERMINAL:
            i += 1
            while i < b and classes[i] & EDGE:
                i += 1
            if i == b or classes[i] & SPACE:
                found += 1
                while i < b and classes[i] & SPACE:
                    i += 1
                open_from = i
        else:
            i += 1
    return found + (1 if open_from < b else 0)


@inner
def c4_line(points, classes, a, b, out):
    """C4's view of the stripped line [a, b)."""
    words = longest = 0
    i = a
    while i < b:
        if classes[i] & SPACE:
            i += 1
            continue
        start = i
        while i < b and not classes[i] & SPACE:
            i += 1
        words += 1
        longest = max(longest, i - start)
    last = points[b - 1] if b > a else 0
    dots = b - a >= 3 and last == 46 and points[b - 2] == 46 and points[b - 3] == 46
    ends = last == 46 or last == 63 or last == 33 or last == 34 or last == 39
    out.c4_no_terminal_lines += dots or not ends
    if longest > LONG_WORD:
        out.c4_long_word_lines += 1
        return
    if words < 3:
        out.c4_few_words_lines += 1
        return
    found = _phrases(points, a, b)
    if found & LOREM:
        out.c4_lorem_ipsum_lines += 1
    if found & JAVASCRIPT:
        out.c4_javascript_lines += 1
        return
    if found & CURLY:
        out.c4_curly_bracket_lines += 1
    if found & POLICY:
        out.c4_policy_lines += 1
        return
    out.c4_sentences += _sentences(points, classes, a, b)
