"""The stage's three nodes over files: the same outcome as in memory, whatever the files."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.dedup import Config, deduplicate
from tasks.document import Document, DocumentWriter
from tasks.errors import StageError
from tasks.node import Input
from tasks.nodes import load


def letters(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def documents() -> list[Document]:
    """30 pages in three versions each (one word changed, one copied), and some odd ones."""
    found = []
    for page in range(30):
        words = [f"p{letters(page)}w{letters(i)}" for i in range(80)]
        for version, text in enumerate(
            (" ".join(words), " ".join([*words[:-1], "changed"]), " ".join(words).upper())
        ):
            source = ("web", "books")[page % 2]
            found.append(Document(f"{page:02d}-{version}", text, source=source, date=f"202{version}-01-01"))
    return [*found, Document("empty-1", ""), Document("empty-2", ""), Document("short", "One word more")]


def run(
    folder: Path, files: Sequence[Sequence[Document]], **settings: Any
) -> tuple[dict[str, pa.Table], dict]:
    """Runs the nodes over files of documents; returns outputs by name, rows sorted, and dedup's metrics."""
    inputs: dict[str, list[Input]] = {"filter/documents": []}
    for number, part in enumerate(files):
        path = folder / "filter" / f"{number:03d}.parquet"
        with DocumentWriter(path) as writer:
            for document in part:
                writer.add(document)
        inputs["filter/documents"].append(Input("documents", str(path), str(number)))
    for name in ("dedup-signatures", "dedup-matches", "dedup"):
        node = load(name)
        config = node.Config(**{key: settings[key] for key in settings if key in node.Config.model_fields})
        shards = node.partition(config, inputs)
        results = []
        for shard in shards:
            out = folder / name / shard.key
            out.mkdir(parents=True)
            results.append(node.process(shard, out))
            if name == "dedup-signatures":
                path = (out / "signatures.parquet").rename(out.parent / f"{shard.key}.parquet")
                inputs.setdefault("dedup-signatures/signatures", []).append(
                    Input("signatures", str(path), "s")
                )
        metrics = node.finish(shards, results, folder)
        inputs["dedup-matches/pairs"] = [
            Input("pairs", str(folder / "dedup-matches/pairs/pairs.parquet"), "p")
        ]
    out = folder / "dedup" / "documents"
    tables = {
        name: pa.concat_tables(
            [pq.read_table(path) for path in sorted((out / name).glob("*.parquet"))]
        ).sort_by("id")
        for name in ("documents", "ledger")
    }
    return {**tables, "clusters": pq.read_table(out / "clusters.parquet")}, metrics


def test_files_their_number_and_their_order_decide_nothing(tmp_path: Path):
    everything = documents()
    one, metrics = run(tmp_path / "one", [everything])
    shuffled = random.Random(5).sample(everything, len(everything))
    many, others = run(tmp_path / "many", [shuffled[at : at + 13] for at in range(0, len(shuffled), 13)])
    assert all(one[name].equals(many[name]) for name in one)
    assert metrics == others
    table = pa.Table.from_pylist(
        [{"id": item.id, "text": item.text, "source": item.source, "date": item.date} for item in shuffled]
    )
    kept, clusters, ledger = deduplicate(table, Config())
    assert sorted(kept) == one["documents"]["id"].to_pylist()
    assert clusters.equals(one["clusters"])
    assert ledger.equals(one["ledger"])


def test_the_ledger_has_a_row_for_every_document_and_the_funnel_adds_up(tmp_path: Path):
    everything = documents()
    tables, metrics = run(tmp_path, [everything[:50], everything[50:], []], priority=["date"])
    ledger = {row["id"]: row for row in tables["ledger"].to_pylist()}
    assert sorted(ledger) == sorted(item.id for item in everything)
    assert ledger["07-0"]["rule"] == "exact-duplicate"  # the newest survives: its upper-case copy
    assert ledger["07-0"]["matched_id"] == "07-2"
    assert ledger["07-1"]["rule"] == "near-duplicate"
    kept = [id for id, row in ledger.items() if row["verdict"] == "kept"]
    assert kept == tables["documents"]["id"].to_pylist()
    assert len(kept) == metrics["documents_out"] == 32
    assert (
        metrics["documents_in"] == 93 == 32 + sum(part["documents"] for part in metrics["dropped"].values())
    )
    assert metrics["bytes_in"] == metrics["bytes_out"] + sum(
        part["bytes"] for part in metrics["dropped"].values()
    )
    assert (metrics["clusters"], metrics["cluster_sizes"]) == (31, {"2": 1, "3-4": 30})
    assert metrics["sources"]["books"] == {"documents_in": 45, "documents_out": 15}


def test_every_file_keeps_its_name_and_order(tmp_path: Path):
    everything = documents()
    run(tmp_path, [everything[60:], everything[:60]])
    out = tmp_path / "dedup" / "documents" / "documents"
    assert [path.name for path in sorted(out.iterdir())] == ["000.parquet", "001.parquet"]
    for name, part in (("000", everything[60:]), ("001", everything[:60])):
        kept = pq.read_table(out / f"{name}.parquet")["id"].to_pylist()
        assert kept == [item.id for item in part if item.id in kept]
    assert len(kept) == 20


def test_nothing_but_outputs_is_left_behind(tmp_path: Path):
    run(tmp_path, [documents()])
    assert sorted(path.name for path in (tmp_path / "dedup" / "documents").iterdir()) == [
        "clusters.parquet",
        "documents",
        "ledger",
    ]
    assert [path.name for path in (tmp_path / "dedup-matches" / "pairs").iterdir()] == ["pairs.parquet"]


def test_no_documents_at_all_is_one_message(tmp_path: Path):
    with pytest.raises(StageError, match="no documents to compare"):
        run(tmp_path, [[]])


def test_a_survivor_rule_is_in_the_last_nodes_shard_alone():
    def configs(**settings: Any) -> list[dict]:
        found = []
        for name in ("dedup-signatures", "dedup-matches", "dedup"):
            node = load(name)
            config = node.Config(
                **{key: settings[key] for key in settings if key in node.Config.model_fields}
            )
            file = Input("documents", "/x/a.parquet", "d")
            names = ["filter/documents", "dedup-signatures/signatures", "dedup-matches/pairs"]
            inputs = {name: [file] for name in names}
            found += [dict(shard.config) for shard in node.partition(config, inputs)]
        return found

    default, other = configs(), configs(priority=["id"])
    assert [ours == theirs for ours, theirs in zip(default, other, strict=True)] == [True, True, False]
    stricter = configs(threshold=0.9)
    assert [ours == theirs for ours, theirs in zip(default, stricter, strict=True)] == [True, False, False]
