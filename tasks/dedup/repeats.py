"""The node dedup-repeats: which paragraphs an earlier document has. One job, because a paragraph may join any files.

Part of the DAG only where `dedup.paragraphs` is set (`tasks.dedup.paragraphs.option`). Memory: some 100 bytes a document,
its id with it, and a part of the passages; never texts. Documents are taken in the order of their sources
(`dedup.sources`, then as ingest has them), then of their ids.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from tasks.dedup.paragraphs import Option
from tasks.dedup.paragraphs import option as paragraphs
from tasks.node import Inputs, Shard, ShardResult, not_identity

VERSION = 1
PACKAGES = ()
INPUTS = ("dedup-passages/passages", "dedup-signatures/signatures")
SINGLE = True

wanted = paragraphs.wanted


class Config(Option):
    """paragraphs: of which only `max_cut` is read here. sources: as dedup-survivors has it. partition_bytes: of
    passages that are looked at together; they need some 4 times as much memory."""

    sources: list[str] = Field(default=[])
    partition_bytes: int = not_identity(64 << 20, ge=1 << 10)


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    assert config.paragraphs is not None
    settings = {"max_cut": config.paragraphs.max_cut, "sources": list(config.sources)}
    files = {name.split("/", 1)[1]: inputs[name] for name in INPUTS}
    return [Shard("repeats", settings, files, {"partition_bytes": config.partition_bytes})]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes cuts/<n>.npy (`tasks.dedup.paragraphs.duplicates.CUT`) and drops/<n>.parquet (`tasks.dedup.clusters.removals.REMOVED`) for
    each file of documents."""
    from tasks.dedup.paragraphs import write_repeats

    return ShardResult(write_repeats(shard, out))
