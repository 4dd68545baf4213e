"""Tags of markup that a parser has written, read by compiled code: where they end, what their names and attributes say."""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract.blocks.cues import BORDER, CLASS_GROUPS, UNDISPLAYED
from tasks.ingest.extract.blocks.tags import OTHER
from tasks.jit import inner
from tasks.text import GOLDEN, fnv, slot_of

U64 = np.uint64


@inner
def tag_number(key, keys, numbers):
    slot = slot_of(keys, U64(len(keys) - 1), key)
    return numbers[slot] if keys[slot] == key else OTHER


@inner
def cue_groups(data, start, end, symbol_of, nexts, found):
    """The cue groups of a stretch of text, with a border before and after it."""
    state = nexts[0, BORDER]
    mask = 0
    last = BORDER
    for at in range(start, end):
        symbol = symbol_of[data[at]]
        if symbol == BORDER and last == BORDER:
            continue
        last = symbol
        state = nexts[state, symbol]
        mask |= found[state]
    if last != BORDER:
        mask |= found[nexts[state, BORDER]]
    return mask


@inner
def _equals(data, start, end, word):
    if end - start != len(word):
        return False
    same = True
    for offset in range(len(word)):
        same &= data[start + offset] == word[offset]
    return same


@inner
def _is_space(byte):
    """HTML's white space: without the vertical tab, which may be in a name."""
    return byte == 32 or (9 <= byte <= 13 and byte != 11)


@inner
def _stands_at(data, at, name_start, name_end):
    """Whether a tag's name stands at `at`, in letters of either case, and ends there."""
    size = name_end - name_start
    for offset in range(size):
        if data[at + offset] | 32 != data[name_start + offset]:
            return False
    end = at + size
    return end >= len(data) or data[end] == 47 or data[end] == 62 or _is_space(data[end])


@inner
def close_of(data, at, name_start, name_end):
    """Where `</name` stands at or after `at`, or the end.

    In a script, behind `<!--`, `<script` makes the next `</script` part of it, up to `-->` (HTML, 13.2.5.15 to 31): pages
    that write scripts by scripts.
    """
    size = name_end - name_start
    script = size == 6 and data[name_start] == 115 and data[name_start + 1] == 99
    escaped = twice = False
    last = len(data) - size - 2
    while at <= last:
        byte = data[at]
        if byte == 60:
            if data[at + 1] == 47 and _stands_at(data, at + 2, name_start, name_end):
                if not twice:
                    return at
                twice = False
            elif escaped and not twice and _stands_at(data, at + 1, name_start, name_end):
                twice = True
            elif script and data[at + 1] == 33 and data[at + 2] == 45 and data[at + 3] == 45:
                escaped = True
                at += 1  # to its dashes, which may be the end's
        elif escaped and byte == 45 and data[at + 1] == 45 and data[at + 2] == 62:
            escaped = twice = False
        at += 1
    return len(data)


@inner
def declaration_end(data, at):
    """After a comment, a doctype, a processing instruction that begins at `at`."""
    size = len(data)
    if at + 3 < size and data[at + 1] == 33 and data[at + 2] == 45 and data[at + 3] == 45:
        at += 4
        while at + 2 < size and not (data[at] == 45 and data[at + 1] == 45 and data[at + 2] == 62):
            at += 1
        return min(size, at + 3)
    while at < size and data[at] != 62:
        at += 1
    return at + 1


@inner
def tag_name(data, at):
    """A tag's name: packed, and where it ends."""
    key = U64(0)
    first = at
    while at < len(data):
        byte = data[at]
        if _is_space(byte) or byte == 47 or byte == 62:
            break
        key = (key << U64(8)) | U64(byte)
        at += 1
    return key ^ (U64(at - first) * GOLDEN), at


@inner
def attributes(data, at, signature, symbol_of, nexts, found):
    """What a start tag's attributes say: its end, cue groups (UNDISPLAYED among them), `href`, signature."""
    size = len(data)
    own = 0
    undisplayed = False
    has_href = False
    while at < size and data[at] != 62:
        if _is_space(data[at]) or data[at] == 47:
            at += 1
            continue
        name = at
        at += 1
        while at < size and not _is_space(data[at]) and data[at] != 61 and data[at] != 62 and data[at] != 47:
            at += 1
        name_end = value = value_end = at
        if at + 1 < size and data[at] == 61 and data[at + 1] == 34:
            at += 2
            value = at
            while at < size and data[at] != 34:
                at += 1
            value_end = at
            at += 1
        first, length = data[name], name_end - name
        if first == 99 and _equals(data, name, name_end, b"class"):
            own |= cue_groups(data, value, value_end, symbol_of, nexts, found)
            for place in range(value, value_end):
                signature = fnv(signature, data[place])
        elif (first == 105 and length == 2 and data[name + 1] == 100) or (
            (first == 105 and _equals(data, name, name_end, b"itemprop"))
            or (first == 114 and _equals(data, name, name_end, b"role"))
        ):
            own |= cue_groups(data, value, value_end, symbol_of, nexts, found)
        elif first == 104 and _equals(data, name, name_end, b"href"):
            has_href = True
        elif first == 104 and _equals(data, name, name_end, b"hidden"):
            undisplayed = True
        elif first == 115 and _equals(data, name, name_end, b"style"):
            undisplayed |= (cue_groups(data, value, value_end, symbol_of, nexts, found) & UNDISPLAYED) != 0
    own &= CLASS_GROUPS & ~UNDISPLAYED
    return at + 1, own | UNDISPLAYED if undisplayed else own, has_href, signature


@inner
def tag_end(data, at):
    """After a tag, its attributes unread. Only after `=` does a quotation mark begin a value: names may hold one."""
    while at < len(data) and data[at] != 62:
        if data[at] == 61 and at + 1 < len(data) and data[at + 1] == 34:
            at += 2
            while at < len(data) and data[at] != 34:
                at += 1
        at += 1
    return at + 1
