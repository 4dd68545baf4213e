"""The node dedup: who survives of each cluster; documents, ledger and clusters.

One shard, because a cluster may join any files; its documents and ledger keep the files that they came in.
Memory: ids, digests and what the survivor rules read of every document (some 200 bytes), never texts.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tasks import node
from tasks.node import Inputs, Metrics, Shard, ShardResult

VERSION = 1
PACKAGES = ()
INPUTS = ("dedup-matches/pairs", "dedup-signatures/signatures", "filter/documents")
SINGLE = True

Rule = Literal["source", "length", "-length", "date", "-date", "id", "-id"]


class Config(node.Config):
    """ngram, threshold: as dedup-matches had them. priority: who is kept of similar documents: the first rule
    that tells them apart decides (`tasks.dedup.clusters.priorities`). sources: source names, the most
    trusted first, for the rule "source"."""

    ngram: int = Field(default=5, ge=1)
    threshold: float = Field(default=0.75, gt=0, le=1)
    priority: list[Rule] = Field(default=["source", "length", "date", "id"])
    sources: list[str] = Field(default=[])


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    settings = {**config.identity(), "unicode": unicodedata.unidata_version}
    files = {
        "pairs": inputs["dedup-matches/pairs"],
        "signatures": inputs["dedup-signatures/signatures"],
        "documents": inputs["filter/documents"],
    }
    return [Shard("documents", settings, files)]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes documents/*.parquet and ledger/*.parquet, a file for each that came in, and clusters.parquet."""
    from tasks.dedup.outcome import write_outcome

    return ShardResult(write_outcome(shard, out))


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    metrics: dict[str, Any] = results[0].metrics
    return metrics
