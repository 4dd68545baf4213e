"""What is counted in a block's text, before features are made of it."""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract.blocks.cues import TEXT_SHIFT
from tasks.ingest.extract.blocks.markup import cue_groups
from tasks.jit import inner
from tasks.text import FNV_START, fnv

U64 = np.uint64
CUE_TEXT = 200  # bytes of a block's text in which words are looked for
GOOD_BYTES, GOOD_LINKED = 80, 0.35  # what counts as running text

_NAMES = "bytes words commas ends digits uppers letters symbols first_kind last_kind good says hash"
FACTS = np.dtype([(name, np.int64) for name in _NAMES.split()])


@inner
def _kind(byte):
    """0 other, 1 lower case or non-ASCII, 2 upper case, 3 digit, 4 sentence end, 5 colon, 6 quote, 7 bracket."""
    if 97 <= byte <= 122 or byte >= 128:
        return 1
    if 65 <= byte <= 90:
        return 2
    if 48 <= byte <= 57:
        return 3
    if byte == 46 or byte == 33 or byte == 63:
        return 4
    if byte == 58:
        return 5
    if byte == 34 or byte == 39:
        return 6
    if byte == 40 or byte == 41 or byte == 91 or byte == 93:
        return 7
    return 0


@inner
def _count_text(text, start, end, fact):
    """Counts over one block's text."""
    words = commas = ends = digits = uppers = letters = symbols = 0
    value = FNV_START
    space = True
    for at in range(start, end):
        byte = text[at]
        value = fnv(value, byte)
        if byte <= 32:
            space = True
            continue
        words += space
        space = False
        kind = _kind(byte)
        if kind == 1:
            letters += 1
            if byte == 0xE3 and at + 2 < end and text[at + 1] == 0x80:  # CJK comma, full stop
                commas += text[at + 2] == 0x81
                ends += text[at + 2] == 0x82
        elif kind == 2:
            letters += 1
            uppers += 1
        elif kind == 3:
            digits += 1
        elif kind == 4:
            ends += at + 1 == end or text[at + 1] <= 32 or text[at + 1] == 34 or text[at + 1] >= 128
        elif byte == 44:
            commas += 1
        elif kind == 0:
            symbols += 1
    fact.words, fact.commas, fact.ends, fact.digits = words, commas, ends, digits
    fact.uppers, fact.letters, fact.symbols = uppers, letters, symbols
    fact.hash = np.int64(value >> U64(1))


@inner
def _last_kind(text, start, end):
    if end - start >= 3 and text[end - 3] == 0xE3 and text[end - 2] == 0x80 and text[end - 1] == 0x82:
        return 4
    if end - start >= 3 and text[end - 3] == 0xE2 and text[end - 2] == 0x80:
        return 5 if text[end - 1] == 0xA6 else 6  # ellipsis; quotation marks
    return _kind(text[end - 1])


@inner
def take_facts(text, start, end, linked, fact, symbol_of, nexts, found):
    """Fills in a block's facts."""
    size = end - start
    _count_text(text, start, end, fact)
    groups = cue_groups(text, start, min(end, start + CUE_TEXT), symbol_of, nexts, found)
    good = size >= GOOD_BYTES and linked <= GOOD_LINKED * size and (fact.ends > 0 or fact.commas > 1)
    fact.bytes = size
    fact.first_kind = _kind(text[start])
    fact.last_kind = _last_kind(text, start, end)
    fact.good = size if good else 0
    fact.says = groups >> TEXT_SHIFT
