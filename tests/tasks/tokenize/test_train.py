import json
import random

import pyarrow.parquet as pq
import pytest

from tasks.document import Document, DocumentWriter
from tasks.errors import StageError
from tasks.node import Input
from tasks.tokenize import Encoder, train
from tasks.tokenize.split import group_of

WORDS = [
    f"{stem}{end}" for stem in ("read", "write", "open", "close", "parse") for end in ("", "s", "er", "ing")
]


def corpus(folder, modules=60, per_module=3):
    """Two files of documents; each module has pages in both."""
    draw = random.Random(1)
    paths = [folder / "00000-web.parquet", folder / "00001-code.parquet"]
    for number, path in enumerate(paths):
        with DocumentWriter(path) as writer:
            for index in range(modules * per_module):
                text = " ".join(draw.choices(WORDS, k=60)) + f" {draw.random()}\n"
                module = f"module{index % modules}"
                source = ("web", "code")[number]
                writer.add(Document(f"{number}-{index}", text, source=source, metadata={"group": module}))
    return [Input("documents", str(path), path.stem) for path in paths]


class Upstream(dict):
    pass


def run(folder, documents, **changes):
    config = train.Config(**({"vocab_size": 300, "validation_fraction": 0.1} | changes))
    (shard,) = train.partition(config, Upstream({"decontaminate/documents": documents}))
    folder.mkdir()
    return train.process(shard, folder)


def test_it_leaves_a_tokenizer_the_held_out_groups_and_their_texts(tmp_path):
    documents = corpus(tmp_path)
    result = run(tmp_path / "out", documents)
    groups = pq.read_table(tmp_path / "out" / "split.parquet").to_pylist()
    texts = pq.read_table(tmp_path / "out" / "validation_texts.parquet")
    held_out = {row["group"] for row in groups}
    everything = [row for item in documents for row in pq.read_table(item.path).to_pylist()]
    expected = [
        row for row in everything if group_of(row["id"], row["url"], json.loads(row["metadata"])) in held_out
    ]
    assert texts["id"].to_pylist() == [row["id"] for row in expected]
    assert texts["text"].to_pylist() == [row["text"] for row in expected]
    assert sum(row["documents"] for row in groups) == len(expected) == 6 * len(groups)
    size = sum(len(row["text"].encode()) for row in expected)
    assert sum(row["bytes"] for row in groups) == size == result.metrics["validation_bytes"]
    assert 0.05 * result.metrics["bytes"] < size <= 0.1 * result.metrics["bytes"]
    assert set(result.metrics["validation_bytes_by_source"]) == {"web", "code"}
    assert Encoder(tmp_path / "out" / "tokenizer").vocab_size == 300


def test_the_same_input_gives_the_same_bytes_and_another_seed_another_split(tmp_path):
    documents = corpus(tmp_path)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(tmp_path / name, documents, seed=seed)

    def read(name, file):
        return (tmp_path / name / file).read_bytes()

    for file in ("tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json", "split.parquet"):
        assert read("a", file) == read("b", file)
    assert read("a", "split.parquet") != read("c", "split.parquet")


def test_the_sample_is_bounded_seeded_and_free_of_validation_documents(tmp_path):
    documents = corpus(tmp_path)
    half = run(tmp_path / "half", documents, sample_bytes=70_000).metrics
    whole = run(tmp_path / "whole", documents).metrics
    assert whole["sample_bytes"] == whole["bytes"] - whole["validation_bytes"]
    assert 50_000 < half["sample_bytes"] < 90_000
    again = run(tmp_path / "again", documents, sample_bytes=70_000).metrics
    assert again["sample_documents"] == half["sample_documents"]


def test_no_documents_are_one_clear_error(tmp_path):
    with DocumentWriter(tmp_path / "a.parquet"):
        pass
    with pytest.raises(StageError, match="there are no documents"):
        run(tmp_path / "out", [Input("documents", str(tmp_path / "a.parquet"), "")])


def test_a_vocabulary_that_the_corpus_cannot_fill_is_one_clear_error(tmp_path):
    with pytest.raises(StageError, match=r"not 20000: set tokenize\.vocab_size to at most"):
        run(tmp_path / "out", corpus(tmp_path), vocab_size=20000)
