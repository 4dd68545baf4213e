"""The whole dedup stage, Parquet in to Parquet out, in one process: speed, memory, growth, and what it finds.

    python tests/bench/dedup.py grow 250000 500000 ...   synthetic documents of 200 words with planted clusters;
                                                         then 10 % more in the last one's store
    python tests/bench/dedup.py real [DATA] [DOCS.jsonl] real text (also written to DOCS.jsonl, for the peers), and the
                                                         versions of one documentation with their known similarities
    python tests/bench/dedup.py odd                      a million copies, 10,000 near-identical pages, 100 MB, nothing

Every node runs as the store runs it (fingerprints, checksums, fsync, commit). Seconds are CPU and wall; memory is the
peak of the process's PSS, sampled ten times a second, and VmHWM.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from dedup_stage import NODES, Stage, digest_of, run_nodes  # noqa: E402

from flows.store.store import Store  # noqa: E402
from tasks.dedup.minhash.sketch import shingles  # noqa: E402
from tasks.document import DOCUMENTS, Document, DocumentWriter, TableWriter  # noqa: E402

WORDS, LETTERS, VOCABULARY = 200, 6, 100_000
FILE = 50_000  # documents
PLANTED = 5  # documents in a planted cluster; every fifth group of so many documents is one


class Memory:
    """Peak PSS while it is open, in MB; `spent`: CPU seconds of watching."""

    def __enter__(self) -> Memory:
        Path("/proc/self/clear_refs").write_text("5")
        self.peak, self.spent, self._stop = 0.0, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            rollup = Path("/proc/self/smaps_rollup").read_text()
            self.peak = max(self.peak, int(rollup.split("\nPss:")[1].split()[0]) / 1024)
            self.spent = time.thread_time()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        status = Path("/proc/self/status").read_text()
        self.high = int(status.split("VmHWM:")[1].split()[0]) / 1024


def measured(
    store: Store, name: str, paths: dict[str, Path], megabytes: float, what: str
) -> tuple[Stage, float]:
    """Runs the stage and prints what it took, node by node."""
    with Memory() as memory:
        cpu, wall = time.process_time(), time.monotonic()
        stage = run_nodes(store, name, paths)
        cpu, wall = time.process_time() - cpu - memory.spent, time.monotonic() - wall
    nodes = {node: stage.manifests[node]["cpu_seconds"] for node in NODES if node in stage.manifests}
    metrics = stage.metrics["dedup"]
    print(
        f"{what}: {metrics['documents_in']:,} documents, {megabytes:,.0f} MB, {cpu:.1f} s CPU, {wall:.1f} s wall, "
        f"{megabytes / cpu:.1f} MB/s; peak PSS {memory.peak:,.0f} MB, VmHWM {memory.high:,.0f} MB; "
        f"{metrics['documents_out']:,} kept, {metrics['clusters']:,} clusters",
        flush=True,
    )
    print("   CPU by node:", {name: round(seconds, 1) for name, seconds in nodes.items()}, flush=True)
    print("   shards that worked:", len(stage.worked), flush=True)
    return stage, cpu


# -- synthetic documents


def vocabulary() -> np.ndarray:
    chance = np.random.default_rng(0)
    letters = chance.integers(ord("a"), ord("z") + 1, (VOCABULARY, LETTERS + 1), np.uint8)
    letters[:, -1] = ord(" ")
    return letters


def planted(number: int, documents: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Words of a file's documents, int32 (documents, WORDS); of each its group (-1: none) and how many were replaced.

    A fifth of the documents belongs to groups of up to PLANTED, whose members lie in files 3 apart. Each member is
    the group's text with a run of 0 to 16 words replaced.
    """
    chance = np.random.default_rng([1, number])
    words = chance.integers(0, VOCABULARY, (documents, WORDS), np.int32)
    group, replaced = np.full(documents, -1), np.zeros(documents, np.int64)
    each = documents // (5 * PLANTED)
    for member in range(PLANTED):
        home = number - 3 * member
        bases = np.random.default_rng([2, abs(home), home < 0]).integers(
            0, VOCABULARY, (FILE // (5 * PLANTED), WORDS), np.int32
        )
        for n in range(each):
            row, count = member * each + n, int(chance.integers(0, 17))
            at = int(chance.integers(0, WORDS - count))
            fresh = words[row, at : at + count].copy()
            words[row] = bases[n]
            words[row, at : at + count] = fresh
            group[row], replaced[row] = (home + 3 * PLANTED) * FILE + n, count
    mixed = chance.permutation(documents)
    return words[mixed], group[mixed], replaced[mixed]


def write_synthetic(store: Store, name: str, documents: int, table: np.ndarray) -> dict[str, Path]:
    """Files of `FILE` documents, four to a source."""
    paths = {}
    for number in range(-(-documents // FILE)):
        here = min(FILE, documents - number * FILE)
        words, _, _ = planted(number, here)
        path = store.artifact("filter", name) / "documents" / f"{number:05d}.parquet"
        _write(path, [f"{number:05d}{row:027d}" for row in range(here)], words, table, f"s{number // 4}")
        digest_of(path)
        paths[f"{number:05d}"] = path
    return paths


def _write(path: Path, ids: list[str], words: np.ndarray, table: np.ndarray, source: str) -> None:
    width = WORDS * (LETTERS + 1)
    with TableWriter(path, DOCUMENTS) as writer:
        for start in range(0, len(ids), 5000):
            part = ids[start : start + 5000]
            data = table[words[start : start + 5000]].reshape(-1)
            offsets = np.arange(len(part) + 1, dtype=np.int64) * width
            texts = pa.LargeStringArray.from_buffers(len(part), pa.py_buffer(offsets), pa.py_buffer(data))
            columns: dict[str, Any] = {
                "id": part, "text": texts, "source": [source] * len(part), "kind": ["text"] * len(part),
                "metadata": ["{}"] * len(part),
            }  # fmt: skip
            arrays = [columns.get(field.name, pa.nulls(len(part), field.type)) for field in DOCUMENTS]
            writer.write_table(pa.table(arrays, schema=DOCUMENTS))


def similarity(words: np.ndarray, other: np.ndarray) -> float:
    one, two = (
        set(map(tuple, np.lib.stride_tricks.sliding_window_view(item, 5).tolist())) for item in (words, other)
    )
    return len(one & two) / len(one | two)


def recall(stage: Stage, documents: int, files: int = 8, most: int = 3000) -> Iterator[str]:
    """Planted pairs of the first files, by their exact similarity: how many ended in one cluster."""
    clusters = stage.table("clusters")
    cluster = dict(zip(clusters["id"].to_pylist(), clusters["cluster"].to_pylist(), strict=True))
    members: dict[int, list[tuple[str, np.ndarray]]] = {}
    for number in range(min(files, -(-documents // FILE))):
        words, groups, _ = planted(number, min(FILE, documents - number * FILE))
        for row in np.flatnonzero(groups >= 0).tolist():
            members.setdefault(int(groups[row]), []).append((f"{number:05d}{row:027d}", words[row]))
    counts = {"J >= 0.88": [0, 0], "0.8 <= J < 0.88": [0, 0], "0.75 <= J < 0.8": [0, 0]}
    for found in [item for item in members.values() if len(item) > 1][:most]:
        for i, (one, words) in enumerate(found):
            for other, others in found[i + 1 :]:
                value = similarity(words, others)
                names = [name for name, low in zip(counts, (0.88, 0.8, 0.75), strict=True) if value >= low]
                if names:
                    counts[names[0]][0] += cluster.get(one, 0) == cluster.get(other, 1)
                    counts[names[0]][1] += 1
    for name, (together, total) in counts.items():
        share = together / max(total, 1)
        yield f"   planted pairs with {name}: {together:,} of {total:,} in one cluster ({share:.2%})"


def grow(sizes: list[int]) -> None:
    table = vocabulary()
    former = None
    for documents in sizes:
        with tempfile.TemporaryDirectory(prefix="dedup-") as folder:
            store = Store(Path(folder))
            store.prepare()
            paths = write_synthetic(store, "some", documents, table)
            size = documents * WORDS * (LETTERS + 1) / 1e6
            stage, cpu = measured(store, "some", paths, size, "full")
            if former is not None:
                print(
                    f"   {cpu / former[1] / (documents / former[0]):.2f} x the growth in documents",
                    flush=True,
                )
            former = documents, cpu
            print(*recall(stage, documents), sep="\n", flush=True)
            if documents == sizes[-1]:
                _add(store, documents, cpu, table)


def _add(store: Store, documents: int, full: float, table: np.ndarray) -> None:
    """10 % more documents; a fifth of them have earlier ones like them."""
    more = documents // 10
    paths = write_synthetic(store, "more", documents + more, table)
    _, cpu = measured(store, "more", paths, more * WORDS * (LETTERS + 1) / 1e6, "10 % added")
    print(f"   {cpu / (full * 1.1):.1%} of a full run", flush=True)


# -- real text


def lines(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.split("\n") if line]


def real(data: Path, out: Path | None) -> None:
    texts: dict[str, str] = {}
    for path in [*sorted(data.glob("corpora/*/*.jsonl*")), data / "dedup/docs-versions/docs-0.jsonl"]:
        rows = lines(path)
        texts |= {f"{path.parent.name}-{n}": row["text"] for n, row in enumerate(rows) if row.get("text")}
    if out:
        out.write_text("".join(json.dumps({"id": id, "text": text}) + "\n" for id, text in texts.items()))
    seconds = []
    for _ in range(5):  # the first compiles or loads
        _, cpu = alone(texts, "real text")
        seconds.append(cpu)
    size = sum(len(text.encode()) for text in texts.values()) / 1e6
    print(
        f"real text: {len(texts):,} documents, {size:.1f} MB, {size / sorted(seconds[1:])[1]:.1f} MB/s (median)"
    )
    versions(data / "dedup/docs-versions")


def alone(texts: dict[str, str], what: str, files: int = 4) -> tuple[Stage, float]:
    """The stage over a few files of these texts, in a store of their own."""
    with tempfile.TemporaryDirectory(prefix="dedup-") as folder:
        store = Store(Path(folder))
        store.prepare()
        paths = {}
        for number in range(files):
            path = store.artifact("filter", "real") / "documents" / f"{number}.parquet"
            with DocumentWriter(path) as writer:
                for id, text in list(texts.items())[number::files]:
                    writer.add(Document(id, text, source="real"))
            digest_of.cache_clear()
            digest_of(path)
            paths[str(number)] = path
        stage, cpu = measured(store, "real", paths, sum(map(len, texts.values())) / 1e6, what)
        stage.tables = {name: stage.rows(name) for name in ("clusters", "ledger")}
        return stage, cpu


def versions(folder: Path) -> None:
    """Pairs of known similarity: in one cluster? And every removal, checked against the plain shingles."""
    texts = {str(row["id"]): row["text"] for row in lines(folder / "docs-0.jsonl")}
    stage, _ = alone(texts, "versions of one documentation")
    cluster = {row["id"]: row["cluster"] for row in stage.tables["clusters"]}
    for name, low in (("J >= 0.8", 0.8), ("J >= 0.75", 0.75), ("identical", 1.0)):
        pairs = [row for row in lines(folder / "pairs-0.jsonl") if row["jaccard_w5"] >= low]
        if name == "identical":
            pairs = [row for row in pairs if row["identical"]]
        ends = [[cluster.get(str(row[side]), str(row[side])) for side in "ab"] for row in pairs]
        together = sum(one == other for one, other in ends)
        print(
            f"   pairs with {name}: {together} of {len(pairs)} in one cluster ({together / len(pairs):.2%})"
        )
    sets = {id: set(shingles(text)) for id, text in texts.items()}
    gone = [row for row in stage.tables["ledger"] if row["verdict"] == "dropped"]
    exact = [
        len(sets[a] & sets[b]) / len(sets[a] | sets[b]) for a, b in ((r["id"], r["matched_id"]) for r in gone)
    ]
    agree = sum(value == row["similarity"] for value, row in zip(exact, gone, strict=True))
    print(
        f"   {len(gone)} removed, least exact similarity {min(exact):.4f}, {agree} recorded to the last digit"
    )


# -- odd corpora


def odd() -> None:
    letters = str.maketrans("0123456789", "abcdefghij")
    page = " ".join(f"b{n}".translate(letters) for n in range(200))
    alone({f"{n:07d}": page for n in range(1_000_000)}, "a million copies of one page", 20)
    pages = {f"{n:07d}": f"{page} page{n}".translate(letters) for n in range(10_000)}
    alone(pages, "10,000 near-identical pages")
    pages = {f"{n:07d}": f"{page} page{n}".translate(letters) for n in range(40_000)}
    alone(pages, "40,000 near-identical pages")
    chance = np.random.default_rng(5)
    words = vocabulary()[chance.integers(0, VOCABULARY, 15_000_000)].tobytes().decode()
    alone(
        {"a": words, "b": words.upper(), "c": words + "and more", "d": words[: len(words) // 2]},
        "four of 50-105 MB",
    )
    alone({f"{n}": ["", "one", "One!", "?"][n % 4] for n in range(100_000)}, "empty and one-word texts")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:] or ["help"]
    if command == "grow":
        grow([int(item) for item in arguments])
    elif command == "real":
        folders = [Path(item) for item in arguments]
        real(folders[0] if folders else ROOT.parent / "shared/data", folders[1] if folders[1:] else None)
    elif command == "odd":
        odd()
    else:
        raise SystemExit(__doc__)
