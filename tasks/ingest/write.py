"""What a shard of ingest leaves: documents, a ledger row per record, a row per file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa

from tasks.document import (
    Document,
    DocumentWriter,
    Loss,
    TableWriter,
    canonical_json,
    document_id,
    ledger_row,
    ledger_writer,
)
from tasks.ingest.source import BaseSource
from tasks.ingest.unique_ids import Seen
from tasks.node import Metrics

FILES = pa.schema(
    [
        ("file", pa.string()),  # relative to the source's root
        ("source", pa.string()),
        ("records", pa.int64()),
        ("documents", pa.int64()),
        ("lost", pa.int64()),
        ("reasons", pa.string()),  # JSON: reason -> records
        ("digest_mismatches", pa.int64()),  # documents, kept although a declared checksum isn't theirs
        ("bytes", pa.int64()),  # of the file
    ]
)


class Writer:
    """Writes the three tables of a shard; records = documents + losses, for every file. A context manager."""

    def __init__(self, out: Path, source: BaseSource):
        self.source, self._most = source.name, source.max_document_bytes
        self._stack = ExitStack()
        self._documents = DocumentWriter(out / "documents.parquet")
        self._ledger = ledger_writer(out / "ledger.parquet", [("url", pa.string())])
        self._files = TableWriter(out / "files.parquet", FILES)
        self._ids = Seen(out)
        for part in (self._documents, self._ledger, self._files, self._ids):
            self._stack.enter_context(part)
        self._dropped: dict[str, dict[str, int]] = {}
        self._counts = Counter[str](files=0, documents_in=0, bytes_read=0, digest_mismatches=0)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    @contextmanager
    def file(self, name: str, size: int) -> Iterator[Callable[[Document | Loss], None]]:
        """Gives a function that takes the file's records one by one, and writes the file's row at the end."""
        kept, mismatches, reasons = 0, 0, Counter[str]()

        def add(item: Document | Loss) -> None:
            nonlocal kept, mismatches
            if isinstance(item, Document) and (size := _size(item.text, self._most)) > self._most:
                item = Loss("too-large", f"{name}#{item.id}#{kept + reasons.total()}", item.url, size)
            if isinstance(item, Document) and not self._ids.add(item.id):
                where = f"{name}#{item.id}#{kept + reasons.total()}"
                item = Loss("repeated-id", where, item.url, len(item.text))
            if isinstance(item, Loss):
                reasons[item.reason] += 1
                self._lose(name, item)
            else:
                kept += 1
                mismatches += "digest_mismatch" in item.metadata
                self._keep(item)

        yield add
        self._counts.update(
            files=1, bytes_read=size, documents_in=kept + reasons.total(), digest_mismatches=mismatches
        )
        self._files.write(
            {"file": name, "source": self.source, "records": kept + reasons.total(), "documents": kept,
             "lost": reasons.total(), "reasons": canonical_json(dict(reasons)),
             "digest_mismatches": mismatches, "bytes": size}
        )  # fmt: skip

    def _keep(self, document: Document) -> None:
        self._documents.add(document)
        self._ledger.write(ledger_row(document.id) | {"url": document.url})

    def _lose(self, name: str, loss: Loss) -> None:
        row = ledger_row(document_id(self.source, name, "loss:" + loss.where), loss.reason)
        self._ledger.write(row | {"url": loss.url})
        counts = self._dropped.setdefault(loss.reason, {"documents": 0, "bytes": 0})
        counts["documents"] += 1
        counts["bytes"] += loss.size

    @property
    def metrics(self) -> Metrics:
        """The funnel's keys, files, bytes_read and digest_mismatches. bytes_in: the text kept and the raw bytes of losses."""
        lost = sum(counts["bytes"] for counts in self._dropped.values())
        kept = self._documents.text_bytes
        return {
            **self._counts,
            "documents_out": self._documents.rows,
            "bytes_in": kept + lost,
            "bytes_out": kept,
            "dropped": dict(sorted(self._dropped.items())),
        }


def _size(text: str, most: int) -> int:
    """Bytes of a text in UTF-8; a text of few characters isn't encoded for it, its size is at most what is said."""
    return 4 * len(text) if 4 * len(text) <= most else len(text.encode("utf-8", "surrogatepass"))
