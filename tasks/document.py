"""The document, its schema, Parquet in and out, and the ledger that holds a verdict for every document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.record import Document as Document
from tasks.record import Loss as Loss
from tasks.record import document_id as document_id
from tasks.spill import SortedRuns

DOCUMENTS = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.large_string()),
        ("url", pa.string()),
        ("source", pa.string()),
        ("kind", pa.string()),  # web | book | code | text
        ("language", pa.string()),  # ISO 639 code, set by filter
        ("language_score", pa.float32()),
        ("date", pa.string()),  # ISO 8601
        ("metadata", pa.string()),  # a JSON object; "group": what stays on one side of train and validation
    ]
)

LEDGER = pa.schema(
    [
        ("id", pa.string()),
        ("verdict", pa.string()),  # kept | dropped
        ("rule", pa.string()),  # the first rule that failed
        ("failed_rules", pa.list_(pa.string())),  # all of them
        ("score", pa.float64()),
        ("threshold", pa.float64()),
        ("matched_id", pa.string()),
        ("similarity", pa.float64()),
    ]
)

# What a stage took out of the texts of documents that stay, a row for each document and rule.
EDITS = pa.schema([("id", pa.string()), ("rule", pa.string()), ("count", pa.int64()), ("bytes", pa.int64())])
# Some of it, to be looked at; replacement: what stands there then.
EDIT_SAMPLES = pa.schema([(name, pa.string()) for name in ("id", "rule", "text", "replacement")])

ROW_GROUP_BYTES = 16 << 20  # of text: bounds a reader's memory, whatever the number of documents
BATCH_BYTES = 4 << 20
BATCH_ROWS = 8192  # as Python values, until they are a batch
RUN_BYTES = 32 << 20  # of rows that are sorted in memory


class TableWriter:
    """Writes rows to one Parquet file (zstd), batch by batch, with bounded memory. A context manager.

    With sort_by="id" rows are written sorted at the end; beyond RUN_BYTES they wait in a file (`spill`).
    """

    def __init__(self, path: Path, schema: pa.Schema, sort_by: str | None = None):
        self.path, self.schema, self.sort_by = Path(path), schema, sort_by
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = 0
        # The least and the greatest text of a row group are of no use, and each would be held three times over.
        told = [field.name for field in schema if field.type != pa.large_string()]
        self._writer = pq.ParquetWriter(self.path, schema, compression="zstd", write_statistics=told)
        self._held: list[pa.RecordBatch | pa.Table] = []
        self._held_bytes = 0
        self._pending: list[Mapping[str, Any]] = []
        self._pending_bytes = 0
        self._runs: SortedRuns | None = None

    def write(self, row: Mapping[str, Any]) -> None:
        """One row, a mapping from column to value; absent columns are null."""
        self._pending.append(row)
        self._pending_bytes += 64 + sum(
            len(value) for value in row.values() if isinstance(value, str | bytes)
        )
        if self._pending_bytes >= BATCH_BYTES or len(self._pending) >= BATCH_ROWS:
            self._flush_pending()

    def write_table(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Many rows, columns in the schema's order."""
        self._flush_pending()
        self._add(rows)

    def _flush_pending(self) -> None:
        if self._pending:
            columns = [
                pa.array([row.get(name) for row in self._pending], type=self.schema.field(name).type)
                for name in self.schema.names
            ]
            self._pending, self._pending_bytes = [], 0
            self._add(pa.Table.from_arrays(columns, schema=self.schema))

    def _add(self, rows: pa.RecordBatch | pa.Table) -> None:
        self.rows += rows.num_rows
        self._held.append(rows)
        self._held_bytes += rows.nbytes
        if self.sort_by is not None and self._held_bytes >= RUN_BYTES:
            self._runs = self._runs or SortedRuns(self.path.parent, self.schema, self.sort_by)
            self._runs.add(self._take_held())
        elif self.sort_by is None and self._held_bytes >= ROW_GROUP_BYTES:
            self._writer.write_table(self._take_held())

    def _take_held(self) -> pa.Table:
        tables = [
            item if isinstance(item, pa.Table) else pa.Table.from_batches([item]) for item in self._held
        ]
        self._held, self._held_bytes = [], 0
        return pa.concat_tables(tables).cast(self.schema)

    def _write_sorted(self, sort_by: str) -> None:
        if self._runs is None:
            self._writer.write_table(self._take_held().sort_by(sort_by))
            return
        if self._held:
            self._runs.add(self._take_held())
        for rows in self._runs.merged():
            self._held.append(rows)
            self._held_bytes += rows.nbytes
            if self._held_bytes >= ROW_GROUP_BYTES:
                self._writer.write_table(self._take_held())
        if self._held:
            self._writer.write_table(self._take_held())

    def close(self) -> None:
        self._flush_pending()
        if self._held or self._runs:
            if self.sort_by is None:
                self._writer.write_table(self._take_held())
            else:
                self._write_sorted(self.sort_by)
        self._writer.close()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None:
            self.close()
        else:
            self._writer.close()
            if self._runs:
                self._runs.close()


