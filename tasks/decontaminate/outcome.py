"""Searches a file of documents and writes the clean ones, the ledger, the edits and the hits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.benchmarks import load_items
from tasks.decontaminate.config import SEARCH_KEYS, Config
from tasks.decontaminate.cut import Cut, cut
from tasks.decontaminate.index import ItemIndex, index_items
from tasks.decontaminate.search import Hit, search
from tasks.decontaminate.selftest import self_test
from tasks.document import DOCUMENTS, EDITS, TableWriter, ledger_row, ledger_writer, read_batches
from tasks.node import Metrics

HITS = pa.schema(
    [
        ("benchmark", pa.string()),
        ("item", pa.string()),
        ("id", pa.string()),  # the document
        ("ngram", pa.string()),  # the words that were found first, folded
        ("count", pa.int64()),  # n-grams of the item's question that the document holds; 1 for a whole phrase
        ("share", pa.float64()),  # of the item's n-grams
        ("rule", pa.string()),  # question | answer | phrase
    ]
)
RECALL = pa.schema(
    [
        ("benchmark", pa.string()),
        ("kind", pa.string()),
        ("items", pa.int64()),  # injected
        ("found", pa.int64()),
        ("missed", pa.list_(pa.string())),  # their names
    ]
)
RULE = "contaminated"
MOST_NAMES = 50  # of unsearchable items of a benchmark in the metrics
TEST_DOCUMENTS = 32
TEST_CHARACTERS = 500  # at least, of a document that items are embedded in


def write_outcome(paths: Sequence[str], config: Config, key: str, out: Path) -> Metrics:
    """Documents without an item, a ledger row for each document, a row per document and item it held, the edits.

    key: names benchmarks and search settings by content: a process indexes the items once for all its shards.
    """
    index = _index(key, config)
    tally = _Tally(config, index)
    with (
        TableWriter(out / "documents.parquet", DOCUMENTS) as documents,
        ledger_writer(out / "ledger.parquet") as ledger,
        TableWriter(out / "edits.parquet", EDITS, sort_by="id") as edits,
        TableWriter(out / "hits.parquet", HITS) as hits,
    ):
        for batch in read_batches(paths, DOCUMENTS.names, rows=256):
            texts, ids = batch.column("text"), batch.column("id").to_pylist()
            found: dict[int, list[Hit]] = {}
            for hit in search(texts, index):
                found.setdefault(hit.text, []).append(hit)
                hits.write({name: getattr(hit, name, ids[hit.text]) for name in HITS.names})
            before = pc.fill_null(pc.binary_length(texts), 0).to_pylist()
            cuts = _cuts(texts, found, index, config)
            for number, id in enumerate(ids):
                ledger.write(_ledger(id, found.get(number, ()), number in cuts))
            kept = [number not in found or number in cuts for number in range(len(ids))]
            if cuts:
                batch = _replaced(batch, cuts)
            after = pc.fill_null(pc.binary_length(batch.column("text")), 0).to_pylist()
            for number, one in cuts.items():
                edits.write(
                    {
                        "id": ids[number],
                        "rule": RULE,
                        "count": one.windows,
                        "bytes": before[number] - after[number],
                    }
                )
            documents.write_table(batch.filter(pa.array(kept)))
            tally.add(before, after, kept, found, cuts)
        return tally.metrics


def write_self_test(paths: Sequence[str], config: Config, key: str, out: Path) -> Metrics:
    """The recall of injected items, as a table and as metrics."""
    index = _index(key, config)
    texts: list[str] = []
    for batch in read_batches(paths, ["text"], rows=256):
        texts += [text for text in batch.column("text").to_pylist() if text and len(text) >= TEST_CHARACTERS]
        if len(texts) >= TEST_DOCUMENTS:
            break
    recall: Metrics = {}
    with TableWriter(out / "self-test.parquet", RECALL) as table:
        for row in self_test(index, config.self_test_items, texts[:TEST_DOCUMENTS]):
            table.write(row)
            counts = {name: row[name] for name in ("items", "found", "missed")}
            recall.setdefault(row["benchmark"], {})[row["kind"]] = counts
    return {"self_test": recall}


def _index(key: str, config: Config) -> ItemIndex:
    """The items, indexed once a process: what doesn't decide the search makes no other index."""
    return _cached_index(key, config.model_dump_json(include=set(SEARCH_KEYS)))


