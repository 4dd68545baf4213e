"""The node decontaminate: drops documents that hold benchmark items, one shard per file of documents."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tasks import node
from tasks.errors import StageError
from tasks.evaluate.benchmarks import Benchmark, named_files, resolved
from tasks.node import Inputs, Metrics, Shard, ShardResult, merge_metrics

VERSION = 1
PACKAGES = ()
INPUTS = ("dedup/documents",)


class Config(node.Config):
    """How benchmark items are looked for (`tasks.decontaminate.search` says by which rules).

    benchmarks: whose items; by default those that evaluate scores.
    ngram: a question of so many words or more is found by any n-gram of this length.
    phrase: a shorter question is found word for word, on its own from this length on.
    template: an n-gram in more items of one benchmark than this tells none of them apart, and doesn't count.
    mode: what becomes of a document that holds an item: "drop" leaves it out.
    """

    benchmarks: list[Benchmark] = Field(default=[])
    ngram: int = Field(default=13, ge=2)
    phrase: int = Field(default=8, ge=1)
    template: int = Field(default=8, ge=1)
    mode: Literal["drop"] = "drop"

    def identity(self) -> dict[str, Any]:
        """Of a benchmark its name: how many examples or items of it are used makes no difference here."""
        return {**super().identity(), "benchmarks": [benchmark.name for benchmark in self.benchmarks]}


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    settings = {**config.identity(), "unicode": unicodedata.unidata_version}
    items = [
        inputs.file(path, name)
        for benchmark in config.benchmarks
        for name, path in named_files(benchmark, inputs.resolve)
    ]
    places = [resolved(benchmark, inputs.resolve).model_dump(mode="json") for benchmark in config.benchmarks]
    return [
        Shard(file.key, settings, {"documents": [file], "benchmarks": items}, {"benchmarks": places})
        for file in inputs["dedup/documents"]
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes documents.parquet, ledger.parquet and hits.parquet (`tasks.decontaminate.outcome.HITS`)."""
    from tasks.decontaminate.outcome import write_outcome

    settings = {name: shard.config[name] for name in Config.model_fields if name != "benchmarks"}
    config = Config(**settings, benchmarks=shard.runtime["benchmarks"])
    key = json.dumps([shard.config, [file.digest for file in shard.inputs["benchmarks"]]], sort_keys=True)
    return ShardResult(write_outcome([file.path for file in shard.inputs["documents"]], config, key, out))


def finish(shards: Sequence[Shard], results: Sequence[ShardResult], out: Path) -> Metrics:
    """The funnel, and `benchmarks`: {name: {items, unsearchable, items_hit, documents_hit}}."""
    metrics = merge_metrics(result.metrics for result in results)
    if not metrics.get("documents_out"):
        names = ", ".join(shards[0].config["benchmarks"]) if shards else ""
        raise StageError(
            f"decontaminate: no document is left of {metrics.get('documents_in', 0)}: each one holds an item "
            f"of a benchmark ({names}). Leave the benchmark files themselves out of the sources, or raise "
            "decontaminate.ngram and decontaminate.phrase."
        )
    found = metrics.pop("found", {})
    totals = metrics.pop("items", {})
    metrics["benchmarks"] = {
        name: {
            **results[0].metrics["items"][name],
            "items_hit": len(found.get(name, {}).get("items", {})),
            "documents_hit": found.get(name, {}).get("documents", 0),
        }
        for name in totals
    }
    return metrics
