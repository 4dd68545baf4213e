"""Parquet files: a document per row, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tasks.ingest.columns import RowSource, document_of
from tasks.ingest.location import place
from tasks.ingest.source import unreadable
from tasks.node import Input

if TYPE_CHECKING:
    from tasks.document import Document, Loss

PER_FILE = True
BATCH_ROWS = 256


class Source(RowSource):
    """Parquet files; only the mapped columns are read."""

    kind: Literal["parquet"] = "parquet"


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The documents of a file; a damaged row group ends it, with a loss that says where."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tasks.document import Loss

    path = place(file)
    size = 0
    try:
        size = path.stat().st_size
        table = pq.ParquetFile(path if isinstance(path, Path) else path.open("rb"))
    except PermissionError as error:
        yield unreadable(path, error)
        return
    except (OSError, pa.ArrowException) as error:
        yield (
            unreadable(path, error)
            if not path.exists()
            else Loss("not-parquet" if size else "empty-file", file.name, size=size)
        )
        return
    with table:
        number = 0
        try:
            for batch in table.iter_batches(
                batch_size=BATCH_ROWS, columns=_wanted(source, table.schema_arrow.names)
            ):
                for row in batch.to_pylist():
                    number += 1
                    yield document_of(source, row, file.name, number)
        except (OSError, pa.ArrowException, UnicodeDecodeError):
            yield Loss("damaged-parquet", f"{file.name}:{number + 1}", size=size)


def _wanted(source: Source, present: Sequence[str]) -> list[str]:
    """The top-level columns that the mapping names."""
    names: list[Any] = [source.columns.text, source.columns.id, source.columns.url, source.columns.date]
    tops = {name if name in present else name.split(".", 1)[0] for name in names if name}
    return [name for name in present if name in tops]
