"""The node decontaminate: drops documents that hold benchmark items or cuts these out, one shard per file of
documents, and one that tests whether injected items are found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tasks.benchmarks import named_files, resolved
from tasks.decontaminate.config import SEARCH_KEYS, Config
from tasks.errors import StageError
from tasks.node import Inputs, Metrics, Shard, ShardResult, merge_metrics
from tasks.text import FOLDING

VERSION = 4
PACKAGES = ()
KERNELS = ("tasks.decontaminate.kernels.items", "tasks.decontaminate.kernels.markup")
INPUTS = ("dedup/documents",)
STORY = "tasks.decontaminate.story"
FOLLOWS = {"benchmarks": "evaluate"}

SELF_TEST = "self-test"  # the key of the shard that injects items
_TEST_KEYS = ("self_test_items", "min_recall")
_CUT_KEYS = ("cut_margin", "min_piece", "max_pieces", "min_share")


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """The self-test sees the first file only: other documents leave it as it is."""
    items = [
        inputs.file(path, name)
        for benchmark in config.benchmarks
        for name, path in named_files(benchmark, inputs.resolve)
    ]
    places = [resolved(benchmark, inputs.resolve).model_dump(mode="json") for benchmark in config.benchmarks]
    every = {**config.identity(), "folding": FOLDING}
    search = {name: every[name] for name in (*SEARCH_KEYS, "folding")}
    judge = {name: every[name] for name in ("mode", *(_CUT_KEYS if config.mode == "cut" else ()))}
    test = {name: every[name] for name in _TEST_KEYS}
    documents = inputs["dedup/documents"]
    tested = documents[:1] if config.benchmarks and config.self_test_items else []
    return [
        Shard(key, settings, {"documents": [file], "benchmarks": items}, {"benchmarks": places})
        for key, settings, file in [
            *((file.key, search | judge, file) for file in documents),
            *((SELF_TEST, search | test, file) for file in tested),
        ]
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes documents.parquet, ledger.parquet, edits.parquet (id, rule, count, bytes taken out) and hits.parquet
    (`tasks.decontaminate.outcome.HITS`); the self-test writes self-test.parquet (`outcome.RECALL`)."""
    from tasks.decontaminate.outcome import write_outcome, write_self_test

    settings = {name: value for name, value in shard.config.items() if name not in ("benchmarks", "folding")}
    config = Config(**settings, benchmarks=shard.runtime["benchmarks"])
    search = {name: shard.config[name] for name in SEARCH_KEYS}
    key = json.dumps([search, [file.digest for file in shard.inputs["benchmarks"]]], sort_keys=True)
    write = write_self_test if shard.key == SELF_TEST else write_outcome
    return ShardResult(write([file.path for file in shard.inputs["documents"]], config, key, out))


def finish(shards: Sequence[Shard], results: Sequence[ShardResult], out: Path) -> Metrics:
    """The funnel, and `benchmarks`: {name: {items, unsearchable, unsearchable_items, items_hit, documents_hit,
    hits}}; `self_test`: {name: {kind: {items, found, missed}}}."""
    metrics = merge_metrics(result.metrics for result in results)
    if not metrics.get("documents_out"):
        names = ", ".join(shards[0].config["benchmarks"]) if shards else ""
        raise StageError(
            f"decontaminate: no document is left of {metrics.get('documents_in', 0)}: each one holds an item "
            f"of a benchmark ({names}). Leave the benchmark files themselves out of the sources, or raise "
            "decontaminate.ngram and decontaminate.phrase."
        )
    for shard in shards:
        if shard.key == SELF_TEST:
            _check(metrics["self_test"], shard.config["min_recall"])
    found = metrics.pop("found", {})
    totals = metrics.pop("items", {})
    metrics["benchmarks"] = {
        name: {
            **results[0].metrics["items"][name],
            "items_hit": len(found.get(name, {}).get("items", {})),
            "documents_hit": found.get(name, {}).get("documents", 0),
            "hits": sum(found.get(name, {}).get("items", {}).values()),
        }
        for name in totals
    }
    return metrics


def _check(recall: dict[str, Any], least: float) -> None:
    failed = [
        f"{name}, {kind}: {counts['found']} of {counts['items']} found (missed: {', '.join(counts['missed'][:5])})"
        for name, kinds in recall.items()
        for kind, counts in kinds.items()
        if counts["found"] < least * counts["items"]
    ]
    if failed:
        raise StageError(
            "decontaminate: injected benchmark items are not found, so documents that hold them would stay. "
            f"Wanted is a share of {least:g} (decontaminate.min_recall).\n  " + "\n  ".join(failed) + "\n"
            "Lower decontaminate.ngram or decontaminate.phrase, or raise decontaminate.template; or lower "
            "decontaminate.min_recall to accept it."
        )
