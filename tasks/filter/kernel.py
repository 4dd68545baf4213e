"""All the counts behind the text signals, in one compiled pass over each text's code points.

`reference.py` says the same slowly and plainly; a test holds the two together. Everything that is compiled
stands in this one file, its constants too, because numba's cache notices changes of this file only.

Hashes are 64 bits of FNV-1a with murmur3's finaliser, n-grams a polynomial in them; equal hashes are taken
for equal words, lines and n-grams.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from tasks.filter import characters
from tasks.filter.counts import COUNTS
from tasks.jit import compiled

SHORT_LINE = 30  # characters; FineWeb's
LONG_WORD = 1000  # characters; C4's
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")  # Gopher's
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
SPACE, LETTER, DIGIT, EDGE, SYMBOL, LOWER, UPPER, TERMINAL = 1, 2, 4, 8, 16, 32, 64, 128
assert (SPACE, LETTER, DIGIT, EDGE, SYMBOL, LOWER, UPPER, TERMINAL) == characters.CLASSES

# Called by compiled code only: no wrappers for Python, which take half of the compile time.
_OPTIONS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
inner: Any = numba.njit(**_OPTIONS)

U64 = np.uint64
FNV_START, FNV_PRIME = U64(0xCBF29CE484222325), U64(0x100000001B3)
MIX_1, MIX_2, SHIFT = U64(0xFF51AFD7ED558CCD), U64(0xC4CEB9FE1A85EC53), U64(33)
NGRAM_FACTOR = U64(0x9E3779B97F4A7C15)

(
    CHARACTERS, SPACES, LETTERS, ALPHANUMERICS, HASHES, ELLIPSES, NEWLINES,
    WORDS, REAL_WORDS, REAL_WORD_CHARACTERS, ALPHABETIC_WORDS, STOP_WORDS_FOUND,
    SPLIT_LINES, SPLIT_LINE_CHARACTERS, MAX_LINE_LENGTH, BULLET_LINES, ELLIPSIS_LINES,
    C4_LONG_WORD_LINES, C4_FEW_WORDS_LINES, C4_NO_TERMINAL_LINES, C4_JAVASCRIPT_LINES, C4_POLICY_LINES,
    C4_LOREM_IPSUM_LINES, C4_CURLY_BRACKET_LINES, C4_SENTENCES,
    LINES, TERMINAL_LINES, SHORT_LINES, REPEATED_LINE_CHARACTERS,
    LINE_RUNS, DUPLICATE_LINES, DUPLICATE_LINE_CHARACTERS,
    PARAGRAPHS, DUPLICATE_PARAGRAPHS, DUPLICATE_PARAGRAPH_CHARACTERS,
    NGRAM_CHARACTERS, TOP_2GRAM,
) = range(37)  # fmt: skip
DUPLICATE_5GRAM = TOP_2GRAM + 3
assert len(COUNTS) == DUPLICATE_5GRAM + 6


def _packed(phrases: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    data = "".join(phrases).encode("ascii")
    ends = np.cumsum([0] + [len(phrase) for phrase in phrases])
    return np.frombuffer(data, dtype=np.uint8).astype(np.int32), ends.astype(np.int64)


LOREM_BIT, JAVASCRIPT_BIT, CURLY_BIT, POLICY_BIT = 1, 2, 4, 8
PHRASE_DATA, PHRASE_ENDS = _packed(PHRASES)
STOPS, STOP_ENDS = _packed(STOP_WORDS)

STARTS = np.zeros(128, dtype=np.uint8)  # 1 where a phrase or a curly bracket may begin
for _start in ("{", *(case for phrase in PHRASES for case in (phrase[0], phrase[0].upper()))):
    STARTS[ord(_start)] = 1


@inner
def _mix(h):
    h ^= h >> SHIFT
    h *= MIX_1
    h ^= h >> SHIFT
    h *= MIX_2
    h ^= h >> SHIFT
    return h if h != U64(0) else U64(1)


@inner
def _hash(cps, a, b):
    h = FNV_START
    for i in range(a, b):
        h = (h ^ U64(cps[i])) * FNV_PRIME
    return _mix(h)


@inner
def _capacity(items):
    size = 16
    while size < 2 * items:
        size *= 2
    return size


@inner
def _add(keys, mask, h):
    """Puts a hash (not 0) into an open-addressed set; true if it was there."""
    slot = np.int64((h * NGRAM_FACTOR) >> U64(32)) & mask
    while True:
        key = keys[slot]
        if key == U64(0):
            keys[slot] = h
            return False
        if key == h:
            return True
        slot = (slot + 1) & mask


@inner
def _decode(data, start, end, table, cps, cls):
    """UTF-8 (surrogates allowed) to code points and their classes; returns their number."""
    n = 0
    i = start
    limit = len(table)
    while i < end:
        b = np.int32(data[i])
        if b < 0x80:
            cp = b
            i += 1
        elif b < 0xE0 and i + 2 <= end:
            cp = ((b & 0x1F) << 6) | (np.int32(data[i + 1]) & 0x3F)
            i += 2
        elif b < 0xF0 and i + 3 <= end:
            cp = ((b & 0x0F) << 12) | ((np.int32(data[i + 1]) & 0x3F) << 6) | (np.int32(data[i + 2]) & 0x3F)
            i += 3
        elif i + 4 <= end:
            cp = ((b & 0x07) << 18) | ((np.int32(data[i + 1]) & 0x3F) << 12)
            cp |= ((np.int32(data[i + 2]) & 0x3F) << 6) | (np.int32(data[i + 3]) & 0x3F)
            i += 4
        else:
            cp = np.int32(0xFFFD)
            i = end
        cps[n] = cp
        cls[n] = table[cp] if cp < limit else SYMBOL
        n += 1
    return n


@inner
def _characters(cps, cls, n, out):
    spaces = letters = digits = hashes = ellipses = newlines = dots = 0
    for i in range(n):
        c = cps[i]
        k = cls[i]
        spaces += k & SPACE != 0
        letters += k & LETTER != 0
        digits += k & DIGIT != 0
        hashes += c == 35
        newlines += c == 10
        if c == 46:
            dots += 1
            if dots == 3:
                ellipses += 1
                dots = 0
        else:
            dots = 0
            ellipses += c == 0x2026
    out[CHARACTERS] = n
    out[SPACES] = spaces
    out[LETTERS] = letters
    out[ALPHANUMERICS] = letters + digits
    out[HASHES] = hashes
    out[ELLIPSES] = ellipses
    out[NEWLINES] = newlines


@inner
def _is_apostrophe(c):
    return c == 39 or c == 0x2019


@inner
def _clitic(cps, cls, i, j):
    """Where the clitic of the core [i, j) starts; j if it has none."""
    for letters in range(1, 3):
        p = j - letters - 1
        if p <= i:
            return j
        if _is_apostrophe(cps[p]):
            for k in range(p + 1, j):
                if not cls[k] & LETTER:
                    return j
            if letters == 1 and cps[j - 1] | 32 == 116 and cps[p - 1] | 32 == 110:  # n't
                return p - 1 if p - 1 > i else j
            return p
    return j


@inner
def _is_url(cps, cls, i, j):
    """Whether the core [i, j) starts with www. or with letters and ://, and goes on."""
    if j - i > 4 and cps[i + 3] == 46 and cps[i] | 32 == cps[i + 1] | 32 == cps[i + 2] | 32 == 119:
        return True
    k = i
    while k < j and cls[k] & LETTER:
        k += 1
    return k > i and k + 3 < j and cps[k] == 58 and cps[k + 1] == 47 and cps[k + 2] == 47


