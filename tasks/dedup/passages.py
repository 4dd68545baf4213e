"""The node dedup-passages: the paragraphs of the documents that survived, hashed, one shard per file of documents.

Part of the DAG only where `dedup.paragraphs` is set (`tasks.dedup.paragraphs.option`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tasks.dedup.paragraphs import Option
from tasks.dedup.paragraphs import option as paragraphs
from tasks.node import Inputs, Shard, ShardResult
from tasks.text import FOLDING

VERSION = 1
PACKAGES = ("xxhash",)
KERNELS = ("tasks.dedup.kernels.paragraphs",)
INPUTS = ("filter/documents", "dedup-survivors/removed")

wanted = paragraphs.wanted


class Config(Option):
    """paragraphs: of which `max_cut` isn't read here."""


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    assert config.paragraphs is not None
    settings = config.paragraphs.identity()
    del settings["max_cut"]
    return [
        Shard(
            file.key,
            {**settings, "folding": FOLDING},
            {"documents": [file], "removed": [replace(removed, name="removed")]},
        )
        for file, removed in zip(inputs["filter/documents"], inputs["dedup-survivors/removed"], strict=True)
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes passages.npy (`tasks.dedup.paragraphs.split.PASSAGE`), sorted by hash."""
    import numpy as np
    import pyarrow.parquet as pq

    from tasks.dedup.paragraphs import passages

    config = shard.config
    documents, removed = (shard.inputs[name][0].path for name in ("documents", "removed"))
    gone = pq.read_table(removed, columns=["row"])["row"].to_numpy()
    found = passages(
        documents, gone, config["kinds"], config["separator"] == "empty_line", config["min_words"]
    )
    np.save(out / "passages.npy", found)
    return ShardResult({"passages": len(found)})
