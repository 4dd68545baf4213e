"""The node dedup-matches: pairs whose exact similarity reaches the threshold, one shard per file of documents.

A shard verifies the candidates whose later document, in the order of files, lies in its file; it depends on that
list and on the words of the files that the list touches. So a file that is added at the end costs its own pairs.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from tasks import node
from tasks.node import Inputs, Shard, ShardResult
from tasks.text import Ngram

VERSION = 2
PACKAGES = ()
KERNELS = ("tasks.dedup.kernels.matches",)
INPUTS = ("dedup-candidates/lists", "dedup-candidates/files", "dedup-signatures/words")


class Config(node.Config):
    """ngram: words in a shingle, or "13 characters". threshold: the least Jaccard similarity of near-duplicates."""

    ngram: Ngram = 5
    threshold: float = Field(default=0.75, gt=0, le=1)


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    words = inputs["dedup-signatures/words"]
    lists = inputs["dedup-candidates/lists"]
    touched = json.loads(Path(inputs["dedup-candidates/files"][0].path).read_text())["touched"]
    identity = config.identity()
    return [
        Shard(
            own.key,
            identity,
            {"candidates": [replace(found, name="candidates")], "words": [words[n] for n in numbers]},
        )
        for own, found, numbers in zip(words, lists, touched, strict=True)
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes pairs.npy, `MATCH`, in the order of the candidates."""
    import numpy as np

    from tasks.dedup.pairs import MATCH, Codes, verify

    candidates = np.load(shard.inputs["candidates"][0].path)
    files = [Codes.open(file.path) for file in shard.inputs["words"]] if len(candidates) else []
    ones = np.stack([np.zeros(len(candidates), np.int64), candidates["row"].astype(np.int64)], axis=1)
    others = np.stack([candidates["file"], candidates["other"]], axis=1).astype(np.int64)
    values = verify(files, ones, others, shard.config["ngram"], shard.config["threshold"])
    reached = values >= 0
    matches = np.empty(int(reached.sum()), MATCH)
    for name in ("row", "file", "other", "sampled"):
        matches[name] = candidates[name][reached]
    matches["similarity"] = values[reached]
    np.save(out / "pairs.npy", matches)
    return ShardResult({"candidates": len(candidates), "pairs": len(matches)})