@inner
def _mark_edges(cps, marks, i, j):
    """Marks [i, j), edge characters only: each is a word, a run of full stops is one."""
    while i < j:
        marks[i] = 1
        c = cps[i]
        i += 1
        if c == 46:
            while i < j and cps[i] == 46:
                i += 1


@inner
def _infix_end(cps, cls, i, k, j):
    """Where the infix that starts at k ends, within the core [i, j); k if none does."""
    c = cps[k]
    if cls[k] & (LETTER | DIGIT) or c == 38 or c == 95:
        return k
    if c == 0x2026:
        return k + 1
    before = cls[k - 1]
    if c == 46:
        end = k + 1
        while end < j and cps[end] == 46:
            end += 1
        if end - k > 1 or (before & LOWER and end < j and cls[end] & UPPER):
            return end
        return k
    if before & LETTER and (c == 45 or c == 0x2010 or c == 0x2011 or c == 0x2013 or c == 0x2014):
        end = k + 1
        while end < j and cps[end] == c:
            end += 1
        if end < j and cls[end] & LETTER:
            return end
    if k + 1 >= j:
        return k
    after = cls[k + 1]
    if c == 44:
        return k + 1 if before & LETTER and after & LETTER else k
    if c == 58 or c == 60 or c == 61 or c == 62 or c == 47:
        return k + 1 if before & (LETTER | DIGIT) and after & LETTER else k
    if c == 43 or c == 45 or c == 42 or c == 94:
        return k + 1 if before & DIGIT and after & DIGIT else k
    return k


