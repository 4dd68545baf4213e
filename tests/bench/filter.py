"""Signals and `fineweb` verdicts: MB of text a CPU second, and against datatrove with every rule evaluated.

With PEERS_PYTHON, the interpreter of an environment that has datatrove (../shared/peers/requirements.txt), the
peer is timed in the same run on a part of the same documents, before and after.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

DATA = Path(__file__).resolve().parents[2].parent / "shared/data/corpora"
FILES = ("cc-main-2019/*.jsonl.gz", "cc-net-head/multiple_files/*.jsonl.gz", "techdocs/*.jsonl.gz")
PART = 60  # every so many documents are the peer's


def documents() -> list[str]:
    """Common Crawl, CCNet's head and technical documentation."""
    texts: list[str] = []
    for pattern in FILES:
        for path in sorted(DATA.glob(pattern)):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
            texts += [row.get("text") or row.get("raw_content") or "" for row in rows]
    return texts


def peer_seconds(texts: list[str]) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts))
        file.flush()
        command = [
            os.environ["PEERS_PYTHON"],
            str(Path(__file__).parent / "datatrove_rules.py"),
            "time",
            file.name,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def main() -> None:
    import pyarrow as pa

    from tasks.filter import judge, score

    texts = documents() if DATA.is_dir() else []
    if not texts:
        print(f"filter\tskipped\tno {DATA}")
        return
    column = pa.array(texts, pa.large_string())
    size = sum(len(text.encode()) for text in texts) / 1e6
    judge(score(column[:10]))

    def seconds(work) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    def batches(work):
        return lambda: [work(column[at : at + 256]) for at in range(0, len(column), 256)]

    signals = [seconds(batches(score)) for _ in range(5)]
    both = [seconds(batches(lambda part: judge(score(part)))) for _ in range(5)]
    print(f"filter.documents\t{len(texts)}\t{size:.1f} MB")
    print(f"filter.signals\t{size / statistics.median(signals):.1f}\tMB/s CPU")
    print(
        f"filter.signals-and-verdicts\t{size / statistics.median(both):.1f}\tMB/s CPU, best {size / min(both):.1f}"
    )
    if "PEERS_PYTHON" not in os.environ:
        print("filter.datatrove\tskipped\tPEERS_PYTHON is not set")
        return
    part = texts[::PART]
    share = sum(len(text.encode()) for text in part) / 1e6
    chosen = pa.array(part, pa.large_string())
    ratios = []
    for _ in range(2):
        theirs = peer_seconds(part)
        ours = statistics.median(seconds(lambda: judge(score(chosen))) for _ in range(9))
        ratios.append(theirs / ours)
    print(f"filter.datatrove.every-rule\t{share / theirs:.3f}\tMB/s CPU")
    print(
        f"filter.ratio\t{statistics.median(ratios):.0f}\tx datatrove, {len(part)} documents, {share:.2f} MB"
    )


if __name__ == "__main__":
    main()
