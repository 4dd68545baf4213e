"""Chooses survivors over files: reads what dedup-survivors is given, writes what follows for each file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.dedup.clusters.clustering import CLUSTERS, Choice, choose, priorities
from tasks.dedup.clusters.members import COLUMNS, gather, verifier
from tasks.dedup.minhash import check_scheme
from tasks.dedup.pairs import Codes
from tasks.document import TableWriter
from tasks.node import Input, Metrics, Shard

REMOVED = pa.schema(
    [
        ("row", pa.int64()),  # in the file of documents, ascending
        ("rule", pa.string()),  # exact-duplicate | near-duplicate
        ("survivor", pa.string()),
        ("similarity", pa.float64()),
    ]
)
# The largest clusters' survivors, and some of those that they stand for.
TOP = pa.schema(
    [
        ("cluster", pa.string()),
        ("documents", pa.int64()),  # in the cluster
        ("kept", pa.int64()),
        ("id", pa.string()),
        ("survivor", pa.string()),
        ("similarity", pa.float64()),
        ("file", pa.int64()),  # the number of its file, and the row there
        ("row", pa.int64()),
    ]
)
TOP_CLUSTERS = 6
TOP_DOCUMENTS = 3


def write_survivors(shard: Shard, out: Path) -> Metrics:
    """Writes clusters.parquet, removed/*.parquet and top.parquet; returns the metrics."""
    check_scheme([file.path for file in shard.inputs["signatures"]], shard.config["ngram"])
    files = shard.inputs["words"]
    known = json.loads(Path(shard.inputs["files"][0].path).read_text())
    offsets = np.cumsum([0, *known["documents"]]).astype(np.int64)
    copies = [np.load(file.path) for file in shard.inputs["copies"]]
    pairs, similarity, sampled = _pairs(shard.inputs["pairs"], known["touched"], offsets)
    members, rows, text_rows = gather(
        np.concatenate([np.stack([part["row"], part["original"]], axis=1) for part in copies]),
        pairs,
        similarity,
        sampled,
        _loader(shard.inputs["signatures"], shard.inputs.get("signals", ()), offsets),
    )
    config = shard.config
    sources = [*config["sources"], *_order_of_sources(shard.inputs["signatures"], config)]
    order = priorities(members.table, config["priority"], list(dict.fromkeys(sources)))
    verify = verifier(_reader(files, offsets), text_rows, config["ngram"], config["threshold"])
    choice = choose(members, order, verify)
    clusters = choice.rows(members.table)
    with TableWriter(out / "clusters.parquet", CLUSTERS) as writer:
        writer.write_table(clusters)
    _write_removed(out, offsets, members.table, rows, choice)
    with TableWriter(out / "top.parquet", TOP) as writer:
        writer.write_table(_top(members.table, rows, choice, offsets))
    total = int(offsets[-1])
    left = total - len(choice.removed)
    return {"documents_in": total, "documents_out": left, "pairs": len(pairs), **cluster_metrics(clusters)}


def _pairs(
    inputs: Sequence[Input], touched: Sequence[Sequence[int]], offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All verified pairs: rows of all documents, int64 (n, 2); similarity; sampled."""
    rows, values, sampled = [np.empty((0, 2), np.int64)], [np.empty(0)], [np.empty(0, bool)]
    for file, numbers in zip(inputs, touched, strict=True):
        found = np.load(file.path)
        bases = offsets[numbers]
        rows.append(np.stack([found["row"] + bases[0], found["other"] + bases[found["file"]]], axis=1))
        values.append(found["similarity"])
        sampled.append(found["sampled"])
    return np.concatenate(rows), np.concatenate(values), np.concatenate(sampled)


def _loader(
    signatures: Sequence[Input], signals: Sequence[Input], offsets: np.ndarray
) -> Callable[[np.ndarray], pa.Table]:
    scores = {file.key: file.path for file in signals}

    def load(rows: np.ndarray) -> pa.Table:
        parts = []
        borders = np.searchsorted(rows, offsets)
        for n, file in enumerate(signatures):
            here = rows[borders[n] : borders[n + 1]] - offsets[n]
            if len(here):
                part = pq.read_table(file.path, columns=COLUMNS).take(pa.array(here))
                parts.append(_with_quality(part, scores.get(file.key)))
        if not parts:
            return pq.read_schema(signatures[0].path).empty_table().select(COLUMNS)
        return pa.concat_tables(parts, promote_options="default")

    return load


def _with_quality(part: pa.Table, path: str | None) -> pa.Table:
    """Adds the quality classifier's score (`tasks.filter.quality.family`), where filter has one."""
    if path is None or "quality_score" not in pq.read_schema(path).names:
        return part
    signals = pq.read_table(path, columns=["id", "quality_score"])
    places = pc.index_in(part["id"], signals["id"])
    return part.append_column("quality", signals["quality_score"].take(places).cast(pa.float64()))


def _order_of_sources(signatures: Sequence[Input], config: Any) -> list[str]:
    """Sources in the order of files, which is ingest's, if a rule asks for it."""
    found: dict[str, None] = {}
    if {"source", "-source"} & set(config["priority"]):
        for file in signatures:
            column = pq.read_table(file.path, columns=["source"], read_dictionary=["source"])["source"]
            found |= dict.fromkeys(name for name in pc.unique(column).to_pylist() if name is not None)
    return list(found)


def _reader(files: Sequence[Input], offsets: np.ndarray) -> Callable[[int], np.ndarray]:
    opened: dict[int, Codes] = {}

    def codes(row: int) -> np.ndarray:
        file = int(np.searchsorted(offsets, row, "right")) - 1
        if file not in opened:
            if len(opened) >= 256:
                opened.clear()
            opened[file] = Codes.open(files[file].path)
        return opened[file].gather(np.array([row - offsets[file]]))[0]

    return codes


def _write_removed(out: Path, offsets: np.ndarray, table: pa.Table, rows: np.ndarray, choice: Choice) -> None:
    places = choice.removed
    places = places[np.argsort(rows[places])]
    borders = np.searchsorted(rows[places], offsets)
    for n in range(len(offsets) - 1):
        here = places[borders[n] : borders[n + 1]]
        columns = [rows[here] - offsets[n], *removal_columns(table, choice, here)]
        with TableWriter(out / "removed" / f"{n:06d}.parquet", REMOVED) as writer:
            writer.write_table(pa.table(columns, names=REMOVED.names).cast(REMOVED))


def removal_columns(table: pa.Table, choice: Choice, places: np.ndarray) -> list[Any]:
    """Rule, survivor's id and similarity of removed members."""
    rules = np.where(choice.exact(table, places), "exact-duplicate", "near-duplicate")
    return [
        pa.array(rules.tolist(), pa.string()),
        table["id"].take(choice.survivor[places]),
        choice.similarity[places],
    ]


def _top(table: pa.Table, rows: np.ndarray, choice: Choice, offsets: np.ndarray) -> pa.Table:
    """The largest clusters: those documents in each that stand for most others, and some of those others."""
    clusters, sizes = np.unique(choice.cluster, return_counts=True)
    found = []
    for n in np.lexsort((clusters, -sizes))[:TOP_CLUSTERS].tolist():
        places = np.flatnonzero(choice.cluster == clusters[n])
        survivors, counts = np.unique(choice.survivor[places], return_counts=True)
        main = int(survivors[np.lexsort((survivors, -counts))[0]])
        others = places[(choice.survivor[places] == main) & (places != main)]
        others = others[np.lexsort((others, choice.similarity[others]))]  # the least similar tell most
        for place in [main, *others[: TOP_DOCUMENTS - 1].tolist()]:
            file = int(np.searchsorted(offsets, rows[place], "right")) - 1
            found.append(
                {
                    "cluster": table["id"][clusters[n]].as_py(),
                    "documents": int(sizes[n]),
                    "kept": len(survivors),
                    "id": table["id"][place].as_py(),
                    "survivor": table["id"][main].as_py(),
                    "similarity": float(choice.similarity[place]),
                    "file": file,
                    "row": int(rows[place] - offsets[file]),
                }
            )
    return pa.Table.from_pylist(found, TOP)


def cluster_metrics(clusters: pa.Table) -> Metrics:
    """clusters: how many; cluster_sizes: {size in powers of two, "2", "3-4", "5-8", ...: clusters}."""
    sizes = pc.value_counts(clusters["cluster"]).field("counts").to_numpy()
    highs = 2 ** np.ceil(np.log2(np.maximum(sizes, 2))).astype(np.int64)
    found = Counter(highs.tolist())
    names = {high: "2" if high == 2 else f"{high // 2 + 1}-{high}" for high in sorted(found)}
    return {"clusters": len(sizes), "cluster_sizes": {name: found[high] for high, name in names.items()}}
