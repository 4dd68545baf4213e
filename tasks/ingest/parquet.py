"""Parquet files: a document per row, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tasks.ingest.columns import MISSING, RowSource, document_of
from tasks.ingest.location import place
from tasks.ingest.parquet_pages import page_sizes
from tasks.ingest.source import unreadable
from tasks.node import Input

if TYPE_CHECKING:
    from tasks.document import Document, Loss
    from tasks.ingest.remote import RemotePath

PER_FILE = True
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

    from tasks.document import Loss

    path = place(file)
    size = 0
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
        file_or_path = path if isinstance(path, Path) else path.open("rb")
        table = pq.ParquetFile(file_or_path, buffer_size=READ_BYTES, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        yield (
            unreadable(path, error)
            if isinstance(error, PermissionError) or not path.exists()
            else Loss("not-parquet" if size else "empty-file", file.name, size=size)
        )
        return
    with table:
        leaves = [table.schema.column(number).path for number in range(len(table.schema))]
        wanted = _wanted(source, leaves)
        if not _column(source.columns.text, leaves):
            yield Loss(MISSING, file.name, size=size)
            return
        number = 0
        for group in range(table.num_row_groups):
            rows = table.metadata.row_group(group).num_rows
            if _largest_page(path, table, group, wanted, source.max_page_bytes) > source.max_page_bytes:
                yield Loss("page-too-large", f"{file.name}:{number + 1}", size=size // table.num_row_groups)
                number += rows
                continue
            try:
                for batch in table.iter_batches(_batch_rows(table, group, wanted), [group], columns=wanted):
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
                yield Loss("damaged-parquet", f"{file.name}:{number + 1}", size=size // table.num_row_groups)
                number += max(rows, 0)


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


def _batch_rows(table: Any, group: int, wanted: Sequence[str]) -> int:
    """Rows of a batch, so that its values come to about `BATCH_BYTES`."""
    size = sum(
        max(column.total_uncompressed_size, column.total_compressed_size, 0)
        for column in _chunks(table, group, wanted)
    )
    rows = table.metadata.row_group(group).num_rows
    return int(min(BATCH_ROWS, max(1, BATCH_BYTES * rows // max(size, 1))))


def _largest_page(path: Path | RemotePath, table: Any, group: int, wanted: Sequence[str], enough: int) -> int:
    """The uncompressed size of a row group's largest page among the columns that are read.

    Columns that are no larger than `enough` as a whole aren't looked at.
    """
    largest = 0
    with path.open("rb") as file:
        for column in _chunks(table, group, wanted):
            start = column.data_page_offset
            if column.has_dictionary_page and column.dictionary_page_offset:
                start = min(start, column.dictionary_page_offset)
            if start >= 0 and column.total_uncompressed_size > enough:
                sizes = page_sizes(file, start, column.total_compressed_size)
                largest = max(largest, max(sizes, default=0))
    return largest


def _chunks(table: Any, group: int, wanted: Sequence[str]) -> Iterator[Any]:
    """The metadata of a row group's columns that are read."""
    metadata = table.metadata.row_group(group)
    for number in range(metadata.num_columns):
        column = metadata.column(number)
        if any((column.path_in_schema + ".").startswith(name + ".") for name in wanted):
            yield column


def _values(batch: Any) -> Iterator[dict[str, Any] | str]:
    """The rows of a batch as Python values, or the reason why a row can't be one."""
    if batch.nbytes <= MAX_TEXT:
        try:
            yield from batch.to_pylist()
            return
        except UnicodeDecodeError:
            pass
    for number in range(batch.num_rows):
        row = batch.slice(number, 1)
        if row.nbytes > MAX_TEXT:
            yield "too-long"
            continue
        try:
            yield row.to_pylist()[0]
        except UnicodeDecodeError:
            yield "bad-utf8"
