"""The node dedup-matches: pairs of documents whose exact similarity reaches the threshold.

One shard, because a pair may join any two files. Memory: the signatures' ids and bands (some 250 bytes a
document at 14 bands) and the candidate pairs; shingle sets lie in a scratch file. Where that is too much, the
bands are what to partition by: each is looked at on its own (`tasks.dedup.pairs.find_candidates`).
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from pydantic import Field

from tasks import node
from tasks.node import Inputs, Metrics, Shard, ShardResult

VERSION = 1
PACKAGES = ()
INPUTS = ("dedup-signatures/signatures", "filter/documents")
SINGLE = True


class Config(node.Config):
    """ngram: words in a shingle. threshold: the least Jaccard similarity of near-duplicates."""

    ngram: int = Field(default=5, ge=1)
    threshold: float = Field(default=0.75, gt=0, le=1)


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    settings = {**config.identity(), "unicode": unicodedata.unidata_version}
    files = {"signatures": inputs["dedup-signatures/signatures"], "documents": inputs["filter/documents"]}
    return [Shard("pairs", settings, files)]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes pairs.parquet (`tasks.dedup.pairs.PAIRS`)."""
    from tasks.dedup.index import load
    from tasks.dedup.pairs import PAIRS, find_pairs
    from tasks.document import TableWriter, read_batches

    columns = ["id", "normal", "words", "bands"]
    index = load(read_batches([file.path for file in shard.inputs["signatures"]], columns), columns)
    texts = [file.path for file in shard.inputs["documents"]]
    pairs = find_pairs(
        index, lambda: read_batches(texts, ["text"]), shard.config["ngram"], shard.config["threshold"], out
    )
    with TableWriter(out / "pairs.parquet", PAIRS) as writer:
        writer.write_table(pairs)
    return ShardResult({"documents_in": len(index), "documents_out": len(index), "pairs": pairs.num_rows})


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    return results[0].metrics
