import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from tasks.benchmarks.benchmark import BUILT_IN
from tasks.evaluate import node
from tasks.node import Input


class Folder:
    """The inputs of a run, for `partition`: digests are the files' names."""

    def __init__(self, root: Path, outputs: dict[str, list[Path]]):
        self.root, self.outputs = root, outputs

    def __getitem__(self, name: str) -> list[Input]:
        return [Input(f"{path.parent.name}/{path.name}", str(path), path.name) for path in self.outputs[name]]

    def resolve(self, path: str) -> Path:
        return self.root / path

    def file(self, path: Path, name: str) -> Input:
        return Input(name, str(path), path.name)


@pytest.fixture
def inputs(model_folder, encoder_folder, documents, tmp_path) -> Folder:
    hits = tmp_path / "hits.parquet"
    pq.write_table(
        pa.table({"benchmark": ["gsm8k_mini"], "item": ["test/0"], "id": ["d1"], "text": ["Sam has"]}), hits
    )
    return Folder(
        tmp_path,
        {
            "pretrain/model": sorted(model_folder.iterdir()),
            "tokenize/tokenizer": sorted(encoder_folder.iterdir()),
            "tokenize/validation_documents": [documents],
            "decontaminate/hits": [hits],
        },
    )


def test_importing_it_is_cheap():
    heavy = "{'yaml', 'numpy', 'torch', 'pyarrow', 'datasets', 'lm_eval', 'tokenizers'}"
    code = f"import sys, tasks.evaluate.node; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_shard_is_keyed_on_what_is_scored_not_on_where_or_how_fast(inputs):
    [first] = node.partition(node.Config(), inputs)
    [second] = node.partition(
        node.Config.model_validate(
            {
                "device": "cuda",
                "threads": 3,
                "batch_tokens": 64,
                "benchmarks": [
                    "mmlu_mini",
                    {"name": "gsm8k_mini", "data": str(BUILT_IN / "gsm8k_mini")},
                    "humaneval_mini",
                ],
            }
        ),
        inputs,
    )
    assert first.config == second.config
    assert first.inputs == second.inputs
    assert str(BUILT_IN) not in json.dumps([first.config, [item.name for item in first.inputs["benchmarks"]]])
    [other] = node.partition(node.Config(seed=2), inputs)
    assert other.config != first.config


def test_two_benchmarks_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="two benchmarks are called 'mmlu_mini'"):
        node.Config.model_validate({"benchmarks": ["mmlu_mini", "mmlu_mini"]})


def test_it_leaves_scores_samples_generations_and_documents(inputs, tmp_path):
    config = node.Config.model_validate(
        {
            "benchmarks": [
                {"name": name, "limit": 3} for name in ("mmlu_mini", "gsm8k_mini", "humaneval_mini")
            ],
            "generate": {"prompts": ["def ", "The list"], "max_new_tokens": 8},
            "bits_per_byte": {"max_bytes": 500},
            "threads": 1,
        }
    )
    [shard] = node.partition(config, inputs)
    out = tmp_path / "out"
    out.mkdir()
    result = node.process(shard, out)
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == [
        "generations.jsonl",
        "held_out.parquet",
        "samples/gsm8k_mini.parquet",
        "samples/humaneval_mini.parquet",
        "samples/mmlu_mini.parquet",
        "scores.json",
    ]
    scores = json.loads((out / "scores.json").read_text())
    assert scores["bits_per_byte"]["bytes"] == 500
    assert (
        scores["bits_per_byte"]["low"] <= scores["bits_per_byte"]["model"] <= scores["bits_per_byte"]["high"]
    )
    assert scores["benchmarks"]["gsm8k_mini"]["contaminated"] == 1
    samples = pq.read_table(out / "samples" / "gsm8k_mini.parquet").to_pylist()
    assert [(row["item"], row["contaminated"]) for row in samples] == [
        ("test/0", True),
        ("test/12", False),
        ("test/24", False),
    ]
    lines = [json.loads(line) for line in (out / "generations.jsonl").read_text().splitlines()]
    assert [line["prompt"] for line in lines] == ["def ", "The list"]
    assert all(line["text"] for line in lines)
    metrics = result.metrics
    assert metrics["hardware"]["device"] == "cpu"
    assert set(metrics["scores"]) == {"bits_per_byte", "mmlu_mini", "gsm8k_mini", "humaneval_mini"}
    json.dumps(metrics)


def test_the_same_input_gives_the_same_scores_and_samples(inputs, tmp_path):
    config = node.Config.model_validate(
        {
            "benchmarks": [{"name": "mmlu_mini", "limit": 2}],
            "generate": {"prompts": ["def "], "max_new_tokens": 8},
            "threads": 1,
        }
    )
    [shard] = node.partition(config, inputs)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        node.process(shard, tmp_path / name)
    for file in ("scores.json", "generations.jsonl", "held_out.parquet", "samples/mmlu_mini.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