@inner
def _mark_chunk(cps, cls, marks, a, b):
    """Marks the starts of the words of the chunk [a, b)."""
    i = a
    while i < b and cls[i] & EDGE:
        i += 1
    j = b
    while j > i and cls[j - 1] & EDGE:
        j -= 1
    _mark_edges(cps, marks, a, i)
    _mark_edges(cps, marks, j, b)
    if i == j:
        return
    marks[i] = 1
    plain = True
    for k in range(i + 1, j):
        plain = plain and cls[k] & (LETTER | DIGIT) != 0
    if plain or _is_url(cps, cls, i, j):
        return
    clitic = _clitic(cps, cls, i, j)
    if clitic < j:
        marks[clitic] = 1
    k = i + 1
    while k < clitic:
        end = _infix_end(cps, cls, i, k, clitic)
        if end > k:
            marks[k] = 1
            marks[end] = 1  # end < clitic, or the clitic's own mark, or the mark of what follows the core
            k = end
        k += 1


@inner
def _stop_word(cps, a, b):
    """The bit of the stop word that [a, b) is; 0 if it is none."""
    for s in range(len(STOP_ENDS) - 1):
        start = STOP_ENDS[s]
        if STOP_ENDS[s + 1] - start == b - a and STOPS[start] == cps[a]:
            k = 1
            while k < b - a and STOPS[start + k] == cps[a + k]:
                k += 1
            if k == b - a:
                return 1 << s
    return 0


@inner
def _words(cps, cls, marks, n, limit, hashes, lengths, out):
    """Counts the words; leaves hash and cumulative length of the first `limit`; returns their number."""
    marks[: n + 1] = 0
    i = 0
    while i < n:
        if cls[i] & SPACE:
            i += 1
            continue
        a = i
        while i < n and not cls[i] & SPACE:
            i += 1
        _mark_chunk(cps, cls, marks, a, i)
    words = kept = real = real_characters = alphabetic = stops = total = covered = 0
    i = 0
    while i < n:
        if cls[i] & SPACE:
            i += 1
            continue
        a = i
        seen = 0
        symbols = SYMBOL
        h = FNV_START
        while True:
            k = cls[i]
            seen |= k
            symbols &= k
            h = (h ^ U64(cps[i])) * FNV_PRIME
            i += 1
            if i >= n or marks[i] or cls[i] & SPACE:
                break
        words += 1
        if not symbols:
            real += 1
            real_characters += i - a
        if seen & LETTER:
            alphabetic += 1
            if i - a <= 4:
                stops |= _stop_word(cps, a, i)
        if kept < limit:
            hashes[kept] = _mix(h)
            total += i - a
            kept += 1
            lengths[kept] = total
            covered = i
    out[WORDS] = words
    out[REAL_WORDS] = real
    out[REAL_WORD_CHARACTERS] = real_characters
    out[ALPHABETIC_WORDS] = alphabetic
    found = 0
    for s in range(len(STOP_ENDS) - 1):
        found += (stops >> s) & 1
    out[STOP_WORDS_FOUND] = found
    out[NGRAM_CHARACTERS] = n if words == kept else covered
    return kept