_PLAIN_COLUMNS = tuple(name for name in DOCUMENTS.names if name != "metadata")


class DocumentWriter(TableWriter):
    """Writes documents to one Parquet file and counts them: `rows`, and `text_bytes` of UTF-8 text."""

    def __init__(self, path: Path):
        super().__init__(path, DOCUMENTS)
        self.text_bytes = 0

    def add(self, document: Document) -> None:
        """Writes a document whose text is valid Unicode (no lone surrogates)."""
        text = document.text
        self.text_bytes += len(text) if text.isascii() else len(text.encode())
        row = {name: getattr(document, name) for name in _PLAIN_COLUMNS}
        row["metadata"] = canonical_json(document.metadata)
        self.write(row)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: Any) -> str:
    """Compact JSON with sorted keys: equal values give equal text."""
    return _CANONICAL.encode(value)


def ledger_row(
    id: str,
    rule: str | None = None,
    *,
    failed_rules: Sequence[str] = (),
    score: float | None = None,
    threshold: float | None = None,
    matched_id: str | None = None,
    similarity: float | None = None,
) -> dict[str, Any]:
    """A ledger row: kept without a rule, dropped with one."""
    return {
        "id": id,
        "verdict": "kept" if rule is None else "dropped",
        "rule": rule,
        "failed_rules": list(failed_rules) or ([] if rule is None else [rule]),
        "score": score,
        "threshold": threshold,
        "matched_id": matched_id,
        "similarity": similarity,
    }


def ledger_writer(path: Path, extra: Iterable[tuple[str, pa.DataType]] = ()) -> TableWriter:
    """A ledger file, sorted by id; `extra` columns follow the common ones (ingest adds `url`)."""
    schema = LEDGER
    for name, kind in extra:
        schema = schema.append(pa.field(name, kind))
    return TableWriter(path, schema, sort_by="id")


def read_batches(
    paths: Iterable[str | Path], columns: Sequence[str] | None = None, rows: int = 1024
) -> Iterator[pa.RecordBatch]:
    """The record batches of Parquet files, in order: at most `rows` rows, and of one row group of about BATCH_BYTES.

    Left to itself pyarrow fills a batch from several row groups: 256 texts of 4 MB would be a gigabyte.
    """
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                told = file.metadata.row_group(group)
                parts = max(1, told.total_byte_size // BATCH_BYTES)
                size = max(1, min(rows, told.num_rows // parts))
                yield from file.iter_batches(batch_size=size, row_groups=[group], columns=columns)


def read_documents(paths: Iterable[str | Path]) -> Iterator[Document]:
    """The documents of Parquet files, in order, one at a time."""
    for batch in read_batches(paths, DOCUMENTS.names, rows=256):
        for row in batch.to_pylist():
            row["metadata"] = json.loads(row["metadata"] or "{}")
            yield Document(**row)
