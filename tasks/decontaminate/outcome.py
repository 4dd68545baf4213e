"""Searches a file of documents and writes the clean ones, the ledger and the hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.decontaminate.items import ItemIndex, index_items
from tasks.decontaminate.node import Config
from tasks.decontaminate.search import Hit, search
from tasks.document import DOCUMENTS, TableWriter, ledger_row, ledger_writer, read_batches
from tasks.evaluate.benchmarks import load_items
from tasks.node import Metrics

HITS = pa.schema(
    [
        ("benchmark", pa.string()),
        ("item", pa.string()),
        ("id", pa.string()),  # the document
        ("ngram", pa.string()),  # the words that were found first, folded
        ("count", pa.int64()),  # n-grams of the item's question that the document holds; 1 for a whole phrase
        ("share", pa.float64()),  # of the item's n-grams
    ]
)


def write_outcome(paths: Sequence[str], config: Config, key: str, out: Path) -> Metrics:
    """Documents without a hit, a ledger row for each document, a row per document and item it holds.

    key: names benchmarks and settings by content: a process indexes the items once for all its shards.
    """
    index = _index(key, config.model_dump_json())
    tally = _Tally(config, index)
    with (
        TableWriter(out / "documents.parquet", DOCUMENTS) as documents,
        ledger_writer(out / "ledger.parquet") as ledger,
        TableWriter(out / "hits.parquet", HITS) as hits,
    ):
        for batch in read_batches(paths, DOCUMENTS.names, rows=256):
            found: dict[int, list[Hit]] = {}
            for hit in search(batch["text"], index):
                found.setdefault(hit.text, []).append(hit)
            ids = batch["id"].to_pylist()
            for number, id in enumerate(ids):
                ledger.write(_ledger(id, found.get(number, ())))
                for hit in found.get(number, ()):
                    hits.write({name: getattr(hit, name, id) for name in HITS.names})
            documents.write_table(batch.filter(pa.array([number not in found for number in range(len(ids))])))
            sizes = pc.fill_null(pc.binary_length(batch["text"]), 0).to_pylist()
            tally.add(sizes, found)
        return tally.metrics


@lru_cache(maxsize=1)
def _index(key: str, settings: str) -> ItemIndex:
    config = Config.model_validate_json(settings)
    return index_items([item for benchmark in config.benchmarks for item in load_items(benchmark)], config)


def _ledger(id: str, hits: Sequence[Hit]) -> dict[str, Any]:
    """Names the item of which the document holds most."""
    if not hits:
        return ledger_row(id)
    most = min(hits, key=lambda hit: (-hit.share, -hit.count, hit.benchmark, hit.item))
    name = f"{most.benchmark}/{most.item}"
    return ledger_row(id, "contaminated", score=float(most.count), matched_id=name, similarity=most.share)


class _Tally:
    """Counts of one shard: `metrics` has the funnel's keys, and `items` and `found` by benchmark."""

    def __init__(self, config: Config, index: ItemIndex):
        totals = Counter(item.benchmark for item in index.items)
        short = Counter(index.items[number].benchmark for number in index.unsearchable)
        self.metrics: Metrics = {
            **dict.fromkeys(("documents_in", "documents_out", "bytes_in", "bytes_out"), 0),
            "dropped": {},
            "items": {
                benchmark.name: {"items": totals[benchmark.name], "unsearchable": short[benchmark.name]}
                for benchmark in config.benchmarks
            },
            "found": {},
        }

    def add(self, sizes: Sequence[int], found: dict[int, list[Hit]]) -> None:
        metrics = self.metrics
        metrics["documents_in"] += len(sizes)
        metrics["bytes_in"] += sum(sizes)
        metrics["documents_out"] += len(sizes) - len(found)
        metrics["bytes_out"] += sum(sizes) - sum(sizes[number] for number in found)
        for number, hits in found.items():
            dropped = metrics["dropped"].setdefault("contaminated", {"documents": 0, "bytes": 0})
            dropped["documents"] += 1
            dropped["bytes"] += sizes[number]
            for name in sorted({hit.benchmark for hit in hits}):
                entry = metrics["found"].setdefault(name, {"documents": 0, "items": {}})
                entry["documents"] += 1
            for hit in hits:
                items = metrics["found"][hit.benchmark]["items"]
                items[hit.item] = items.get(hit.item, 0) + 1
