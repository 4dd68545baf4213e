"""The texts as they are searched: without markup, and without what line breaks put into words and sentences.

`plain` decodes HTML entities, escaped any number of times, and takes HTML tags out. `unwrapped` gives the places
where words are hyphenated at line ends or lines are numbered, without hyphens and numbers; the text is searched
both ways, because a hyphen may be the author's and a number a list's. What is left to be ignored (case, punctuation,
quote marks before lines, zero-width characters, full-width letters) is folding's work (`tasks.text.words`).
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tasks.decontaminate.scan import AROUND, BLOCK, BREAK, INLINE, UNSURE, marks

Replacement = tuple[int, int, str]  # first and last character + 1, and what stands there instead

_AND = r"(?:amp;|#38;|#x26;)*"
_QUOTE = rf"(?:[\"']|&{_AND}(?:quot|apos|#34|#39|#x22|#x27);)"
# Attributes need values, on one line: other words in angle brackets are text, maybe an item's.
_ATTRIBUTE = rf"\s+[\w:@-]{{1,40}}\s*=\s*(?:{_QUOTE}(?:(?!{_QUOTE})[^<>\r\n]){{0,400}}{_QUOTE}|[^\s\"'<>&]{{1,200}}(?![^\s<>/&]))"
_REST = rf"(?:{_ATTRIBUTE}){{0,16}}\s*/?(?:>|&{_AND}gt;)"
_MARKUP = re.compile(
    rf"[<&](?:(?:(?<=<)|(?<=&){_AND}lt;)/?(?:(?P<block>{'|'.join(BLOCK.split())})|{'|'.join(INLINE.split())}){_REST}"
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
    end = 0
    for place, stop, kind in marks(text):
        if place < end:
            continue
        if kind != UNSURE:
            end = stop
            yield place, end, " " if kind == BREAK else ""
        elif match := _MARKUP.match(text, place):
            end = match.end()
            yield place, end, _decoded(match)


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
