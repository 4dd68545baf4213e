"""The node dedup-survivors: clusters, and who survives in them. One job, because a cluster may join any files.

Memory: some 200 bytes for each document that has a duplicate, and 16 for each verified pair; nothing for others,
never texts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from tasks import node
from tasks.node import Inputs, Shard, ShardResult
from tasks.text import Ngram

VERSION = 1
PACKAGES = ()
KERNELS = ("tasks.dedup.kernels.clusters", "tasks.dedup.kernels.matches")
INPUTS = (
    "dedup-matches/pairs",
    "dedup-candidates/copies",
    "dedup-candidates/files",
    "dedup-signatures/signatures",
    "dedup-signatures/words",
    "filter-signals/signals",
)
SINGLE = True

Rule = Literal["source", "quality", "length", "date", "id", "-source", "-quality", "-length", "-date", "-id"]


class Config(node.Config):
    """ngram, threshold: as dedup-matches had them. priority: who is kept of similar documents: the first rule
    that tells them apart decides (`tasks.dedup.clusters.clustering.priorities`). sources: source names, the most
    trusted first, for the rule "source"; those not named follow in the order in which ingest has them, so
    that documents of a source that is added at the end never take the place of others."""

    ngram: Ngram = 5
    threshold: float = Field(default=0.75, gt=0, le=1)
    priority: list[Rule] = Field(default=["source", "quality", "length", "date", "id"])
    sources: list[str] = Field(default=[])


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    files = {name.split("/", 1)[1]: inputs[name] for name in INPUTS[:-1]}
    if {"quality", "-quality"} & set(config.priority):
        files["signals"] = inputs[INPUTS[-1]]
    return [Shard("survivors", config.identity(), files)]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes clusters.parquet (`tasks.dedup.clusters.clustering.CLUSTERS`), removed/<n>.parquet for each file of documents
    (`tasks.dedup.clusters.removals.REMOVED`) and top.parquet (`tasks.dedup.clusters.removals.TOP`)."""
    from tasks.dedup.clusters import write_survivors

    return ShardResult(write_survivors(shard, out))
