"""JSON Lines, plain or compressed with gzip, lz4 or zstd: a document per line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Literal

from tasks.ingest.columns import RowSource, document_of
from tasks.ingest.container import Damage, chunks
from tasks.ingest.location import place
from tasks.ingest.source import unreadable
from tasks.node import Input

if TYPE_CHECKING:
    from tasks.document import Document, Loss

PER_FILE = True
MAX_LINE = 256 << 20


class Source(RowSource):
    """JSON Lines files; what compresses them is decided by their first bytes, never by their name."""

    kind: Literal["jsonl"] = "jsonl"


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The documents of a file; a bad line is a loss with its number. Empty lines don't count as records."""
    from tasks.document import Loss

    path = place(file)
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                yield Loss("empty-file", file.name)
                return
            stream.seek(0)
            for number, line in _lines(stream):
                where = f"{file.name}:{number}"
                if isinstance(line, Damage):
                    yield Loss(line.reason, where, size=line.size)
                elif len(line) > MAX_LINE:
                    yield Loss("too-large", where, size=len(line))
                elif line.strip():
                    row = _parse(line)
                    yield (
                        Loss("bad-json", where, size=len(line))
                        if row is _BAD
                        else document_of(source, row, file.name, number)
                    )
    except OSError as error:
        yield unreadable(path, error)


_BAD = object()


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _BAD


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | Damage]]:
    """(number from 1, line) of the decompressed stream. A line cut off by damage is part of the damage."""
    held: list[bytes] = []
    number, size = 1, 0
    for chunk in chunks(stream):
        if isinstance(chunk, Damage):
            yield number, chunk
            held, size, number = [], 0, number + 1
            continue
        first, *rest = chunk.split(b"\n")
        size += len(first)
        if size <= MAX_LINE + 1:
            held.append(first)
        elif len(held) and sum(map(len, held)) <= MAX_LINE:
            held.append(first[: MAX_LINE + 1])
        for following in rest:
            yield number, b"".join(held)
            held, size, number = [following], len(following), number + 1
    if held and size:
        yield number, b"".join(held)
