"""The nodes of the option dedup.paragraphs: MB of text a CPU second, on real text in which notices were planted.

Half of the documents get two of 500 lines of ten words or more at their end. Afterwards no planted line stands in two
documents, which is checked.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filter import DATA, documents

ROUNDS = 5


def planted(texts: list[str]) -> tuple[list[str], set[str]]:
    from tasks.text.words import folded

    chance = random.Random(1)
    lines = {line for text in texts for line in text.split("\n") if len(folded(line).split()) >= 10}
    notices = [f"notice {n} {line}" for n, line in enumerate(chance.sample(sorted(lines), 500))]
    return [
        text + "".join("\n" + line for line in chance.sample(notices, 2)) if chance.random() < 0.5 else text
        for text in texts
    ], set(notices)


def write(texts: list[str], path: Path) -> None:
    from tasks.document import DOCUMENTS, TableWriter

    rows = [{"id": f"{n:08x}", "text": text, "source": "s", "kind": "web"} for n, text in enumerate(texts)]
    with TableWriter(path, DOCUMENTS) as writer:
        writer.write_table(pa.Table.from_pylist(rows, DOCUMENTS))


def main() -> None:
    from tasks.dedup import passages, signatures
    from tasks.dedup.clusters.removals import REMOVED
    from tasks.dedup.paragraphs.duplicates import write_repeats
    from tasks.dedup.paragraphs.option import Paragraphs
    from tasks.dedup.verdicts import write_file
    from tasks.node import Input, Shard

    texts = documents() if DATA.is_dir() else []
    if not texts:
        print(f"paragraphs\tskipped\tno {DATA}")
        return
    texts, notices = planted(texts)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    taken: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        value = work()
        taken.setdefault(name, []).append(time.process_time() - start)
        return value

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(texts, folder / "documents.parquet")
        pq.write_table(REMOVED.empty_table(), folder / "removed.parquet")
        files = {
            name: [Input(name, str(folder / f"{name}.parquet"), "d")] for name in ("documents", "removed")
        }
        paths = {name: files[name][0].path for name in files}
        signatures.process(Shard("a", signatures.Config().identity(), files), folder)
        for number in range(ROUNDS + 1):
            out = folder / str(number)
            out.mkdir()
            hashed = Shard("a", Paragraphs().identity(), files)
            timed("passages", partial(passages.process, hashed, out))
            read = {
                "passages": [Input("passages", str(out / "passages.npy"), "d")],
                "signatures": [Input("signatures", str(folder / "signatures.parquet"), "d")],
            }
            found = Shard("a", {"max_cut": None, "sources": []}, read, {"partition_bytes": 64 << 20})
            timed("repeats", partial(write_repeats, found, out))
            cut = {"cuts": str(out / "cuts/passages.npy"), "drops": str(out / "drops/passages.parquet")}
            timed("dedup, off", partial(write_file, paths, {}, out))
            metrics = timed("dedup, on", partial(write_file, {**paths, **cut}, {}, out))
        left = pq.read_table(out / "documents.parquet")["text"].to_pylist()
    counts = Counter(line for text in left for line in text.split("\n") if line in notices)
    assert set(counts.values()) == {1}, "a planted line stands in two documents"
    print(f"paragraphs.documents\t{len(texts)}\t{megabytes:.1f} MB, {metrics['edits']}")
    for name, seconds in taken.items():
        print(f"paragraphs.{name}\t{megabytes / statistics.median(seconds[1:]):.0f}\tMB/s CPU")


if __name__ == "__main__":
    main()
