"""Edits applied to a column of texts: found place by place, and written in one go.

Everything works on UTF-8 bytes; what isn't edited is copied in long stretches and never decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from tasks.filter import candidates, lines, marks, pii, scan
from tasks.filter.boilerplate import first_words
from tasks.filter.edits import Edits

Edit = tuple[int, int, bytes, str]  # start, end, what stands there then, rule

_PII = (
    candidates.EMAIL,
    candidates.PHONE,
    candidates.CARD,
    candidates.IPV4,
    candidates.IPV6,
    candidates.IBAN,
)
_PII_BITS = sum(1 << kind for kind in _PII)


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

    def edits_of(self, text: bytes, places: dict[int, list[tuple[int, int]]]) -> list[Edit]:
        """The edits of one text, in order and apart from each other; `places` are those that were asked for.

        A line that goes takes with it what else is in it; of two other findings the one earlier in the order
        control characters, citations, `pii.RULES` stays.
        """
        found = self._line_edits(text, places.get(candidates.LINE, ()))
        controls = (start for start, _ in places.get(candidates.CONTROL, ()))
        found = overlay(
            found, [(*edit, "edits.control_characters") for edit in marks.control_edits(text, controls)]
        )
        if candidates.CITATION in places and self.edits.citations:
            starts = (start for start, _ in places[candidates.CITATION])
            citations = marks.citation_edits(text, starts, self.edits.citations)
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
        if found and found[-1][1] == len(text) and not text.endswith(b"\n"):
            _take_newlines(text, found)
        return found


def _take_newlines(text: bytes, found: list[Edit]) -> None:
    """Widens the edits at a text's end, so that no newline is left there that wasn't there before."""
    at = len(found) - 1
    while True:
        while at > 0 and found[at - 1][1] == found[at][0]:
            at -= 1
        start, stop, nothing, rule = found[at]
        if start == 0 or text[start - 1] != 10:
            return
        found[at] = (start - 1, stop, nothing, rule)


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
class Edited:
    """texts: the column after the edits; changed: row -> (the text's bytes before, its edits)."""

    texts: pa.Array
    changed: dict[int, tuple[bytes, list[Edit]]] = field(default_factory=dict)


def edit_texts(texts: pa.Array, kinds: Sequence[str], editor: Editor) -> Edited:
    """Edits a column of texts, each by its document's kind. Nulls count as empty texts."""
    if texts.type != pa.large_string() or texts.null_count:
        texts = texts.cast(pa.large_string()).fill_null("")
    bits = {kind: editor.asked(kind) for kind in set(kinds)}
    asked = np.array([bits[kind] for kind in kinds], dtype=np.int64)
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    buffer = texts.buffers()[2]
    if buffer is None or not asked.any():
        return Edited(texts)
    data = np.frombuffer(buffer, dtype=np.uint8)
    places = scan.find_places(data, offsets, asked, editor.words)
    changed: dict[int, tuple[bytes, list[Edit]]] = {}
    for row, found in _by_text(places, offsets):
        text = data[offsets[row] : offsets[row + 1]].tobytes()
        edits = editor.edits_of(text, found)
        if edits:
            changed[row] = (text, edits)
    return Edited(_written(buffer, offsets, changed) if changed else texts, changed)


def _by_text(
    places: np.ndarray, offsets: np.ndarray
) -> Iterable[tuple[int, dict[int, list[tuple[int, int]]]]]:
    """The places of each text that has some, by kind, counted from the text's beginning."""
    if not len(places):
        return
    rows = places[:, 0]
    borders = np.flatnonzero(np.diff(rows, prepend=-1))
    starts = places[:, 2:4] - offsets[rows][:, None]
    kinds, spans = places[:, 1].tolist(), starts.tolist()
    for first, stop in zip(borders, [*borders[1:], len(rows)], strict=True):
        found: dict[int, list[tuple[int, int]]] = {}
        for at in range(first, stop):
            found.setdefault(kinds[at], []).append((spans[at][0], spans[at][1]))
        yield int(rows[first]), found


def _written(
    buffer: pa.Buffer, offsets: np.ndarray, changed: dict[int, tuple[bytes, list[Edit]]]
) -> pa.Array:
    """The column with the edits made: stretches between edits, across texts, joined once."""
    whole = memoryview(buffer)
    parts: list[bytes | memoryview] = []
    growth = np.zeros(len(offsets), dtype=np.int64)
    at = int(offsets[0])
    for row, (_, edits) in changed.items():
        base = int(offsets[row])
        for start, end, replacement, _ in edits:
            parts.append(whole[at : base + start])
            if replacement:
                parts.append(replacement)
            growth[row + 1] += len(replacement) - (end - start)
            at = base + end
    parts.append(whole[at : int(offsets[-1])])
    moved = offsets - offsets[0] + np.cumsum(growth)
    buffers = [None, pa.py_buffer(moved.tobytes()), pa.py_buffer(b"".join(parts))]
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)


def masked(text: bytes) -> str:
    """What personal data looks like: letters become x and digits 0.

    >>> masked(b"a.person+1@mail.org")
    'x.xxxxxx+0@xxxx.xxx'
    """
    shown = text.decode("utf-8", "replace")
    return "".join("0" if c.isdigit() else "x" if c.isalpha() else c for c in shown)