@inner
def _top_ngram(grams, count, size, lengths, keys, slots):
    """Characters, spaces between words included, of the most frequent n-gram times its frequency.

    Of equally frequent ones the first counts. Returns that, and whether any n-gram occurs twice.
    """
    capacity = _capacity(count)
    mask = capacity - 1
    keys[:capacity] = U64(0)
    best, first = 1, 0
    for i in range(count):
        h = grams[i]
        slot = np.int64((h * NGRAM_FACTOR) >> U64(32)) & mask
        while keys[slot] != U64(0) and keys[slot] != h:
            slot = (slot + 1) & mask
        if keys[slot] == U64(0):
            keys[slot] = h
            slots[slot, 0] = 1
            slots[slot, 1] = i
        else:
            slots[slot, 0] += 1
            found = slots[slot, 0]
            if found > best or (found == best and slots[slot, 1] < first):
                best, first = found, slots[slot, 1]
    return best * (lengths[first + size] - lengths[first] + size - 1), best > 1


@inner
def _duplicate_ngrams(grams, count, size, lengths, keys):
    """Characters, spaces left out, of n-grams that occurred before; each is skipped over once found."""
    capacity = _capacity(count)
    mask = capacity - 1
    keys[:capacity] = U64(0)
    total = 0
    i = 0
    while i < count:
        if _add(keys, mask, grams[i]):
            total += lengths[i + size] - lengths[i]
            i += size
        else:
            i += 1
    return total


@inner
def _ngrams(hashes, lengths, words, grams, keys, slots, out):
    """The most frequent 2- to 4-grams and the duplicated 5- to 10-grams."""
    repeats = True
    for i in range(words):
        grams[i] = hashes[i]
    for size in range(2, 11):
        count = words - size + 1
        if count <= 0:
            break
        if not repeats and size > 4:
            break  # n-grams that are all different make longer ones that are all different
        for i in range(count):
            h = grams[i] * NGRAM_FACTOR + hashes[i + size - 1]
            grams[i] = h if h != U64(0) else U64(1)
        if size <= 4:
            if repeats:
                out[TOP_2GRAM + size - 2], repeats = _top_ngram(grams, count, size, lengths, keys, slots)
            else:
                out[TOP_2GRAM + size - 2] = lengths[size] + size - 1
        else:
            found = _duplicate_ngrams(grams, count, size, lengths, keys)
            out[DUPLICATE_5GRAM + size - 5] = found
            repeats = found > 0


@inner
def _phrase_at(cps, i, end, p):
    """Whether phrase p starts at i; its letters may be ASCII capitals."""
    start = PHRASE_ENDS[p]
    size = PHRASE_ENDS[p + 1] - start
    if end - i < size:
        return False
    for k in range(size):
        c = cps[i + k]
        if 65 <= c <= 90:
            c |= 32
        if c != PHRASE_DATA[start + k]:
            return False
    return True


