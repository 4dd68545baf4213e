"""The texts as they are searched: without markup, and without what line breaks put into words and sentences.

`plain` decodes HTML entities, escaped any number of times, and takes HTML tags out. `unwrapped` gives the places
where words are hyphenated at line ends or lines are numbered, without hyphens and numbers; the text is searched
both ways, because a hyphen may be the author's and a number a list's. What is left to be ignored (case, punctuation,
quote marks before lines, zero-width characters, full-width letters) is folding's work (`tasks.dedup.words`).
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tasks.jit import compiled

Replacement = tuple[int, int, str]  # first and last character + 1, and what stands there instead

AROUND = 400  # characters of text kept on either side of a hyphenated line end or of numbered lines

_BLOCK = "p br div li ul ol dl dt dd h1 h2 h3 h4 h5 h6 tr td th table tbody thead blockquote pre hr section article main"
_INLINE = "b i u s a em strong span font sub sup code tt kbd small big mark wbr img center"
_AND = r"(?:amp;|#38;|#x26;)*"
_QUOTE = rf"(?:[\"']|&{_AND}(?:quot|apos|#34|#39|#x22|#x27);)"
# Attributes need values, on one line: other words in angle brackets are text, maybe an item's.
_ATTRIBUTE = rf"\s+[\w:@-]{{1,40}}\s*=\s*(?:{_QUOTE}(?:(?!{_QUOTE})[^<>\r\n]){{0,400}}{_QUOTE}|[^\s\"'<>&]{{1,200}}(?![^\s<>/&]))"
_REST = rf"(?:{_ATTRIBUTE}){{0,16}}\s*/?(?:>|&{_AND}gt;)"
_MARKUP = re.compile(
    rf"[<&](?:(?:(?<=<)|(?<=&){_AND}lt;)/?(?:(?P<block>{'|'.join(_BLOCK.split())})|{'|'.join(_INLINE.split())}){_REST}"
    rf"|(?<=&){_AND}(?P<entity>#[0-9]{{1,7}}|#x[0-9a-f]{{1,6}}|[a-z][a-z0-9]{{1,31}});)",
    re.IGNORECASE,
)
_LETTER = r"[^\W\d_]"
_MARGIN = r"[ \t>|*(\[]*"  # before a line's number
_NUMBER = rf"{_MARGIN}\d{{1,5}}[.):|\]]{{0,2}}[ \t]+(?=\S)"
_HYPHEN = rf"[-\u2010\u00ad](?<={_LETTER}.)[ \t]*\r?\n(?:{_NUMBER}|{_MARGIN})(?={_LETTER})"
_HYPHENATED = re.compile(_HYPHEN)
_NUMBERED = re.compile(
    rf"^{_MARGIN}(\d{{1,5}})[.):|\]]{{0,2}}[ \t]+({_LETTER}|\S)[^\n]*[\r\n]*", re.MULTILINE
)
_LINE_BREAKS = re.compile(rf"{_HYPHEN}|^{_NUMBER}", re.MULTILINE)


@dataclass(frozen=True)
class View:
    """A text, or a part of one, as it is searched, and where its characters come from."""

    text: str
    stages: list[tuple[list[int], list[int]]] = field(default_factory=list)

    def origin(self, position: int) -> int:
        """Where a position of `text` lies in the text that this is a view of."""
        for after, before in reversed(self.stages):
            at = bisect_right(after, position) - 1
            position = before[at] + position - after[at] if at >= 0 else position
        return position

    def replaced(self, replacements: Iterable[Replacement]) -> View:
        """The view with parts of its text replaced, in order."""
        parts, after, before = [], [], []
        end = size = 0
        for start, stop, value in replacements:
            parts += [self.text[end:start], value]
            size += start - end + len(value)
            end = stop
            after.append(size)
            before.append(end)
        if not parts:
            return self
        return View("".join([*parts, self.text[end:]]), [*self.stages, (after, before)])


def plain(text: str) -> str:
    """The text without HTML entities and tags; a tag that breaks a line leaves a space.

    >>> plain("a &amp;lt; b<br/>c <b>d</b>e")
    'a < b c de'
    """
    return plain_view(text).text


def substituted(text: str) -> str:
    """`plain` by one regular expression alone: the reference for it."""
    return _MARKUP.sub(_decoded, text)


def plain_view(text: str) -> View:
    """The same, with the way back."""
    return View(text).replaced(_markup(text))


def unwrapped(text: str) -> list[str]:
    """The parts of a text with words hyphenated at line ends, without the hyphens, and those with numbered lines, at
    least two in a row, without numbers and hyphens. Numbers rise by one, or stay the same before words."""
    return [view.text for view in unwrapped_views(text)]


def unwrapped_views(text: str) -> list[View]:
    """The same, with the way back."""
    views = []
    for pattern, start, end in _parts(text):
        part = View(text[start:end], [([0], [start])])
        bare = part.replaced((*match.span(), "") for match in pattern.finditer(part.text))
        views.append(bare.replaced(_markup(bare.text)))
    return views


def _markup(text: str) -> Iterator[Replacement]:
    """The entities and tags of a text, in order, and what they are replaced by."""
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    marks = _marks(data, np.int64(0), np.int64(len(data)), _NAMES)
    if len(data) > len(text):
        _count_characters(data, marks)
    end = 0
    for place, stop, kind in marks.tolist():
        if place >= end:
            if kind == _UNSURE:
                match = _MARKUP.match(text, place)
                if not match:
                    continue
                end = match.end()
                yield place, end, _decoded(match)
            else:
                end = stop
                yield place, end, " " if kind == _BREAK else ""


def _parts(text: str) -> list[tuple[re.Pattern[str], int, int]]:
    found = []
    hyphenated = [match.span() for match in _HYPHENATED.finditer(text)]
    for pattern, spans in ((_HYPHENATED, hyphenated), (_LINE_BREAKS, _numbered_lines(text))):
        for start, end in merged([(start - AROUND, end + AROUND) for start, end in spans]):
            found.append((pattern, _next_border(text, start) if start > 0 else 0, end))
    return found


def _numbered_lines(text: str) -> list[tuple[int, int]]:
    spans = []
    last = end = number = -1
    for match in _NUMBERED.finditer(text):
        follows = int(match[1]) - number
        if match.start() == end and (follows == 1 or (follows == 0 and match[2].isalpha())):
            spans.append((last, match.end()))
        last, end, number = match.start(), match.end(), int(match[1])
    return spans


def _decoded(match: re.Match[str]) -> str:
    entity = match["entity"]
    if entity is None:
        return " " if match["block"] else ""
    known = html.unescape(f"&{entity};")
    return known if known[:1] != "&" or len(known) == 1 else html.unescape(f"&{entity.lower()};")


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans (start, end), ascending by their starts, those that overlap or touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _next_border(text: str, start: int) -> int:
    """The first white space from `start` on, so that no part of a word stands first; `start` where none is near."""
    found = re.compile(r"\s").search(text, start, start + AROUND)
    return found.start() if found else start


def scan(data: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where there is something to be taken out of texts: what isn't named here needs no other look.

    The texts are UTF-8, text i from data[offsets[i]] to data[offsets[i + 1]]. Returns whether a text may hold markup,
    bool (texts,), and the parts that `unwrapped` need see, as number of the text, first byte, last byte + 1 of whole
    lines and what is around them: int64 (parts, 3). False alarms only cost time.
    """
    return _scan(data, offsets, _NAMES)


