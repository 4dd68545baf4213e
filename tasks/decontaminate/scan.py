"""Where texts may hold something that isn't searched: tags, entities, hyphens at line ends, numbers of lines.

A compiled pass over UTF-8 that names places; `tasks.decontaminate.views` says what they are.
"""

from __future__ import annotations

import numpy as np

from tasks.jit import allocating, compiled, inner

AROUND = 400  # characters of text kept on either side of a hyphenated line end or of numbered lines

BLOCK = "p br div li ul ol dl dt dd h1 h2 h3 h4 h5 h6 tr td th table tbody thead blockquote pre hr section article main"
INLINE = "b i u s a em strong span font sub sup code tt kbd small big mark wbr img center"


def scan(data: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where there is something to be taken out of texts: what isn't named here needs no other look.

    The texts are UTF-8, text i from data[offsets[i]] to data[offsets[i + 1]]. Returns whether a text may hold markup,
    bool (texts,), and the parts that `views.unwrapped` need see, as number of the text, first byte, last byte + 1 of whole
    lines and what is around them: int64 (parts, 3). False alarms only cost time.
    """
    return _scan(data, offsets, _NAMES)


def marks(text: str) -> list[tuple[int, int, int]]:
    """Where a text may hold entities and tags, in order: first character; last character + 1, where that is certain;
    kind: `UNSURE`, or of a tag without attributes whether it breaks a line (`BREAK`) or not (`GONE`)."""
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    found = _marks(data, _NAMES)
    if len(data) > len(text):
        _count_characters(data, found)
    return found.tolist()  # type: ignore[no-any-return]


def _number(name: str) -> int:
    number = 0
    for byte in name.encode():
        number = (number * 131 + byte) % (1 << 64)
    return number


_NAMES = np.array([_number(name) for name in f"{BLOCK} {INLINE}".split()], np.uint64)
_BREAKING = len(BLOCK.split())
# Before and behind a line's number.
_MARGIN, _BEHIND = (np.isin(np.arange(256), list(marks)) for marks in (b" \t>|*([", b".):|]"))
UNSURE, BREAK, GONE = 0, 1, 2  # kinds of marks: to be looked at, and tags without attributes
_CHUNK = 4096


@compiled
def _scan(data, offsets, names):
    around = 4 * AROUND  # bytes of a character are four at most
    markup = np.zeros(len(offsets) - 1, np.bool_)
    parts = np.empty((64, 3), np.int64)
    signs = np.empty(_CHUNK, np.int64)
    count = 0
    for text in range(len(offsets) - 1):
        start = offsets[text]
        stop = offsets[text + 1]
        line = start  # where the line before begins, empty ones passed over
        number = _line_number(data, start, stop) if start < stop else np.int64(-1)
        for base in range(start, stop, _CHUNK):
            for sign in range(_signs(data, base, min(base + _CHUNK, stop), np.uint8(10), signs)):
                byte = data[signs[sign]]
                following = signs[sign] + 1
                if byte == 38:  # &
                    markup[text] = markup[text] or _entity(data, following, stop)
                elif byte == 60:  # <
                    markup[text] = markup[text] or _tag(data, following, stop, names) >= 0
                elif byte == 10:
                    if following < stop and (data[following] == 10 or data[following] == 13):  # an empty line
                        continue
                    before = number
                    number = _line_number(data, following, stop)
                    rise = (number >> 1) - (before >> 1)
                    told = before >= 0 and number >= 0 and (rise == 1 or (rise == 0 and number % 2 == 1))
                    if told or _hyphen(data, start, following - 1):
                        first = max(start, line - around if told else min(line, following - around))
                        known = parts[count - 1, 2] if count and parts[count - 1, 0] == text else start
                        while first > known and data[first - 1] != 10:
                            first -= 1
                        end = following
                        while end < stop and data[end] != 10:
                            end += 1
                        end = min(stop, end + around)
                        while end < stop and 128 <= data[end] < 192:
                            end += 1
                        if known > start and first <= known:
                            parts[count - 1, 2] = max(end, parts[count - 1, 2])
                        else:
                            parts = with_room(parts, count)
                            parts[count, 0] = text
                            parts[count, 1] = first
                            parts[count, 2] = end
                            count += 1
                    line = following
    return markup, parts[:count]


@allocating
def with_room(rows, count):
    """The rows in an array that has room for one after the first `count`."""
    if count < len(rows):
        return rows
    larger = np.empty((2 * count, rows.shape[1]), np.int64)
    for row in range(count):  # an assignment of arrays takes numba seconds to compile
        for column in range(rows.shape[1]):
            larger[row, column] = rows[row, column]
    return larger


@inner
def _signs(data, first, last, other, signs):
    """Puts the places of `&`, `<` and one other byte into `signs`, and returns how many there are: without a branch."""
    count = np.uint64(0)
    # A signed index may be negative, and numba asks each time.
    for place in range(np.uint64(first), np.uint64(last)):
        byte = data[place]
        signs[count] = place
        count += np.uint64((byte == 38) | (byte == 60) | (byte == other))
    return np.int64(count)


@compiled
def _marks(data, names):
    """Where there may be entities and tags, in order: first byte, last byte + 1 where that is certain, kind."""
    signs = np.empty(_CHUNK, np.int64)
    marks = np.empty((16, 3), np.int64)
    stop = len(data)
    count = 0
    for base in range(0, stop, _CHUNK):
        for sign in range(_signs(data, base, min(base + _CHUNK, stop), np.uint8(38), signs)):
            place = signs[sign]
            end = np.int64(-1)
            kind = UNSURE
            if data[place] == 38:
                if not _entity(data, place + 1, stop):
                    continue
            else:
                name = _tag(data, place + 1, stop, names)
                if name < 0:
                    continue
                end = _tag_end(data, place + 1, stop)
                if end >= 0:
                    kind = BREAK if name < _BREAKING else GONE
            marks = with_room(marks, count)
            marks[count, 0] = place
            marks[count, 1] = end
            marks[count, 2] = kind
            count += 1
    return marks[:count]


@compiled
def _count_characters(data, marks):
    """Turns the bytes of marks into characters."""
    beyond = 0  # bytes before that begin no character
    at = 0
    for mark in range(len(marks)):
        while at < marks[mark, 0]:
            beyond += data[at] & 0xC0 == 0x80
            at += 1
        marks[mark, 0] -= beyond
        marks[mark, 1] -= beyond  # a tag is ASCII


@inner
def _tag(data, at, stop, names):
    """Which tag's name (its number in `names`) follows a `<`; -1 if none does."""
    if at < stop and data[at] == 47:
        at += 1
    name = np.uint64(0)
    for place in range(at, min(at + 11, stop)):
        byte = data[place] | 32 if data[place] >= 65 else data[place]
        if not (97 <= byte <= 122 or 49 <= byte <= 54):
            break
        name = name * np.uint64(131) + np.uint64(byte)
    found = np.int64(-1)
    for number in range(len(names)):
        if names[number] == name:
            found = np.int64(number)
    return found


@inner
def _tag_end(data, at, stop):
    """Where the tag ends whose `<` stands before `at`; -1 if it has attributes or none ends it."""
    if at < stop and data[at] == 47:
        at += 1
    while at < stop and (97 <= data[at] | 32 <= 122 or 49 <= data[at] <= 54):
        at += 1
    while at < stop and data[at] == 32:
        at += 1
    if at < stop and data[at] == 47:
        at += 1
    return np.int64(at + 1) if at < stop and data[at] == 62 else np.int64(-1)


@inner
def _entity(data, at, stop):
    for place in range(at, min(at + 34, stop)):
        byte = data[place]
        if byte == 59:
            return place > at
        if not (48 <= byte <= 57 or 97 <= byte | 32 <= 122 or byte == 35):
            return False
    return False


@inner
def _hyphen(data, start, at):
    """Whether the line that ends at `at` ends in a hyphen."""
    at -= 1
    while at > start and (data[at] == 32 or data[at] == 9 or data[at] == 13):
        at -= 1
    if at <= start:
        return False
    if data[at] == 45:
        return data[at - 1] >= 128 or 97 <= data[at - 1] | 32 <= 122
    return (data[at] == 0xAD and data[at - 1] == 0xC2) or (
        at > start + 1 and data[at] == 0x90 and data[at - 1] == 0x80 and data[at - 2] == 0xE2
    )


@inner
def _line_number(data, at, stop):
    """Twice the number before the words of a line that begins at `at`, after indentation and quote marks, and one
    more if a letter follows; -1 if there is none."""
    none = np.int64(-1)
    while at < stop and _MARGIN[data[at]]:
        at += 1
    first = at
    number = np.int64(0)
    while at < stop and 48 <= data[at] <= 57:
        number = 10 * number + np.int64(data[at] - 48)
        at += 1
        if at > first + 5:
            return none
    if at == first:
        return none
    last = at
    while at < min(stop, last + 2) and _BEHIND[data[at]]:
        at += 1
    last = at
    while at < stop and (data[at] == 32 or data[at] == 9):
        at += 1
    if at in (last, stop) or data[at] == 10 or data[at] == 13:
        return none
    letter = data[at] >= 128 or 97 <= data[at] | 32 <= 122
    return 2 * number + np.int64(letter)