@inner
def _phrases(cps, a, b):
    """Which of the phrases and the curly bracket [a, b) holds, as bits."""
    found = 0
    for i in range(a, b):
        c = cps[i]
        if c < 128 and STARTS[c]:
            if c == 123:
                found |= CURLY_BIT
            else:
                for p in range(len(PHRASE_ENDS) - 1):
                    if PHRASE_DATA[PHRASE_ENDS[p]] == c | 32 and _phrase_at(cps, i, b, p):
                        found |= LOREM_BIT if p == 0 else JAVASCRIPT_BIT if p == 1 else POLICY_BIT
    return found


@inner
def _sentences(cps, cls, a, b):
    """Sentences of the stripped line [a, b): ended by terminal punctuation before whitespace, or by the line.

    Between mark and whitespace may stand more marks, quotes and closing brackets: edge marks of any kind.
    """
    found = 0
    open_from = a
    i = a
    while i < b:
        if cls[i] & TERMINAL:
            i += 1
            while i < b and cls[i] & EDGE:
                i += 1
            if i == b or cls[i] & SPACE:
                found += 1
                while i < b and cls[i] & SPACE:
                    i += 1
                open_from = i
        else:
            i += 1
    return found + (1 if open_from < b else 0)


@inner
def _c4_line(cps, cls, a, b, out):
    """C4's view of the stripped line [a, b)."""
    words = longest = 0
    i = a
    while i < b:
        if cls[i] & SPACE:
            i += 1
            continue
        start = i
        while i < b and not cls[i] & SPACE:
            i += 1
        words += 1
        longest = max(longest, i - start)
    last = cps[b - 1] if b > a else 0
    dots = b - a >= 3 and last == 46 and cps[b - 2] == 46 and cps[b - 3] == 46
    ends = last == 46 or last == 63 or last == 33 or last == 34 or last == 39
    out[C4_NO_TERMINAL_LINES] += dots or not ends
    if longest > LONG_WORD:
        out[C4_LONG_WORD_LINES] += 1
        return
    if words < 3:
        out[C4_FEW_WORDS_LINES] += 1
        return
    found = _phrases(cps, a, b)
    if found & LOREM_BIT:
        out[C4_LOREM_IPSUM_LINES] += 1
    if found & JAVASCRIPT_BIT:
        out[C4_JAVASCRIPT_LINES] += 1
        return
    if found & CURLY_BIT:
        out[C4_CURLY_BRACKET_LINES] += 1
    if found & POLICY_BIT:
        out[C4_POLICY_LINES] += 1
        return
    out[C4_SENTENCES] += _sentences(cps, cls, a, b)


@inner
def _ends_line(c):
    """The line ends of str.splitlines."""
    return 10 <= c <= 13 or 28 <= c <= 30 or c == 0x85 or c == 0x2028 or c == 0x2029


@inner
def _split_lines(cps, cls, n, out):
    """Lines as str.splitlines has them: Gopher's bullets and ellipses, line lengths, C4."""
    a = 0
    while a < n:
        b = a
        while b < n and not _ends_line(cps[b]):
            b += 1
        out[SPLIT_LINES] += 1
        out[SPLIT_LINE_CHARACTERS] += b - a
        out[MAX_LINE_LENGTH] = max(out[MAX_LINE_LENGTH], b - a)
        i, j = a, b
        while i < j and cls[i] & SPACE:
            i += 1
        while j > i and cls[j - 1] & SPACE:
            j -= 1
        if i < j:
            out[BULLET_LINES] += cps[i] == 0x2022 or cps[i] == 45
            dots = j - i >= 3 and cps[j - 1] == 46 and cps[j - 2] == 46 and cps[j - 3] == 46
            out[ELLIPSIS_LINES] += dots or cps[j - 1] == 0x2026
        _c4_line(cps, cls, i, j, out)
        a = b + 1
        if b + 1 < n and cps[b] == 13 and cps[b + 1] == 10:
            a += 1


