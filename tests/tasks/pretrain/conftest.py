import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.pretrain.config import RunConfig
from tasks.pretrain.job import Job
from tasks.process import end, spawn
from tasks.tokenize.shards import ShardWriter

os.environ["OMP_NUM_THREADS"] = "1"
VOCABULARY = 64
TRAIN = """
import logging, sys
from pathlib import Path
from tasks.pretrain import node
from tasks.pretrain.job import Job
logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
node.train(Job.read(Path(sys.argv[1])))
"""

TINY = {
    "model": {"hidden_size": 32, "layers": 2, "heads": 2, "intermediate_size": 64},
    "sequence_length": 16,
    "batch_size": 8,
    "dtype": "fp32",
    "steps": 12,
    "schedule": {"kind": "wsd", "warmup": 0.1, "decay": 0.2},
    "device": "cpu",
    "threads": 1,
    "compile": False,
    "tensorboard": False,
    "checkpoint_every": 4,
    "validation_every": 6,
    "validation_batches": 2,
}


def write_shard(folder: Path, name: str, tokens: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with ShardWriter(folder / name, np.dtype("<u2")) as writer:
        writer.add(tokens)


def sentences(count: int, seed: int) -> np.ndarray:
    """Tokens of a language with something to learn: each is the one before plus 1, 2 or 3."""
    steps = np.random.default_rng(seed).integers(1, 4, count)
    return (np.cumsum(steps) % VOCABULARY).astype(np.uint16)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """A folder with train/, validation/ and tokenizer/, as the stage tokenize leaves them."""
    folder = tmp_path_factory.mktemp("corpus")
    write_shard(folder / "train", "00000-text", sentences(20_000, seed=1))
    write_shard(folder / "validation", "00000-text", sentences(2_000, seed=2))
    (folder / "tokenizer").mkdir()
    vocabulary = {chr(0x100 + index): index for index in range(VOCABULARY - 1)}
    end = {"id": VOCABULARY - 1, "content": "<|endoftext|>", "special": True}
    tokenizer = {"model": {"vocab": vocabulary}, "added_tokens": [end]}
    (folder / "tokenizer" / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    """Those of the tiny model, without the length of the run."""
    return {name: value for name, value in TINY.items() if name not in ("steps", "checkpoint_every")}


@pytest.fixture
def make_job(corpus: Path, tmp_path: Path):
    """make_job(name, faults=..., **settings): a job of the tiny model in a folder of its own."""

    def make(name: str = "run", faults: list[dict[str, Any]] | None = None, **settings: Any) -> Job:
        (tmp_path / name).mkdir(exist_ok=True)
        return Job(
            config=RunConfig(**{**TINY, **settings}).model_dump(mode="json"),
            train=str(corpus / "train"),
            validation=str(corpus / "validation"),
            tokenizer=str(corpus / "tokenizer"),
            out=str(tmp_path / name),
            identity="a test",
            faults=faults or [],
        )

    return make


@pytest.fixture
def start():
    """start(job): a process that trains as the node does, and says each event; it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(job: Job) -> subprocess.Popen[str]:
        job.write(job.folder / "start.json")
        command = [sys.executable, "-c", TRAIN, str(job.folder / "start.json")]
        started.append(spawn(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield start
    for process in started:
        end(process)