def _number(name: str) -> int:
    number = 0
    for byte in name.encode():
        number = (number * 131 + byte) % (1 << 64)
    return number


_NAMES = np.array([_number(name) for name in f"{_BLOCK} {_INLINE}".split()], np.uint64)
_BREAKING = len(_BLOCK.split())
_UNSURE, _BREAK, _GONE = 0, 1, 2  # kinds of marks: what `_MARKUP` tells, and tags without attributes
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
                            if count == len(parts):
                                larger = np.empty((2 * count, 3), np.int64)
                                larger[:count] = parts
                                parts = larger
                            parts[count, 0] = text
                            parts[count, 1] = first
                            parts[count, 2] = end
                            count += 1
                    line = following
    return markup, parts[:count]


@compiled
def _signs(data, first, last, other, signs):
    """Puts the places of `&`, `<` and one other byte into `signs`, and returns how many there are: without a branch."""
    count = np.uint64(0)
    for place in range(
        np.uint64(first), np.uint64(last)
    ):  # a signed index may be negative, and numba asks each time
        byte = data[place]
        signs[count] = place
        count += np.uint64((byte == 38) | (byte == 60) | (byte == other))
    return np.int64(count)


@compiled
def _marks(data, start, stop, names):
    """Where there may be entities and tags, in order: first byte, last byte + 1 where that is certain, kind."""
    signs = np.empty(_CHUNK, np.int64)
    marks = np.empty((16, 3), np.int64)
    count = 0
    for base in range(start, stop, _CHUNK):
        for sign in range(_signs(data, base, min(base + _CHUNK, stop), np.uint8(38), signs)):
            place = signs[sign]
            end = np.int64(-1)
            kind = _UNSURE
            if data[place] == 38:
                if not _entity(data, place + 1, stop):
                    continue
            else:
                name = _tag(data, place + 1, stop, names)
                if name < 0:
                    continue
                end = _tag_end(data, place + 1, stop)
                if end >= 0:
                    kind = _BREAK if name < _BREAKING else _GONE
            if count == len(marks):
                larger = np.empty((2 * count, 3), np.int64)
                larger[:count] = marks
                marks = larger
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


@compiled
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


@compiled
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


@compiled
def _entity(data, at, stop):
    for place in range(at, min(at + 34, stop)):
        byte = data[place]
        if byte == 59:
            return place > at
        if not (48 <= byte <= 57 or 97 <= byte | 32 <= 122 or byte == 35):
            return False
    return False


@compiled
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


@compiled
def _line_number(data, at, stop):
    """Twice the number before the words of a line that begins at `at`, after indentation and quote marks, and one
    more if a letter follows; -1 if there is none."""
    none = np.int64(-1)
    while at < stop and (
        data[at] == 32
        or data[at] == 9
        or data[at] == 62
        or data[at] == 124
        or data[at] == 42
        or data[at] == 40
        or data[at] == 91
    ):
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
    while at < min(stop, last + 2) and (
        data[at] == 46 or data[at] == 41 or data[at] == 58 or data[at] == 124 or data[at] == 93
    ):
        at += 1
    last = at
    while at < stop and (data[at] == 32 or data[at] == 9):
        at += 1
    if at in (last, stop) or data[at] == 10 or data[at] == 13:
        return none
    letter = data[at] >= 128 or 97 <= data[at] | 32 <= 122
    return 2 * number + np.int64(letter)