@inner
def _newline_lines(cps, cls, n, keys, out):
    """Lines between newlines: FineWeb's (blank ones left out) and Gopher's repetition (runs of newlines)."""
    mask = _capacity(out[NEWLINES] + 1) - 1
    keys[: mask + 1] = U64(0)
    a = 0
    while a <= n:
        b = a
        blank = True
        while b < n and cps[b] != 10:
            blank = blank and cls[b] & SPACE != 0
            b += 1
        if b > a:
            repeated = _add(keys, mask, _hash(cps, a, b))
            out[LINE_RUNS] += 1
            if repeated:
                out[DUPLICATE_LINES] += 1
                out[DUPLICATE_LINE_CHARACTERS] += b - a
            if not blank:
                out[LINES] += 1
                out[TERMINAL_LINES] += cls[b - 1] & TERMINAL != 0
                out[SHORT_LINES] += b - a <= SHORT_LINE
                if repeated:
                    out[REPEATED_LINE_CHARACTERS] += b - a
        a = b + 1
    # A text that starts or ends with newlines has an empty line there; two of them are equal.
    if n == 0 or (out[LINE_RUNS] == 0 and out[NEWLINES] == 0):
        out[LINE_RUNS] += 1
    else:
        empty = np.int64(cps[0] == 10) + np.int64(cps[n - 1] == 10)
        out[LINE_RUNS] += empty
        out[DUPLICATE_LINES] += empty == 2


@inner
def _paragraphs(cps, cls, n, keys, out):
    """Paragraphs of the stripped text, between two or more newlines."""
    i, n = 0, n
    while i < n and cls[i] & SPACE:
        i += 1
    while n > i and cls[n - 1] & SPACE:
        n -= 1
    mask = _capacity(out[NEWLINES] // 2 + 1) - 1
    keys[: mask + 1] = U64(0)
    while True:
        b = i
        while b < n and not (cps[b] == 10 and cps[b + 1] == 10):
            b += 1
        out[PARAGRAPHS] += 1
        if _add(keys, mask, _hash(cps, i, b)):
            out[DUPLICATE_PARAGRAPHS] += 1
            out[DUPLICATE_PARAGRAPH_CHARACTERS] += b - i
        if b >= n:
            return
        i = b
        while cps[i] == 10:
            i += 1


@compiled
def count_all(data, offsets, table, ngram_words, counts):
    """The counts of each text.

    data: uint8, UTF-8 of all texts; offsets: int64 (n + 1), where they start and end; table: the code-point
    classes of `characters.table()`; ngram_words: n-grams are taken over so many words of a text;
    counts: int64 (n, len(COUNTS)), zero on entry, filled in.
    """
    longest = 0
    for t in range(len(offsets) - 1):
        longest = max(longest, offsets[t + 1] - offsets[t])
    words = min(longest, ngram_words)
    cps = np.empty(longest + 1, dtype=np.int32)
    cls = np.empty(longest + 1, dtype=np.uint8)
    marks = np.empty(longest + 2, dtype=np.uint8)
    hashes = np.empty(words + 1, dtype=np.uint64)
    grams = np.empty(words + 1, dtype=np.uint64)
    lengths = np.zeros(words + 2, dtype=np.int64)
    keys = np.empty(16, dtype=np.uint64)
    slots = np.empty((16, 2), dtype=np.int32)
    for t in range(len(offsets) - 1):
        out = counts[t]
        n = _decode(data, offsets[t], offsets[t + 1], table, cps, cls)
        _characters(cps, cls, n, out)
        kept = _words(cps, cls, marks, n, ngram_words, hashes, lengths, out)
        capacity = _capacity(max(kept, out[NEWLINES] + 1))
        if capacity > len(keys):
            keys = np.empty(capacity, dtype=np.uint64)
        if _capacity(kept) > len(slots):
            slots = np.empty((_capacity(kept), 2), dtype=np.int32)
        _ngrams(hashes, lengths, kept, grams, keys, slots, out)
        _split_lines(cps, cls, n, out)
        _newline_lines(cps, cls, n, keys, out)
        _paragraphs(cps, cls, n, keys, out)
