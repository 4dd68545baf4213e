"""A toy DAG of two nodes, real modules on the path: `ingest` reads text files, `filter` keeps the long ones.

Reading `a.txt` fails once, for a moment, where there is a file `a.trouble` beside it.
"""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from sample_store import hostile_store, make_store, sample_store

__all__ = ["hostile_store", "make_store", "sample_store", "toy"]

INGEST = """
from pathlib import Path

from tasks.node import Config as Base, Shard, ShardResult, merge_metrics, not_identity

VERSION = 1
PACKAGES = ()
INPUTS = ()


class Config(Base):
    folder: str = not_identity("texts")
    prefix: str = ""


def partition(config, inputs):
    files = sorted(inputs.resolve(config.folder).glob("*.txt"))
    return [Shard(key=f.stem, config=config.identity(), inputs={"text": [inputs.file(f, f.name)]}) for f in files]


def process(shard, out):
    file = Path(shard.inputs["text"][0].path)
    with open(out.parent.parent / "work.log", "a") as log:
        log.write("ingest " + shard.key + "\\n")
    if (trouble := file.with_suffix(".trouble")).exists():
        trouble.unlink()
        raise TimeoutError(file.name + " doesn't answer")
    text = file.read_text()
    (out / "documents.txt").write_text(shard.config["prefix"] + text)
    (out / "ledger.txt").write_text(shard.key + " read\\n")
    return ShardResult(metrics={"documents_out": 1})


def finish(shards, results, out):
    return merge_metrics(result.metrics for result in results)
"""

FILTER = """
from tasks.errors import StageError
from tasks.node import Config as Base, Shard, ShardResult, merge_metrics

VERSION = 1
PACKAGES = ()
INPUTS = ("ingest/documents",)


class Quality(Base):
    min_length: int = 3


class Config(Base):
    quality: Quality = Quality()
    seed: int = 1


def partition(config, inputs):
    return [Shard(key=i.key, config=config.identity(), inputs={"documents": [i]}) for i in inputs["ingest/documents"]]


def process(shard, out):
    with open(out.parent.parent / "work.log", "a") as log:
        log.write("filter " + shard.key + "\\n")
    text = open(shard.inputs["documents"][0].path).read()
    kept = len(text) >= shard.config["quality"]["min_length"]
    (out / "documents.txt").write_text(text if kept else "")
    return ShardResult(metrics={"documents_in": 1, "documents_out": int(kept)})


def finish(shards, results, out):
    metrics = merge_metrics(result.metrics for result in results)
    if metrics["documents_out"] == 0:
        raise StageError("filter: nothing is left")
    (out / "summary.txt").write_text(str(metrics["documents_out"]))
    return metrics
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """root: a folder with pipeline.yaml, texts/ and the toy nodes registered; pipeline(text) rewrites pipeline.yaml."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "toy_ingest.py").write_text(INGEST)
    (code / "toy_filter.py").write_text(FILTER)
    monkeypatch.syspath_prepend(str(code))
    monkeypatch.setattr(
        sys, "dont_write_bytecode", True
    )  # a module that changes within a second keeps its old one
    for name in ("toy_ingest", "toy_filter"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    texts = tmp_path / "texts"
    texts.mkdir()
    for name, text in {"a": "apple", "b": "be", "c": "cherry"}.items():
        (texts / f"{name}.txt").write_text(text)
    file = tmp_path / "pipeline.yaml"
    file.write_text("store: store\n")

    def pipeline(text: str) -> Path:
        file.write_text(text)
        return file

    from tasks.nodes import NODES

    with mock.patch.dict(NODES, {"ingest": "toy_ingest", "filter": "toy_filter"}, clear=True):
        yield SimpleNamespace(root=tmp_path, texts=texts, file=file, pipeline=pipeline)
