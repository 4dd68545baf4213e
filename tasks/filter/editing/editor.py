"""Edits applied to a column of texts: found place by place, PIECE bytes at a time, and written as they are found.

Everything works on UTF-8 bytes; what isn't edited is copied in long stretches and never decoded. What is known of
a piece's places is forgotten with it, so memory is bounded by the texts, whatever they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import SEEK_CUR, BytesIO

import numpy as np
import pyarrow as pa

from tasks.filter.editing import candidates, chunks, lines, marks, pii, scan
from tasks.filter.editing.boilerplate import first_words
from tasks.filter.editing.config import SAMPLE_BYTES, SAMPLES, Edits
from tasks.filter.editing.removed_words import lost_words
from tasks.text import utf8_buffers

Edit = tuple[int, int, bytes, str]  # start, end, what stands there then, rule
Places = dict[int, list[tuple[int, int]]]  # kind of candidate -> (start, end), in order

_LINE_RULES = frozenset(f"edits.{rule}" for rule in lines.RULES)
PIECE = 1 << 18  # bytes of texts, or of a long one, whose places are known at a time

_PII_BITS = sum(1 << kind for kind in range(candidates.EMAIL, candidates.IBAN + 1))


@dataclass(frozen=True)
class Editor:
    """Which edits a kind of document gets."""

    edits: Edits
    personal: pii.Config

    @cached_property
    def tokens(self) -> dict[str, bytes]:
        return self.personal.tokens()

    @cached_property
    def words(self) -> np.ndarray:
        return scan.word_table(first_words() if self.edits.boilerplate else ())

    def asked(self, kind: str) -> int:
        """The places to look for in documents of a kind, as bits."""
        bits = 0
        if kind in self.edits.kinds:
            bits |= 1 << candidates.LINE
            bits |= self.edits.every_line << candidates.ALL_LINES_BIT
            bits |= self.edits.control_characters << candidates.CONTROL
            bits |= (self.edits.citations is not None) << candidates.CITATION
        if kind in self.personal.kinds:
            bits |= _PII_BITS if self.tokens else 0
        elif kind == "code" and self.personal.code_email and "email" in self.tokens:
            bits |= 1 << candidates.EMAIL
        return bits

    def edits_of(self, text: bytes, places: Places, cited: bool | None = None) -> list[Edit]:
        """The edits of one text, in order and apart from each other; `places` are those that were asked for.

        A line that goes takes with it what else is in it; of two other findings the one earlier in the order
        control characters, citations, `pii.RULES` stays. cited: `marks.is_cited` of the text, where the places are
        those of a piece of it.
        """
        found = self._line_edits(text, places.get(candidates.LINE, ()))
        controls = (start for start, _ in places.get(candidates.CONTROL, ()))
        found = overlay(
            found, [(*edit, "edits.control_characters") for edit in marks.control_edits(text, controls)]
        )
        if candidates.CITATION in places and self.edits.citations:
            starts = (start for start, _ in places[candidates.CITATION])
            citations = marks.citation_edits(text, starts, self.edits.citations, cited)
            found = overlay(found, [(*edit, "edits.citations") for edit in citations])
        personal: dict[str, list[Edit]] = {}
        for start, end, rule in pii.find_at(text, places):
            if rule in self.tokens:
                personal.setdefault(rule, []).append((start, end, self.tokens[rule], f"pii.{rule}"))
        for rule in pii.RULES:
            found = overlay(found, sorted(personal.get(rule, ())))
        return found

    def _line_edits(self, text: bytes, spans: Iterable[tuple[int, int]]) -> list[Edit]:
        """The lines that go, with their newlines, and no more empty lines left than stood on one side."""
        found: list[Edit] = []
        for start, end in spans:
            line = text[start:end].removesuffix(b"\r")
            rule = lines.rule_of(line, self.edits)
            inside = lines.prompts(line) if self.edits.prompts and not rule else []
            if inside == [(0, len(line))]:
                rule = "prompts"
            if rule:
                stop = min(end + 1, len(text))
                if start == 0 or text[max(0, start - 2) : start] == b"\n\n":
                    while stop < len(text) and text[stop] == 10:
                        stop += 1
                found.append((start, stop, b"", f"edits.{rule}"))
            else:
                found += [(start + first, start + last, b"", "edits.prompts") for first, last in inside]
        return found


def overlay(first: list[Edit], second: Iterable[Edit]) -> list[Edit]:
    """Both lists as one in order, without those of the second that overlap one of the first or each other."""
    merged: list[Edit] = []
    at = 0
    for edit in second:
        while at < len(first) and first[at][1] <= edit[0]:
            merged.append(first[at])
            at += 1
        clear = at == len(first) or first[at][0] >= edit[1]
        if clear and (not merged or merged[-1][1] <= edit[0]):
            merged.append(edit)
    return merged + first[at:]


@dataclass
class Change:
    """What the edits did to one text. Their number may be that of its bytes, so few are kept.

    counts: rule -> [edits, bytes taken out, words (`lost_words`)]. first: of each rule its first SAMPLES edits: the rule, what was
    taken (SAMPLE_BYTES of it), what stands there then.
    """

    counts: dict[str, list[int]] = field(default_factory=dict)
    first: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    def add(self, text: bytes, edit: Edit) -> None:
        start, end, replacement, rule = edit
        count = self.counts.setdefault(rule, [0, 0, 0])
        if count[0] < SAMPLES:
            self.first.append((rule, text[start : min(end, start + SAMPLE_BYTES)], replacement))
        count[0] += 1
        count[1] += end - start


@dataclass
class Edited:
    """texts: the column after the edits; changed: row -> what was done, for the rows that changed."""

    texts: pa.Array
    changed: dict[int, Change]


def edit_texts(texts: pa.Array, kinds: Sequence[str], editor: Editor) -> Edited:
    """Edits a column of texts, each by its document's kind. Nulls count as empty texts."""
    if texts.type != pa.large_string() or texts.null_count:
        texts = texts.cast(pa.large_string()).fill_null("")
    bits = {kind: editor.asked(kind) for kind in set(kinds)}
    asked = np.array([bits[kind] for kind in kinds], dtype=np.int64)
    data, offsets = utf8_buffers(texts)
    if not len(data) or not asked.any():
        return Edited(texts, {})
    output = _Output(data.data, offsets)
    for first, stop in _groups(offsets):
        if not asked[first:stop].any():
            continue
        if offsets[stop] - offsets[first] <= PIECE:
            places = scan.find_places(data, offsets[first : stop + 1], asked[first:stop], editor.words)
            for row, found in _by_text(places, offsets[first:stop]):
                text = data[offsets[first + row] : offsets[first + row + 1]].tobytes()
                output.take(first + row, text, editor.edits_of(text, found))
                output.end(first + row, text)
        else:
            text = data[offsets[first] : offsets[stop]].tobytes()
            for edits in _long_text(text, int(asked[first]), editor):
                output.take(first, text, edits)
            output.end(first, text)
    return Edited(output.column() if output.changed else texts, output.changed)