@lru_cache(maxsize=1)
def _cached_index(key: str, settings: str) -> ItemIndex:
    config = Config.model_validate_json(settings)
    return index_items([item for benchmark in config.benchmarks for item in load_items(benchmark)], config)


def _cuts(texts: pa.Array, found: dict[int, list[Hit]], index: ItemIndex, config: Config) -> dict[int, Cut]:
    """What is left of the documents that are cut and not dropped."""
    if config.mode == "drop":
        return {}
    cuts = {number: cut(texts[number].as_py(), index, config) for number in found}
    return {number: one for number, one in cuts.items() if one.text is not None}


def _replaced(batch: pa.RecordBatch, cuts: dict[int, Cut]) -> pa.RecordBatch:
    texts = batch.column("text").to_pylist()
    for number, one in cuts.items():
        texts[number] = one.text
    column = pa.array(texts, pa.large_string())
    return batch.set_column(DOCUMENTS.names.index("text"), DOCUMENTS.field("text"), column)


def _ledger(id: str, hits: Sequence[Hit], kept: bool) -> dict[str, Any]:
    """Names the item of which the document holds, or held, most."""
    if not hits:
        return ledger_row(id)
    most = min(hits, key=lambda hit: (-hit.share, -hit.count, hit.benchmark, hit.item))
    name = f"{most.benchmark}/{most.item}"
    rule = None if kept else RULE
    return ledger_row(id, rule, score=float(most.count), matched_id=name, similarity=most.share)


class _Tally:
    """Counts of one shard: `metrics` has the funnel's keys, `edits`, and `items` and `found` by benchmark."""

    def __init__(self, config: Config, index: ItemIndex):
        short: dict[str, list[str]] = {benchmark.name: [] for benchmark in config.benchmarks}
        for number in index.unsearchable:
            short[index.items[number].benchmark].append(index.items[number].item)
        self.metrics: Metrics = {
            **dict.fromkeys(("documents_in", "documents_out", "bytes_in", "bytes_out"), 0),
            "dropped": {},
            "edits": {},
            "items": {
                name: {
                    "items": index.sizes.get(name, 0),
                    "unsearchable": len(names),
                    "unsearchable_items": names[:MOST_NAMES],
                }
                for name, names in short.items()
            },
            "found": {},
        }

    def add(
        self,
        before: Sequence[int],
        after: Sequence[int],
        kept: Sequence[bool],
        found: dict[int, list[Hit]],
        cuts: dict[int, Cut],
    ) -> None:
        """before, after: bytes of each document; kept: whether it stays."""
        metrics = self.metrics
        metrics["documents_in"] += len(before)
        metrics["bytes_in"] += sum(before)
        metrics["documents_out"] += sum(kept)
        metrics["bytes_out"] += sum(size for size, stays in zip(after, kept, strict=True) if stays)
        for number, hits in found.items():
            if number in cuts:
                counts = {
                    "documents": 1,
                    "count": cuts[number].windows,
                    "bytes": before[number] - after[number],
                }
                _add(metrics["edits"], counts)
            else:
                _add(metrics["dropped"], {"documents": 1, "bytes": before[number]})
            for name in sorted({hit.benchmark for hit in hits}):
                entry = metrics["found"].setdefault(name, {"documents": 0, "items": {}})
                entry["documents"] += 1
            for hit in hits:
                items = metrics["found"][hit.benchmark]["items"]
                items[hit.item] = items.get(hit.item, 0) + 1


def _add(rules: dict[str, dict[str, int]], counts: dict[str, int]) -> None:
    entry = rules.setdefault(RULE, dict.fromkeys(counts, 0))
    for name, number in counts.items():
        entry[name] += number
