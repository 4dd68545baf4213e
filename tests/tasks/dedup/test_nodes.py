"""The stage's five nodes over files in a store: the outcome of the plain rule, whatever the files and the history."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dedup_stage import run_stage
from folder_inputs import FolderInputs

from tasks.dedup import Config, candidates, deduplicate
from tasks.document import Document
from tasks.errors import StageError


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


def table(everything: list[Document]) -> pa.Table:
    columns = ("id", "text", "source", "date")
    return pa.Table.from_pylist([{name: getattr(item, name) for name in columns} for item in everything])


def test_files_their_number_and_their_order_decide_nothing(tmp_path: Path):
    everything = documents()
    one = run_stage(tmp_path / "one", {"all": everything})
    shuffled = random.Random(5).sample(everything, len(everything))
    parts = {f"{at:03d}": shuffled[at : at + 13] for at in range(0, len(shuffled), 13)}
    many = run_stage(tmp_path / "many", parts, partition_bytes=1024)
    assert len([name for name in many.worked if name.startswith("dedup-candidates")]) > 5
    for name in ("documents", "ledger", "clusters"):
        assert one.table(name).equals(many.table(name))
    assert one.metrics["dedup"] == many.metrics["dedup"]
    kept, clusters, ledger = deduplicate(table(shuffled), Config())
    assert sorted(kept) == one.table("documents")["id"].to_pylist()
    assert clusters.equals(one.table("clusters"))
    assert ledger.equals(one.table("ledger"))


def test_the_ledger_has_a_row_for_every_document_and_the_funnel_adds_up(tmp_path: Path):
    everything = documents()
    files = {"a": everything[:50], "b": everything[50:], "c": []}
    stage = run_stage(tmp_path, files, priority=["date"])
    metrics = stage.metrics["dedup"]
    ledger = {row["id"]: row for row in stage.rows("ledger")}
    assert sorted(ledger) == sorted(item.id for item in everything)
    assert ledger["07-0"]["rule"] == "exact-duplicate"  # the newest survives: its upper-case copy
    assert (ledger["07-0"]["matched_id"], ledger["07-0"]["threshold"]) == ("07-2", None)
    assert (ledger["07-1"]["rule"], ledger["07-1"]["threshold"]) == ("near-duplicate", 0.75)
    assert ledger["07-1"]["failed_rules"] == ["near-duplicate"]
    assert ledger["07-2"] == {
        **dict.fromkeys(ledger["07-2"]),
        "id": "07-2",
        "verdict": "kept",
        "failed_rules": [],
    }
    kept = [id for id, row in ledger.items() if row["verdict"] == "kept"]
    assert kept == stage.table("documents")["id"].to_pylist()
    assert len(kept) == metrics["documents_out"] == 32
    dropped = metrics["dropped"].values()
    assert metrics["documents_in"] == 93 == 32 + sum(part["documents"] for part in dropped)
    assert metrics["bytes_in"] == metrics["bytes_out"] + sum(part["bytes"] for part in dropped)
    assert (metrics["clusters"], metrics["cluster_sizes"]) == (31, {"2": 1, "3-4": 30})
    assert metrics["sources"]["books"] == {"documents_in": 45, "documents_out": 15}


def test_every_file_keeps_its_name_and_order(tmp_path: Path):
    everything = documents()
    files = {"000": everything[60:], "001": everything[:60]}
    folder = run_stage(tmp_path, files).folders["dedup"]
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")) == [
        "clusters.parquet", "documents/000.parquet", "documents/001.parquet", "ledger/000.parquet",
        "ledger/001.parquet", "manifest.json",
    ]  # fmt: skip
    for name, part in files.items():
        kept = pq.read_table(folder / f"documents/{name}.parquet")["id"].to_pylist()
        assert kept == [item.id for item in part if item.id in kept]
        assert len(kept) > 10


def test_the_largest_clusters_are_shown_with_passages(tmp_path: Path):
    words = " ".join(f"w{letters(i)}" for i in range(60))
    texts = [f"{words} number {letters(i)}" for i in range(5)] + ["a b c", "A B C"]
    stage = run_stage(
        tmp_path, {"a": [Document(f"d{i}", text) for i, text in enumerate(texts)]}, priority=["id"]
    )
    largest, other = stage.metrics["dedup"]["top_clusters"]
    assert (largest["cluster"], largest["documents"], largest["kept"]) == ("d0", 5, 1)
    assert [sample["id"] for sample in largest["samples"]] == ["d0", "d1", "d2"]
    assert [sample["text"] for sample in other["samples"]] == ["a b c", "A B C"]
    assert other["samples"][1] == {"id": "d6", "survivor": "d5", "similarity": 1.0, "text": "A B C"}


def test_no_documents_at_all_is_one_message(tmp_path: Path):
    with pytest.raises(StageError, match="no documents to compare"):
        run_stage(tmp_path, {"a": []})


def test_ids_that_repeat_over_files_are_refused_with_the_ids(tmp_path: Path):
    files = {
        "a": [Document("x", "one"), Document("z", "two")],
        "b": [Document("y", "three"), Document("x", "four")],
    }
    with pytest.raises(StageError, match=r"1 document ids stand for more than one document: x\."):
        run_stage(tmp_path, files)


def test_an_earlier_source_keeps_its_documents_and_a_listed_one_comes_first(tmp_path: Path):
    old, new = Document("z", "the same words", source="old"), Document("a", "The same words!", source="new")
    kept = run_stage(tmp_path, {"1": [old], "2": [new]}).table("documents")["id"].to_pylist()
    assert kept == ["z"]
    kept = run_stage(tmp_path, {"1": [new], "2": [old]}).table("documents")["id"].to_pylist()
    assert kept == ["a"]
    files = {"1": [old], "2": [new]}
    assert run_stage(tmp_path, files, sources=["new"]).table("documents")["id"].to_pylist() == ["a"]


def test_a_source_that_loses_more_than_its_share_raises_the_alarm(tmp_path: Path):
    pages = [Document(f"w{i}", f"page of {'abc'[i % 3]} and no more", source="web") for i in range(30)]
    books = [Document(f"b{i}", f"book {letters(i)}", source="books") for i in range(10)]
    alarm = {"share": 0.5, "documents": 20}
    stage = run_stage(tmp_path, {"1": pages, "2": books}, alarm=alarm)
    said = "the source 'web' lost 27 of 30 documents as duplicates, more than 50%"
    assert stage.metrics["dedup"]["alarms"] == [said]
    for settings in ({"share": 0.9, "documents": 20}, {"share": 0.5, "documents": 31}, None):
        assert run_stage(tmp_path, {"1": pages, "2": books}, alarm=settings).metrics["dedup"]["alarms"] == []
    with pytest.raises(StageError, match=r"dedup: the source 'web' lost 27 of 30"):
        run_stage(tmp_path, {"1": pages, "2": books}, alarm={**alarm, "fail": True})


def test_the_better_document_by_the_quality_classifier_is_kept(tmp_path: Path):
    files = {
        "1": [Document("a", "the same words"), Document("b", "The same words!")],
        "2": [Document("c", "same")],
    }
    assert run_stage(tmp_path, files).table("documents")["id"].to_pylist() == ["b", "c"]  # the longer one
    quality = {"1": {"a": 0.75, "dropped": 1.0, "b": 0.5}, "2": {"c": 0.1}}
    assert run_stage(tmp_path, files, quality=quality).table("documents")["id"].to_pylist() == ["a", "c"]
    scores = {"1": {"b": 0.5}, "2": {}}  # no score comes last
    assert run_stage(tmp_path, files, quality=scores).table("documents")["id"].to_pylist() == ["b", "c"]


def test_the_order_in_which_shards_end_decides_nothing(tmp_path: Path):
    everything = documents()
    files = {f"{at:03d}": everything[at : at + 13] for at in range(0, len(everything), 13)}
    one = run_stage(tmp_path / "one", files, partition_bytes=1024)
    other = run_stage(tmp_path / "other", files, partition_bytes=1024, backwards=True)
    assert one.bytes() == other.bytes()


def test_parts_name_all_files_at_once_and_notice_each(tmp_path: Path):
    """However many files there are, a part's identity stays as long; another file, order or number is another one."""

    def identity(names: str) -> list[list[tuple[str, str]]]:
        paths = {}
        for output in (*candidates.FILES, "signatures"):
            paths[f"dedup-signatures/{output}"] = [tmp_path / f"{output}-{name}" for name in names]
            for path in paths[f"dedup-signatures/{output}"]:
                path.write_bytes(b"x" * 600)
        shards = candidates.partition(candidates.Config(partition_bytes=1024), FolderInputs(**paths))
        return [
            [(file.name, file.digest) for role in shard.inputs.values() for file in role] for shard in shards
        ]

    assert len(identity("abcd")) == 3
    assert {len(part) for part in identity("abcd")} == {3}
    for other in ("abce", "abdc", "abcdd", "abc"):
        assert not {*map(str, identity(other))} & {*map(str, identity("abcd"))}
