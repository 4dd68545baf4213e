"""Node filter-edits: lines that no author wrote and personal data taken out of the texts, and a record of it.

The only place of the filter stage where a text changes. The rows of `documents` are those that came in, in their
order: a text of which nothing is left stays as an empty one, and the rules of the filter drop it.
"""

from __future__ import annotations

import codecs
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.filter.editing import SAMPLES, Edits
from tasks.filter.editing import Config as Personal
from tasks.node import Config as NodeConfig
from tasks.node import Inputs, Metrics, Shard, ShardResult

if TYPE_CHECKING:
    import pyarrow as pa

    from tasks.filter.editing import Change

VERSION = 3
PACKAGES: tuple[str, ...] = ()
KERNELS = ("tasks.filter.kernels.edits",)
INPUTS = ("ingest/documents",)
VOLATILE = ("samples",)

BLANK = 4096  # bytes that are decoded at once


class Config(NodeConfig):
    """edits: lines and marks; pii: personal data."""

    edits: Edits = Edits()
    pii: Personal = Personal()


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """One shard for each file of documents."""
    identity = config.identity()
    return [
        Shard(key=item.key, config=identity, inputs={"documents": [item]})
        for item in inputs["ingest/documents"]
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes documents.parquet, edits.parquet and samples.parquet.

    edits: id, rule, count, bytes and words taken out (see `lost_words`); by id.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from tasks.document import DOCUMENTS, EDIT_SAMPLES, EDITS, TableWriter, read_batches
    from tasks.filter.editing import Editor, edit_texts

    config = Config.model_validate(dict(shard.config))
    editor = Editor(config.edits, config.pii)
    schema = EDITS.append(pa.field("words", pa.int64()))
    record = _Record()
    with (
        TableWriter(out / "documents.parquet", DOCUMENTS) as documents,
        TableWriter(out / "edits.parquet", schema, sort_by="id") as edits,
        TableWriter(out / "samples.parquet", EDIT_SAMPLES) as samples,
    ):
        for batch in read_batches([shard.inputs["documents"][0].path], DOCUMENTS.names, rows=256):
            texts = batch.column("text")
            edited = edit_texts(texts, batch.column("kind").to_pylist(), editor)
            ids = batch.column("id")
            for row, change in edited.changed.items():
                emptied = _is_blank(edited.texts[row].as_buffer())
                for entry in record.edits(ids[row].as_py(), change, emptied):
                    edits.write(entry)
                for entry in record.samples(ids[row].as_py(), change):
                    samples.write(entry)
            place, field = DOCUMENTS.names.index("text"), DOCUMENTS.field("text")
            documents.write_table(batch.set_column(place, field, edited.texts))
            sizes = (pc.sum(pc.binary_length(column)).as_py() or 0 for column in (texts, edited.texts))
            record.add(batch.num_rows, *sizes)
    return ShardResult(metrics=record.metrics)


def _is_blank(text: pa.Buffer) -> bool:
    """Whether there is nothing but whitespace; of a long text no more than that is decoded."""
    parts = (text[at : at + BLANK].to_pybytes() for at in range(0, text.size, BLANK))
    return not any(part.strip() for part in codecs.iterdecode(parts, "utf-8"))


class _Record:
    """Counts what a shard's edits did.

    metrics: the funnel's keys (no document is dropped), `edits`: {rule: {documents, count, bytes}}, `edited`: the
    documents that any edit changed, `emptied`: those of which nothing but whitespace is left.
    """

    def __init__(self) -> None:
        self.rules: dict[str, Counter[str]] = {}
        self.shown: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()

    def add(self, documents: int, before: int, after: int) -> None:
        self.totals.update(documents_in=documents, documents_out=documents, bytes_in=before, bytes_out=after)

    def edits(self, id: str, change: Change, emptied: bool) -> list[dict[str, Any]]:
        """The rows of `edits` for one changed document, by rule."""
        for rule, (count, size, words) in change.counts.items():
            self.rules.setdefault(rule, Counter()).update(documents=1, count=count, bytes=size, words=words)
        self.totals.update(edited=1, emptied=emptied)
        return [
            {"id": id, "rule": rule, "count": count, "bytes": size, "words": words}
            for rule, (count, size, words) in sorted(change.counts.items())
        ]

    def samples(self, id: str, change: Change) -> list[dict[str, Any]]:
        """The first edits of each rule, as long as the shard has room for more of it."""
        from tasks.filter.editing import masked

        found = []
        for rule, taken, replacement in change.first:
            if self.shown[rule] < SAMPLES:
                self.shown[rule] += 1
                shown = masked(taken) if rule.startswith("pii.") else taken.decode("utf-8", "replace")
                found.append({"id": id, "rule": rule, "text": shown, "replacement": replacement.decode()})
        return found

    @property
    def metrics(self) -> Metrics:
        return {
            **{
                name: self.totals[name] for name in ("documents_in", "documents_out", "bytes_in", "bytes_out")
            },
            "dropped": {},
            **{name: self.totals[name] for name in ("edited", "emptied")},
            "edits": {rule: dict(numbers) for rule, numbers in sorted(self.rules.items())},
        }
