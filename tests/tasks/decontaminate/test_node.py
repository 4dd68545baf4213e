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


def run(tmp_path: Path, benchmarks: list[dict], texts: list[str]) -> tuple[dict, Path]:
    path = tmp_path / "documents" / "part.parquet"
    with DocumentWriter(path) as writer:
        for number, text in enumerate(texts):
            writer.add(Document(str(number), text))
    config = node.Config.model_validate({"benchmarks": benchmarks})
    shards = node.partition(config, Inputs({"dedup/documents": [Input("documents", str(path), "d")]}))
    out = tmp_path / "out"
    out.mkdir()
    results = [node.process(shard, out) for shard in shards]
    return node.finish(shards, results, tmp_path), out


def test_contaminated_documents_are_dropped_with_the_item_they_held(tmp_path: Path, sums: Path):
    benchmarks = [{"name": "sums", "task": "gsm8k", "data": str(sums)}]
    metrics, out = run(tmp_path, benchmarks, ["a clean text", f"Homework: {QUESTION.upper()}", ""])
    assert pq.read_table(out / "documents.parquet")["id"].to_pylist() == ["0", "2"]
    ledger = {row["id"]: row for row in pq.read_table(out / "ledger.parquet").to_pylist()}
    assert [ledger[id]["verdict"] for id in "012"] == ["kept", "dropped", "kept"]
    assert (ledger["1"]["rule"], ledger["1"]["matched_id"]) == ("contaminated", "sums/test/0")
    (hit,) = pq.read_table(out / "hits.parquet").to_pylist()
    assert (hit["benchmark"], hit["item"], hit["id"]) == ("sums", "test/0", "1")
    assert metrics["benchmarks"] == {
        "sums": {"items": 1, "unsearchable": 0, "items_hit": 1, "documents_hit": 1}
    }
    assert (metrics["documents_in"], metrics["documents_out"]) == (3, 2)
    assert metrics["dropped"]["contaminated"]["documents"] == 1
    assert metrics["bytes_in"] == metrics["bytes_out"] + metrics["dropped"]["contaminated"]["bytes"]


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
        (shard,) = node.partition(
            config, Inputs({"dedup/documents": [Input("documents", "/x/part.parquet", "d")]})
        )
        return shard.config, [(file.name, file.digest) for file in shard.inputs["benchmarks"]]

    before = shard()
    assert shard(num_fewshot=2, limit=10) == before
    sums = sums.rename(sums.with_name("moved"))
    assert shard(data=str(sums)) == before
    (sums / "test.jsonl").write_text('{"question": "Another?", "answer": "#### 1"}\n')
    assert shard(data=str(sums)) != before