def _groups(offsets: np.ndarray) -> Iterator[tuple[int, int]]:
    """Rows from first to stop of about a PIECE together; a longer text is a group of its own."""
    first = 0
    while first < len(offsets) - 1:
        stop = int(np.searchsorted(offsets, offsets[first] + PIECE, side="right")) - 1
        stop = max(first + 1, min(stop, len(offsets) - 1))
        yield first, stop
        first = stop


def _long_text(text: bytes, asked: int, editor: Editor) -> Iterator[list[Edit]]:
    """The edits of a text, piece by piece; a finding may reach into the next piece, whose findings there don't count."""
    data = np.frombuffer(text, dtype=np.uint8)
    cited = marks.is_cited(text)
    lines_asked = asked & 1 << candidates.LINE
    gone: list[Edit] = []
    for piece in chunks.of_text(text, PIECE):
        what = asked
        if piece.line:  # a part of a line, which goes or stays as a whole
            what = asked & ~(1 << candidates.LINE | 1 << candidates.ALL_LINES_BIT)
            if piece.low == piece.line[0]:
                gone = [
                    edit
                    for edit in editor.edits_of(text, {candidates.LINE: [piece.line]} if lines_asked else {})
                    if edit[0] == piece.line[0] and edit[1] >= piece.line[1]
                ]
                yield gone
            if gone:
                continue
        bounds = np.array([piece.low, piece.high])
        places = scan.find_places(data, bounds, np.array([what]), editor.words)
        for _, found in _by_text(places, np.zeros(1, dtype=np.int64)):
            yield editor.edits_of(text, found, cited)


