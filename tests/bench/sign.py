"""MinHash signatures from text, normalisation included: MB of text a CPU second, and against datasketch and rensa.

With PEERS_PYTHON, the interpreter of an environment that has datasketch, rensa and xxhash below 4
(../shared/peers/requirements.txt), both are timed in the same run on a part of the same documents, in turn with
`sign` on the same part. The peers take 5 words that they find by a regular expression in the lower-case text, and
fold nothing else.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from filter import DATA, documents

ROUNDS = 5
PART = 1.5e6  # bytes for the peers
PEERS = Path(__file__).with_name("sign_peers.py")


def seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def short(texts: list[str], words: int = 200) -> list[str]:
    """The same words in documents of so many."""
    found = " ".join(texts).split()
    return [" ".join(found[at : at + words]) for at in range(0, len(found), words)]


def part(texts: list[str]) -> list[str]:
    """Evenly spaced documents, about PART bytes."""
    return texts[:: max(1, round(size(texts) / PART))]


def size(texts: list[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def node_seconds(column: pa.Array, folder: Path) -> float:
    """dedup-signatures as the pipeline runs it, Parquet to Parquet."""
    from tasks.dedup.config import Config
    from tasks.dedup.signatures import process
    from tasks.document import DOCUMENTS, TableWriter
    from tasks.node import Input, Shard

    file = folder / "documents.parquet"
    with TableWriter(file, DOCUMENTS) as writer:
        ids = [f"{n * 0x9E3779B97F4A7C15 % (1 << 128):032x}" for n in range(len(column))]
        columns = {"id": pa.array(ids), "text": column, "source": pa.array(["web"] * len(ids))}
        nulls = {name: pa.nulls(len(ids), DOCUMENTS.field(name).type) for name in DOCUMENTS.names}
        writer.write_table(pa.table({**nulls, **columns}).cast(DOCUMENTS))
    shard = Shard("a", Config().identity(), {"documents": [Input("documents", str(file), "d")]})
    process(shard, folder)
    return statistics.median(seconds(lambda: process(shard, folder)) for _ in range(ROUNDS))


def main() -> None:
    from tasks.dedup.minhash.sketch import sign

    texts = documents() if DATA.is_dir() else []
    if not texts:
        print(f"sign\tskipped\tno {DATA}")
        return
    pa.set_cpu_count(1)
    sets = {"whole": texts, "200-words": short(texts)}
    for name, some in sets.items():
        column = pa.array(some, pa.large_string())
        megabytes = size(some) / 1e6
        print(f"sign.{name}.documents\t{len(some)}\t{megabytes:.1f} MB")
        for unit, ngram in (("words", 5), ("characters", "13 characters")):
            work = partial(sign, column, ngram=ngram)
            work()
            taken = [seconds(work) for _ in range(ROUNDS)]
            print(
                f"sign.{name}.{unit}\t{megabytes / statistics.median(taken):.0f}\tMB/s CPU, 112 permutations"
            )
        with tempfile.TemporaryDirectory() as folder:
            print(
                f"sign.{name}.node\t{megabytes / node_seconds(column, Path(folder)):.0f}\tMB/s CPU, Parquet to Parquet"
            )
    if "PEERS_PYTHON" not in os.environ:
        print("sign.peers\tskipped\tPEERS_PYTHON is not set")
        return
    for name, some in sets.items():
        against_peers(name, part(some), sign)


def against_peers(name: str, texts: list[str], sign: Callable[[pa.Array], np.ndarray]) -> None:
    """Each round times one peer after the other, and `sign` before and after, on the same documents."""
    column, megabytes = pa.array(texts, pa.large_string()), size(texts) / 1e6

    def ours() -> float:
        return statistics.median(seconds(lambda: sign(column)) for _ in range(ROUNDS))

    ratios: dict[str, list[float]] = {}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(texts, file)
        file.flush()
        for _ in range(3):
            before = ours()
            command = [os.environ["PEERS_PYTHON"], str(PEERS), file.name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            mine = (before + ours()) / 2
            for peer, taken in json.loads(done.stdout.splitlines()[-1]).items():
                ratios.setdefault(peer, []).append(taken / mine)
                print(f"sign.{name}.{peer}\t{megabytes / taken:.1f}\tMB/s CPU; sign {megabytes / mine:.0f}")
    for peer, found in ratios.items():
        print(
            f"sign.{name}.ratio.{peer}\t{statistics.median(found):.1f}\tx, {len(texts)} documents, {megabytes:.2f} MB"
        )


if __name__ == "__main__":
    main()
