"""CSV and TSV, plain or compressed: a document per row."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Literal

from pydantic import Field

from tasks.ingest.source import unreadable
from tasks.ingest.tables.columns import MISSING, RowSource, document_of
from tasks.io import Damage, TooLong, in_utf8, lines, pieces, place
from tasks.node import Input
from tasks.record import Document, Loss

VERSION = 1
PACKAGES = ("fastwarc", "resiliparse", "zlib-ng")
SHARED = "records"
MAX_RECORD = 16 << 20  # bytes; the parser holds four for each, and twice that while it grows
MAX_RECORD_LINES = 100_000
DELIMITERS = ",\t;|"
_SNIFFED_LINES = 100
_SNIFFED_BYTES = 64 << 10


class Source(RowSource):
    """CSV files in any charset, plain or compressed: their bytes decide.

    header: whether the first row names the columns; without one they are numbered from 1.
    delimiter: null: the one of `,` tab `;` `|` that fits the first rows best.
    quote: null: quotes mean nothing. Within quotes the quote is doubled, or stands after `escape`.
    """

    kind: Literal["csv"] = "csv"
    header: bool = True
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    quote: str | None = Field(default='"', min_length=1, max_length=1)
    escape: str | None = Field(default=None, min_length=1, max_length=1)


Line = tuple[int, "str | Damage | TooLong | BadLine"]


class BadLine:
    """Why a row gives nothing, and its bytes."""

    def __init__(self, reason: str, size: int):
        self.reason, self.size = reason, size


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The documents of a file; a bad row is a loss with its line's number. Empty lines aren't records.

    A row is bad if its quotes don't fit, or if it has not as many fields as the header (empty ones at its end
    don't count). After an open quote that nothing closes, reading goes on at the next line.
    """

    path = place(file)
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                yield Loss("empty-file", file.name)
                return
            stream.seek(0)
            yield from _rows(source, file.name, _decoded(lines(in_utf8(pieces(stream)), MAX_RECORD)))
    except OSError as error:
        yield unreadable(path, error)


def _decoded(source: Iterable[tuple[int, bytes | Damage | TooLong]]) -> Iterator[Line]:
    for number, line in source:
        if isinstance(line, bytes):
            try:
                yield number, line.decode() + "\n"
            except UnicodeDecodeError:
                yield number, BadLine("bad-utf8", len(line))
        else:
            yield number, line


def _rows(source: Source, file: str, source_lines: Iterator[Line]) -> Iterator[Document | Loss]:

    start = list(islice(source_lines, _SNIFFED_LINES))
    delimiter = source.delimiter or sniff([line for _, line in start if isinstance(line, str)], source)
    names: list[str] | None = None
    for number, row in records(chain(start, source_lines), options(source, delimiter)):
        where = f"{file}:{number}"
        if isinstance(row, TooLong):
            yield Loss("too-long", where, size=row.size)
        elif isinstance(row, Damage | BadLine):
            yield Loss(row.reason, where, size=row.size)
        elif not row:
            continue
        elif names is None:
            names = [name.strip() for name in row] if source.header else [str(n + 1) for n in range(len(row))]
            if source.columns.text not in names:
                yield Loss(MISSING, file)
                return
            if not source.header:
                yield document_of(source, dict(zip(names, row, strict=True)), file, number)
        elif len(row) < len(names) or any(row[len(names) :]):
            yield Loss("bad-row", where, size=sum(map(len, row)))
        else:
            yield document_of(source, dict(zip(names, row, strict=False)), file, number)


def options(source: Source, delimiter: str) -> dict[str, Any]:
    """The arguments of `csv.reader`."""
    return {
        "delimiter": delimiter,
        "quotechar": source.quote,
        "quoting": csv.QUOTE_MINIMAL if source.quote else csv.QUOTE_NONE,
        "escapechar": source.escape,
        "doublequote": source.escape is None,
        "strict": True,
    }


def sniff(start: Sequence[str], source: Source) -> str:
    """The delimiter that fits a file's first lines: the text's column is there, and rows are of one width."""
    text = list(islice(_bounded(start, _SNIFFED_BYTES), _SNIFFED_LINES))

    def fit(delimiter: str) -> tuple[bool, float, int]:
        rows = [
            row
            for _, row in records(((0, line) for line in text), options(source, delimiter))
            if isinstance(row, list) and row
        ]
        if not rows:
            return False, 0.0, 0
        width = len(rows[0])
        named = (
            source.columns.text in [name.strip() for name in rows[0]]
            if source.header
            else width >= int(source.columns.text if source.columns.text.isdecimal() else 1)
        )
        alike = sum(len(row) == width for row in rows) / len(rows)
        return named, alike if width > 1 else 0.0, width

    return max(DELIMITERS, key=fit)  # the first of equals


def _bounded(text: Iterable[str], limit: int) -> Iterator[str]:
    for line in text:
        yield line
        limit -= len(line)
        if limit < 0:
            return


def records(source: Iterable[Line], keys: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    """(line number, fields or what is wrong) of every record; keys are `csv.reader`'s arguments.

    When a record fails, its first line alone is bad, and its other lines are read again: a stray quote costs a
    row, not the file. Each line is read again at most once or so, since what leaves a quote open outside
    quotes closes it within.
    """
    csv.field_size_limit(
        MAX_RECORD
    )  # the module's only setting for it is global; `_Feed` bounds records anyway
    feed = _Feed(source)
    while True:
        try:
            for row in csv.reader(feed, **keys):
                number = feed.held[0][0]
                feed.held.clear()
                feed.size = 0
                yield number, row
            return
        except (csv.Error, _Interrupted) as error:
            item = error.args[0] if isinstance(error, _Interrupted) else None
        number, first = feed.held[0] if feed.held else item  # type: ignore[misc]  # a csv.Error has lines
        bad = BadLine("bad-row", len(first)) if isinstance(first, str) else first
        feed.again.extendleft(reversed([*feed.held, *([item] if item else [])][1:]))
        feed.held.clear()
        feed.size = 0
        yield number, bad


class _Interrupted(Exception):
    """Something that is no line comes within a record, or the record is too long (then without an argument)."""

    def __init__(self, item: Line | None = None):
        super().__init__(item)


class _Feed:
    """Lines for `csv.reader`; `held` are those of the record being read, `again` come before the rest."""

    def __init__(self, source: Iterable[Line]):
        self.source = iter(source)
        self.held: list[tuple[int, str]] = []
        self.again: deque[Line] = deque()
        self.size = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self.held and (self.size > MAX_RECORD or len(self.held) >= MAX_RECORD_LINES):
            raise _Interrupted
        number, line = item = self.again.popleft() if self.again else next(self.source)
        if not isinstance(line, str):
            raise _Interrupted(item)
        self.held.append((number, line))
        self.size += len(line)
        return line