def _by_text(places: np.ndarray, starts: np.ndarray) -> Iterable[tuple[int, Places]]:
    """The places of each text that has some, by kind, counted from where the text starts."""
    if not len(places):
        return
    rows = places[:, 0]
    borders = np.flatnonzero(np.diff(rows, prepend=-1))
    kinds, spans = places[:, 1].tolist(), (places[:, 2:4] - starts[rows][:, None]).tolist()
    for first, stop in zip(borders, [*borders[1:], len(rows)], strict=True):
        found: Places = {}
        for at in range(first, stop):
            found.setdefault(kinds[at], []).append((spans[at][0], spans[at][1]))
        yield int(rows[first]), found


class _Output:
    """The column with the edits made, written from front to back: stretches between edits, across texts."""

    def __init__(self, whole: memoryview, offsets: np.ndarray):
        self._whole, self._offsets = whole, offsets
        self._out = BytesIO()
        self._at = int(offsets[0])  # of `whole`, what is written
        self._growth = np.zeros(len(offsets), dtype=np.int64)
        self._last: Edit | None = None
        self._made = 0  # newlines at the end of what is written that edits put there
        self.changed: dict[int, Change] = {}

    def take(self, row: int, text: bytes, edits: list[Edit]) -> None:
        """Edits of the row's text, behind those that were taken before."""
        base = int(self._offsets[row])
        edits = [edit for edit in edits if base + edit[0] >= self._at]
        if not edits:
            return
        change = self.changed.setdefault(row, Change())
        for edit in edits:
            start, end, replacement, _ = edit
            change.add(text, edit)
            between = self._whole[self._at : base + start]
            if self._made and bytes(between).strip(b"\n"):
                self._made = 0
            if replacement:
                made = len(replacement) - len(replacement.rstrip(b"\n"))
                self._made = made + (self._made if made == len(replacement) else 0)
            self._out.write(between)
            self._out.write(replacement)
            self._growth[row + 1] += len(replacement) - (end - start)
            self._at, self._last = base + end, edit
        for rule, words in lost_words(text, edits).items():
            change.counts[rule][2] += words

    def end(self, row: int, text: bytes) -> None:
        """The row has no further edits. No newline is left at the end of a text that wasn't there."""
        last, self._last = self._last, None
        made, self._made = self._made, 0
        if last is None or last[1] < len(text) or last[3] not in _LINE_RULES or text.endswith(b"\n"):
            return
        with self._out.getbuffer() as written:
            length, extra = len(text) + int(self._growth[row + 1]), 0
            while extra < length and written[-1 - extra] == 10:
                extra += 1
        self._out.seek(-extra, SEEK_CUR)
        self._out.truncate()
        self._growth[row + 1] -= extra
        self.changed[row].counts[last[3]][1] += extra - min(extra, made)  # taken is what stood in the text

    def column(self) -> pa.Array:
        """The column, when the last row has ended."""
        self._out.write(self._whole[self._at : int(self._offsets[-1])])
        moved = self._offsets - self._offsets[0] + np.cumsum(self._growth)
        buffers = [None, pa.py_buffer(moved.tobytes()), pa.py_buffer(self._out.getbuffer())]
        return pa.Array.from_buffers(pa.large_string(), len(self._offsets) - 1, buffers)


def masked(text: bytes) -> str:
    """What personal data looks like: letters become x and digits 0.

    >>> masked(b"a.person+1@mail.org")
    'x.xxxxxx+0@xxxx.xxx'
    """
    shown = text.decode("utf-8", "replace")
    return "".join("0" if c.isdigit() else "x" if c.isalpha() else c for c in shown)
