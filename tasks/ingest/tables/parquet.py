"""Parquet files: a document per row, read batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Literal

from pydantic import Field

from tasks.ingest.source import unreadable
from tasks.ingest.tables.columns import MISSING, RowSource, document_of
from tasks.ingest.tables.parquet_pages import Chunk, column_chunks, page_sizes
from tasks.io import place
from tasks.node import Input
from tasks.record import Document, Loss

VERSION = 1
PACKAGES = ("pyarrow",)
SHARED = "records"
BATCH_BYTES = 8 << 20  # of the mapped columns, by the averages of the file's own statistics
BATCH_ROWS = 1024
READ_BYTES = 1 << 20  # of a column at a time: a row group is never in memory as a whole
MAX_TEXT = 32 << 20  # bytes of a row; see jsonl.MAX_LINE


class Source(RowSource):
    """Parquet files; only the mapped columns are read, of nested ones only the mapped part.

    max_page_bytes: a row group with a larger page, decompressed, is left out as `page-too-large`: pyarrow takes
        about twice a page's size to decode it. Writers put 1,024 values or more into a page, so files of documents
        beyond 200 kB on average need a larger limit, or smaller pages.
    """

    kind: Literal["parquet"] = "parquet"
    max_page_bytes: int = Field(default=208 << 20, ge=1 << 20)


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The documents of a file; a damaged row group is a loss that says where, and the next one is tried.

    So is one with a page that is too large to be decoded: a value beyond `max_page_bytes` costs its row
    group, one beyond `MAX_TEXT` its row.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = place(file)
    try:
        size = path.stat().st_size
        stream, opened = path.open("rb"), path.open("rb")
    except OSError as error:
        yield unreadable(path, error)
        return
    with stream, opened:
        try:
            table = pq.ParquetFile(stream, buffer_size=READ_BYTES, pre_buffer=False)
            leaves = [table.schema.column(number).path for number in range(len(table.schema))]
            groups = column_chunks(opened)
        except (OSError, pa.ArrowException, ValueError):  # ValueError: a damaged name, or footer
            yield Loss("not-parquet" if size else "empty-file", file.name, size=size)
            return
        wanted = _wanted(source, leaves)
        if not _column(source.columns.text, leaves):
            yield Loss(MISSING, file.name, size=size)
            return
        places = Counter[int]()

        def place_of(number: int) -> str:
            """Of a damaged row group: those that claim no rows, or fewer than none, begin where the last one did."""
            places[number] += 1
            repeats = places[number] - 1
            return f"{file.name}:{number + 1}" + (f"+{repeats}" if repeats else "")

        number = 0
        for group, columns in enumerate(groups):
            rows = table.metadata.row_group(group).num_rows
            chunks = _read_chunks(columns, wanted)
            try:
                if _largest_page(opened, chunks, source.max_page_bytes) > source.max_page_bytes:
                    yield Loss("page-too-large", place_of(number), size=size // len(groups))
                    number += max(rows, 0)
                    continue
                for batch in table.iter_batches(_batch_rows(rows, chunks), [group], columns=wanted):
                    for offset, row in enumerate(_values(batch)):
                        yield (
                            Loss(row, f"{file.name}:{number + offset + 1}")
                            if isinstance(row, str)
                            else document_of(source, row, file.name, number + offset + 1)
                        )
                    number += batch.num_rows
                    rows -= batch.num_rows
            except (OSError, pa.ArrowException, ValueError):
                # One loss for the group's rest; the rows behind it keep their numbers.
                yield Loss("damaged-parquet", place_of(number), size=size // len(groups))
                number += max(rows, 0)
        if number < table.metadata.num_rows:  # there are fewer row groups than the file says
            yield Loss("damaged-parquet", place_of(number))


def _column(name: str, leaves: Sequence[str]) -> str | None:
    """The longest part of a dotted name that is a column or holds some ("a.b" of "a.b.0" with a list "a.b")."""
    while name:
        if any(leaf == name or leaf.startswith(name + ".") for leaf in leaves):
            return name
        name = name.rpartition(".")[0]
    return None


def _wanted(source: Source, leaves: Sequence[str]) -> list[str]:
    """What to read: columns, or parts of nested ones, that the mapping names."""
    columns = source.columns
    names: list[Any] = [columns.text, columns.id, columns.url, columns.date, *columns.metadata]
    found = {_column(name, leaves) for name in names if name}
    return sorted(name for name in found if name)


def _batch_rows(rows: int, chunks: Sequence[Chunk]) -> int:
    """Rows of a batch, so that its values come to about `BATCH_BYTES`."""
    size = sum(max(chunk.uncompressed, chunk.compressed, 0) for chunk in chunks)
    return int(min(BATCH_ROWS, max(1, BATCH_BYTES * rows // max(size, 1))))


def _largest_page(file: IO[bytes], chunks: Sequence[Chunk], enough: int) -> int:
    """The uncompressed size of the columns' largest page; those no larger than `enough` aren't looked at."""
    large = [chunk for chunk in chunks if chunk.uncompressed > enough]
    if not large:
        return 0
    return max(max(page_sizes(file, chunk.start, chunk.compressed), default=0) for chunk in large)


def _read_chunks(chunks: Sequence[Chunk], wanted: Sequence[str]) -> list[Chunk]:
    """Those of the columns that are read."""
    return [chunk for chunk in chunks if any((chunk.name + ".").startswith(name + ".") for name in wanted)]


def _values(batch: Any) -> Iterator[dict[str, Any] | str]:
    """The rows of a batch as Python values, or the reason why a row can't be one.

    Dates can be beyond those that Python has, and names no UTF-8, in files that are whole.
    """
    import pyarrow as pa

    bad = (ValueError, OverflowError, pa.ArrowException)
    if batch.nbytes <= MAX_TEXT:
        try:
            rows = batch.to_pylist()
        except bad:
            pass
        else:
            yield from rows
            return
    for number in range(batch.num_rows):
        row = batch.slice(number, 1)
        if row.nbytes > MAX_TEXT:
            yield "too-long"
            continue
        try:
            yield row.to_pylist()[0]
        except UnicodeDecodeError:
            yield "bad-utf8"
        except bad:
            yield "bad-value"
