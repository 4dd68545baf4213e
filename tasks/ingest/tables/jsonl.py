"""JSON Lines, plain or compressed: a document per line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from tasks.ingest.source import unreadable
from tasks.ingest.tables.columns import RowSource, document_of
from tasks.io import Damage, TooLong, lines, pieces, place
from tasks.node import Input
from tasks.record import Document, Loss

VERSION = 1
PACKAGES = ("fastwarc", "zlib-ng")
SHARED = "records"
MAX_LINE = (
    32 << 20
)  # bytes: one character outside the BMP makes Python hold four bytes for each, several times over
MAX_VALUES = 2_000_000  # in a line: "[]," is three bytes, and a Python list sixty
_LARGE = 4 << 20  # a shorter line can't hold enough values to matter


class Source(RowSource):
    """JSON Lines files, plain or gzip, zstd, lz4, bzip2, xz: decided by their first bytes, never by their name."""

    kind: Literal["jsonl"] = "jsonl"


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The documents of a file; a bad line is a loss with its number. Empty lines don't count as records."""

    path = place(file)
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                yield Loss("empty-file", file.name)
                return
            stream.seek(0)
            for number, line in lines(pieces(stream), MAX_LINE):
                where = f"{file.name}:{number}"
                if isinstance(line, Damage):
                    yield Loss(line.reason, where, size=line.size)
                elif isinstance(line, TooLong):
                    yield Loss("too-long", where, size=line.size)
                elif line.strip():
                    row = _parse(line)
                    yield (
                        Loss(row.reason, where, size=len(line))
                        if isinstance(row, _Bad)
                        else document_of(source, row, file.name, number)
                    )
    except OSError as error:
        yield unreadable(path, error)


class _Bad:
    """A line that gives no value."""

    def __init__(self, reason: str):
        self.reason = reason


def _parse(line: bytes) -> Any:
    if len(line) > _LARGE and sum(map(line.count, (b",", b"[", b"{"))) > MAX_VALUES:
        return _Bad("too-complex")
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _Bad("bad-utf8")
    except (ValueError, RecursionError):
        return _Bad("bad-json")
