"""Writes what dedup decided: documents, ledger, clusters and the counts of the funnel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.dedup.clusters import CLUSTERS, Choice, choose, priorities
from tasks.dedup.index import Index, load
from tasks.document import DOCUMENTS, TableWriter, ledger_row, ledger_writer, read_batches
from tasks.errors import StageError
from tasks.node import Metrics, Shard, merge_metrics

COLUMNS = ["id", "exact", "normal", "length", "source", "date"]  # of signatures: what survivors are chosen by


def write_outcome(shard: Shard, out: Path) -> Metrics:
    """Chooses survivors from the shard's pairs and signatures, writes its outputs, returns its metrics."""
    index = load(read_batches([file.path for file in shard.inputs["signatures"]], COLUMNS), COLUMNS)
    if not len(index):
        raise StageError("dedup: there are no documents to compare; look at what filter dropped, and why.")
    pairs = pa.concat_tables([pq.read_table(file.path) for file in shard.inputs["pairs"]])
    config = shard.config
    texts = [file.path for file in shard.inputs["documents"]]
    choice = choose(
        index,
        pairs,
        priorities(index.signatures, config["priority"], config["sources"]),
        lambda: read_batches(texts, ["text"]),
        config["ngram"],
        config["threshold"],
        out,
    )
    with TableWriter(out / "clusters.parquet", CLUSTERS) as writer:
        writer.write_table(choice.table(index))
    verdicts = Verdicts(index, choice, config["threshold"])
    metrics = []
    row = 0
    for file in shard.inputs["documents"]:
        part = _write_file(file.path, f"{file.key}.parquet", out, verdicts, row)
        row += part["documents_in"]
        metrics.append(part)
    return {**merge_metrics(metrics), **cluster_metrics(choice), "pairs": pairs.num_rows}


class Verdicts:
    """The ledger row of each document, by the row in which it was read."""

    def __init__(self, index: Index, choice: Choice, threshold: float):
        self.index, self.choice, self.threshold = index, choice, threshold
        self.place = np.full(len(index), -1, np.int64)  # position -> its place among the removed, or -1
        self.removed = np.flatnonzero(choice.removed)
        self.place[choice.members[self.removed]] = self.removed

    def kept(self, first: int, count: int) -> np.ndarray:
        """bool (count,) for the rows from `first` on."""
        return self.place[self.index.positions[first : first + count]] < 0

    def ledger(self, row: int, id: str) -> dict[str, Any]:
        position = self.index.positions[row]
        place = self.place[position]
        if place < 0:
            return ledger_row(id)
        survivor, similarity = self.choice.survivor[place], float(self.choice.similarity[place])
        columns = self.index.signatures
        same = columns["exact"][position] == columns["exact"][survivor]
        return ledger_row(
            id,
            "exact-duplicate" if same else "near-duplicate",
            score=similarity,
            threshold=None if same else self.threshold,
            matched_id=columns["id"][survivor].as_py(),
            similarity=similarity,
        )

    def rows(self, ids: pa.Array, first: int) -> Iterator[dict[str, Any]]:
        for i, id in enumerate(ids.to_pylist()):
            yield self.ledger(first + i, id)


def _write_file(path: str, name: str, out: Path, verdicts: Verdicts, row: int) -> Metrics:
    """One file of documents and of ledger; `row` is the number of the file's first row."""
    metrics: Metrics = dict.fromkeys(("documents_in", "documents_out", "bytes_in", "bytes_out"), 0)
    dropped: dict[str, Counter[str]] = {}
    sources: dict[str, Counter[str]] = {}
    with (
        TableWriter(out / "documents" / name, DOCUMENTS) as documents,
        ledger_writer(out / "ledger" / name) as ledger,
    ):
        for batch in read_batches([path], DOCUMENTS.names):
            sizes = pc.fill_null(pc.binary_length(batch["text"]), 0).to_pylist()
            names = batch["source"].to_pylist()
            for entry, size, source in zip(verdicts.rows(batch["id"], row), sizes, names, strict=True):
                ledger.write(entry)
                counts = sources.setdefault(source or "", Counter(documents_in=0, documents_out=0))
                counts["documents_in"] += 1
                metrics["bytes_in"] += size
                if entry["rule"]:
                    dropped.setdefault(entry["rule"], Counter()).update(documents=1, bytes=size)
                else:
                    counts["documents_out"] += 1
                    metrics["bytes_out"] += size
            documents.write_table(batch.filter(pa.array(verdicts.kept(row, batch.num_rows))))
            row += batch.num_rows
            metrics["documents_in"] += batch.num_rows
        metrics["documents_out"] = documents.rows
    plain = {rule: dict(counts) for rule, counts in sorted(dropped.items())}
    return {
        **metrics,
        "dropped": plain,
        "sources": {name: dict(counts) for name, counts in sorted(sources.items())},
    }


def cluster_metrics(choice: Choice) -> Metrics:
    """clusters: how many; cluster_sizes: {size in powers of two, "2", "3-4", "5-8", ...: clusters}."""
    _, sizes = np.unique(choice.cluster, return_counts=True)
    highs = 2 ** np.ceil(np.log2(np.maximum(sizes, 2))).astype(np.int64)
    found = Counter(highs.tolist())
    names = {high: "2" if high == 2 else f"{high // 2 + 1}-{high}" for high in sorted(found)}
    return {"clusters": len(sizes), "cluster_sizes": {name: found[high] for high, name in names.items()}}
