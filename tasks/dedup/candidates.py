"""The node dedup-candidates: documents that share a band, and copies, one shard per range of hashes.

What a shard needs in memory is its part of the band files, whatever the corpus; how many parts there are follows
from the files' size and decides nothing. `finish` hands each file of documents the list of its candidates.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tasks import node
from tasks.errors import StageError
from tasks.node import Input, Inputs, Metrics, Shard, ShardResult, not_identity

VERSION = 1
PACKAGES = ()
FILES = ("bands", "copies", "ids")
KERNELS = ("tasks.dedup.kernels.candidates",)
INPUTS = tuple(f"dedup-signatures/{name}" for name in (*FILES, "signatures"))


class Config(node.Config):
    """partition_bytes: of band files that are looked at together; a shard needs some 8 times as much memory."""

    partition_bytes: int = not_identity(64 << 20, ge=1 << 10)


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """Every part reads all files: they are named once, by a digest over theirs."""
    found = {name: inputs[f"dedup-signatures/{name}"] for name in (*FILES, "signatures")}
    runtime = {name: [file.path for file in files] for name, files in found.items()}
    known = {name: [_all(name, found[name])] for name in FILES}
    size = sum(Path(path).stat().st_size for path in runtime["bands"])
    parts = max(1, -(-size // config.partition_bytes))
    return [Shard(f"{part:05d}", {"part": part, "of": parts}, known, runtime) for part in range(parts)]


def _all(name: str, files: list[Input]) -> Input:
    digests = "\n".join(file.digest for file in files)
    return Input(name, files[0].path, hashlib.sha256(digests.encode()).hexdigest())


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes pairs.npy (`tasks.dedup.pairs.lsh.PAIR`) and copies.npy (`tasks.dedup.pairs.candidate_lists.COPY`) of a part."""
    import numpy as np

    from tasks.dedup.minhash import check_scheme
    from tasks.dedup.pairs import COPY, candidate_pairs, offsets_of, read_meeting, refuse_repeated, repeats

    part, of = shard.config["part"], shard.config["of"]
    if part == 0:
        check_scheme(shard.runtime["signatures"])
    paths = shard.runtime
    offsets = offsets_of(paths["ids"])
    again, _ = repeats(*read_meeting(paths["ids"], offsets, part, of))
    refuse_repeated(shard.runtime["signatures"], offsets, again)
    again, firsts = repeats(*read_meeting(paths["copies"], offsets, part, of))
    copies = np.empty(len(again), COPY)
    copies["row"], copies["original"] = again, firsts
    np.save(out / "copies.npy", copies)
    pairs = candidate_pairs(*read_meeting(paths["bands"], offsets, part, of))
    np.save(out / "pairs.npy", pairs)
    return ShardResult({"copies": len(copies)})


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    """Writes lists/<n>.npy (`tasks.dedup.pairs.candidate_lists.CANDIDATE`), the candidates whose later document lies in file n, and
    files.json, a list for each: {"documents": [how many each file has], "touched": [numbers of the files of the
    earlier documents, its own first]}. By number, not by key: a key says where a file lies, and may change."""
    from tasks.dedup.pairs import offsets_of, write_lists

    files = shards[0].runtime["ids"]
    offsets = offsets_of(files)
    if offsets[-1] == 0:
        raise StageError("dedup: there are no documents to compare; look at what filter dropped, and why.")
    touched, count = write_lists([Path(result.folder) / "pairs.npy" for result in results], offsets, out)
    documents = [int(offsets[n + 1] - offsets[n]) for n in range(len(files))]
    (out / "files.json").write_text(json.dumps({"documents": documents, "touched": touched}))
    total = int(offsets[-1])
    copies = sum(result.metrics["copies"] for result in results)
    return {"documents_in": total, "documents_out": total, "copies": copies, "candidates": count}
