"""The node drops contaminated documents, and says which item each of them held."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tasks.decontaminate import node
from tasks.document import Document, DocumentWriter
from tasks.errors import StageError
from tasks.node import Input

QUESTION = (
    "A baker fills nine trays with eleven rolls each and sells all but seven of them before noon. How many?"
)


class Inputs(dict):
    def resolve(self, path: str) -> Path:
        return Path(path)

    def file(self, path: Path, name: str) -> Input:
        return Input(name, str(path), f"digest of {path.read_bytes()!r}")


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    folder = tmp_path / "sums"
    folder.mkdir()
    for split, question in (("train", "What is one and one?"), ("test", QUESTION)):
        (folder / f"{split}.jsonl").write_text(json.dumps({"question": question, "answer": "#### 7"}) + "\n")
    return folder


def run(tmp_path: Path, benchmarks: list[dict], texts: list[str], **settings: object) -> tuple[dict, Path]:
    path = tmp_path / "documents" / "part.parquet"
    with DocumentWriter(path) as writer:
        for number, text in enumerate(texts):
            writer.add(Document(str(number), text))
    config = node.Config.model_validate({"benchmarks": benchmarks, **settings})
    shards = node.partition(config, Inputs({"dedup/documents": [Input("documents", str(path), "d")]}))
    out = tmp_path / "out"
    results = []
    for shard in shards:
        folder = out if shard.key == "part" else out / shard.key
        folder.mkdir()
        results.append(node.process(shard, folder))
    return node.finish(shards, results, tmp_path), out


def test_contaminated_documents_are_dropped_with_the_item_they_held(tmp_path: Path, sums: Path):
    benchmarks = [{"name": "sums", "task": "gsm8k", "data": str(sums)}]
    metrics, out = run(tmp_path, benchmarks, ["a clean text", f"Homework: {QUESTION.upper()}", ""])
    assert pq.read_table(out / "documents.parquet")["id"].to_pylist() == ["0", "2"]
    ledger = {row["id"]: row for row in pq.read_table(out / "ledger.parquet").to_pylist()}
    assert [ledger[id]["verdict"] for id in "012"] == ["kept", "dropped", "kept"]
    assert (ledger["1"]["rule"], ledger["1"]["matched_id"]) == ("contaminated", "sums/test/0")
    (hit,) = pq.read_table(out / "hits.parquet").to_pylist()
    assert (hit["benchmark"], hit["item"], hit["id"], hit["rule"]) == ("sums", "test/0", "1", "question")
    assert metrics["benchmarks"] == {
        "sums": {
            "items": 1, "unsearchable": 0, "unsearchable_items": [], "items_hit": 1, "documents_hit": 1, "hits": 1
        }
    }  # fmt: skip
    assert (metrics["documents_in"], metrics["documents_out"]) == (3, 2)
    assert metrics["dropped"]["contaminated"]["documents"] == 1
    assert metrics["bytes_in"] == metrics["bytes_out"] + metrics["dropped"]["contaminated"]["bytes"]


def test_a_cut_document_stays_without_the_item_and_the_edit_is_recorded(tmp_path: Path, sums: Path):
    benchmarks = [{"name": "sums", "task": "gsm8k", "data": str(sums)}]
    page = "A paragraph of its own. " * 40
    texts = ["a clean text", f"{page}\n{QUESTION}\n{page}", QUESTION]
    metrics, out = run(tmp_path, benchmarks, texts, mode="cut")
    rows = pq.read_table(out / "documents.parquet").to_pylist()
    assert [row["id"] for row in rows] == ["0", "1"]
    assert "baker" not in rows[1]["text"]
    (edit,) = pq.read_table(out / "edits.parquet").to_pylist()
    taken = len(texts[1]) - len(rows[1]["text"])
    assert edit == {"id": "1", "rule": "contaminated", "count": 1, "bytes": taken}
    ledger = {row["id"]: row for row in pq.read_table(out / "ledger.parquet").to_pylist()}
    assert [(ledger[id]["verdict"], ledger[id]["rule"]) for id in "012"] == [
        ("kept", None), ("kept", None), ("dropped", "contaminated")
    ]  # fmt: skip
    assert [ledger[id]["matched_id"] for id in "012"] == [None, "sums/test/0", "sums/test/0"]
    assert [hit["id"] for hit in pq.read_table(out / "hits.parquet").to_pylist()] == ["1", "2"]
    assert metrics["edits"] == {"contaminated": {"documents": 1, "count": 1, "bytes": taken}}
    assert metrics["bytes_in"] == metrics["bytes_out"] + taken + len(QUESTION)


def test_injected_items_are_found_and_the_figures_are_kept(tmp_path: Path, sums: Path):
    metrics, out = run(tmp_path, [{"name": "sums", "task": "gsm8k", "data": str(sums)}], ["words " * 200])
    assert metrics["self_test"]["sums"]["embedded"] == {"items": 1, "found": 1, "missed": []}
    rows = pq.read_table(out / "self-test" / "self-test.parquet").to_pylist()
    assert {(row["kind"], row["found"]) for row in rows} == {
        (kind, 1) for kind in metrics["self_test"]["sums"]
    }


def test_items_that_are_not_found_fail_the_stage_by_name(tmp_path: Path, sums: Path):
    shard = node.Shard("self-test", {"benchmarks": ["sums"], "min_recall": 0.95})
    recall = {"sums": {"numbered": {"items": 2, "found": 1, "missed": ["test/0"]}}}
    results = [
        node.ShardResult({"documents_in": 1, "documents_out": 1, "items": {"sums": {"items": 2}}}),
        node.ShardResult({"self_test": recall}),
    ]
    with pytest.raises(StageError, match=r"sums, numbered: 1 of 2 found \(missed: test/0\)"):
        node.finish([shard], results, tmp_path)


def test_the_self_test_needs_no_other_documents_and_no_cut_settings(sums: Path):
    def keys(files: int, **settings: object) -> dict:
        benchmark = {"name": "sums", "task": "gsm8k", "data": str(sums)}
        config = node.Config.model_validate({"benchmarks": [benchmark], **settings})
        files = [Input("documents", f"/x/{n}.parquet", str(n)) for n in range(files)]
        shards = node.partition(config, Inputs({"dedup/documents": files}))
        return {shard.key: (shard.config, shard.inputs) for shard in shards}

    one, more = keys(1), keys(2)
    assert one["self-test"] == more["self-test"] == keys(2, mode="cut")["self-test"]
    assert more["0"] == keys(2, self_test_items=3, cut_margin=9)["0"]
    assert more["0"] != keys(2, mode="cut")["0"] != keys(2, mode="cut", cut_margin=9)["0"]
    assert set(keys(2, self_test_items=0)) == {"0", "1"}


def test_nothing_left_is_one_message_that_names_the_benchmark(tmp_path: Path, sums: Path):
    with pytest.raises(StageError, match=r"no document is left of 1: .*\(sums\)"):
        run(tmp_path, [{"name": "sums", "task": "gsm8k", "data": str(sums)}], [QUESTION])


def test_without_benchmarks_everything_is_kept(tmp_path: Path):
    metrics, _ = run(tmp_path, [], [QUESTION])
    assert (metrics["documents_out"], metrics["benchmarks"]) == (1, {})


def test_a_shard_is_keyed_on_the_benchmarks_data_and_not_on_where_it_lies_or_how_it_is_scored(sums: Path):
    def shard(**settings: object):
        benchmark = {"name": "sums", "task": "gsm8k", "data": str(sums), **settings}
        config = node.Config.model_validate({"benchmarks": [benchmark]})
        shard, _ = node.partition(
            config, Inputs({"dedup/documents": [Input("documents", "/x/part.parquet", "d")]})
        )
        return shard.config, [(file.name, file.digest) for file in shard.inputs["benchmarks"]]

    before = shard()
    assert shard(num_fewshot=2, limit=10) == before
    sums = sums.rename(sums.with_name("moved"))
    assert shard(data=str(sums)) == before
    (sums / "test.jsonl").write_text('{"question": "Another?", "answer": "#### 1"}\n')
    assert shard(data=str(sums)) != before
