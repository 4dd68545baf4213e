"""The node `pretrain`: token shards to a trained model, through PyTorch and DeepSpeed.

Leaves `model/` in Hugging Face layout with the tokenizer beside it. `checkpoints/`, `metrics.jsonl`,
`events.jsonl`, `tensorboard/` and `train.log` tell how it came about and are volatile. The folder is handed
to the next attempt after a crash, which goes on from the newest checkpoint that is whole.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tasks.errors import StageError
from tasks.node import Input, Inputs, Shard, ShardResult
from tasks.pretrain.config import RunConfig
from tasks.pretrain.distributed import layout, lock, ranks
from tasks.pretrain.job import FAILURE, RESULT, Job

VERSION = 2
PACKAGES = ("torch", "deepspeed")
INPUTS = ("tokenize/train", "tokenize/validation", "tokenize/tokenizer")
STORY = "tasks.pretrain.story"
SINGLE = True
RESUMABLE = True
EXCLUSIVE = True
VOLATILE = ("checkpoints", "metrics", "events", "tensorboard", "train", "job")

Config = RunConfig

_log = logging.getLogger("smelt.pretrain")


def partition(config: RunConfig, inputs: Inputs) -> list[Shard]:
    """One shard: the run, with the dtype and the number of steps resolved, which are its identity."""
    device = layout.choose_device(config)
    processes = layout.choose_processes(config, device)
    layout.choose_stage(config.zero_stage, config.optimizer.name, processes)
    layout.choose_micro_batch(config, processes, device)
    identity = config.identity()
    settings = config.model_dump(mode="json")
    del identity["tokens"]
    resolved = identity | {"dtype": layout.choose_dtype(config, device), "steps": config.total_steps}
    runtime = {name: value for name, value in settings.items() if name not in identity and name != "tokens"}
    runtime |= {"device": device, "processes": processes, "threads": layout.choose_threads(config, processes)}
    return [Shard("run", resolved, {name.split("/")[1]: inputs[name] for name in INPUTS}, runtime)]


def process(shard: Shard, out: Path) -> ShardResult:
    """Train, or go on training, in `out`. StageError if the data doesn't fit or training fails."""
    config = RunConfig(**shard.config, **shard.runtime).model_dump(mode="json")
    folders: dict[str, Any] = {role: _folder(files) for role, files in shard.inputs.items()}
    return ShardResult(train(Job(config=config, **folders, out=str(out), identity=_identity(shard))))


def train(job: Job) -> dict[str, Any]:
    """Run a job to its end, and say what it came to; `process` without the pipeline."""
    job.folder.mkdir(parents=True, exist_ok=True)
    _check_data(job)
    result = job.folder / RESULT
    for leftover in (result, job.folder / FAILURE):
        leftover.unlink(missing_ok=True)
    lock.wait_until_free(job.checkpoints)
    _run(job)
    told = json.loads(result.read_text())
    result.unlink()
    return told


def command(job: Path) -> list[str]:
    """The command that is each of a run's processes."""
    return [sys.executable, "-P", "-m", "tasks.pretrain.train", str(job)]


def environment(config: RunConfig) -> dict[str, str]:
    """What the processes find in their environment beside ours."""
    values = {
        "DS_ACCELERATOR": str(config.device),
        "OMP_NUM_THREADS": str(config.threads or 1),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore::FutureWarning,ignore::DeprecationWarning",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    if config.device == "cpu":
        if "OMP_WAIT_POLICY" not in os.environ:
            # How often libgomp's threads look before they sleep. Its default of milliseconds costs most of the
            # speed when another program wants a core; this keeps it, and costs nothing when none does.
            values["GOMP_SPINCOUNT"] = os.environ.get("GOMP_SPINCOUNT", "3000")
        values["CUDA_VISIBLE_DEVICES"] = ""
    return {**os.environ, **values}


def _run(job: Job) -> None:
    config, path, log = job.run, job.folder / "job.json", job.folder / "train.log"
    job.write(path)
    with log.open("a", encoding="utf-8") as file:

        def say(line: str) -> None:
            file.write(line)
            file.flush()
            if line.startswith("step "):
                _log.info("%s", line.rstrip())

        meeting = job.checkpoints / "meeting"
        failed = ranks.run(command(path), environment(config), config.processes or 1, meeting, say)
    if failed is None:
        return
    if (job.folder / FAILURE).exists():
        raise StageError((job.folder / FAILURE).read_text())
    raise StageError(
        f"training failed: rank {failed.rank} ended with status {failed.status}; the end of what it said "
        f"(all is in {log}):\n{failed.last}"
    )


def _check_data(job: Job) -> None:
    """StageError where the shards don't fit the tokenizer or hold less than one window."""
    import numpy as np

    from tasks.tokenize.shards import open_shards
    from tasks.tokenize.vocabulary import read_tokenizer, vocabulary_size

    window = job.run.sequence_length + 1
    ids = vocabulary_size(read_tokenizer(job.tokenizer))
    for split, folder in (("training", job.train), ("validation", job.validation)):
        shards = open_shards(folder)
        if len(shards) < window:
            raise StageError(
                f"the {split} split has {len(shards)} tokens, fewer than the {window} of one window: lower "
                f"pretrain.sequence_length ({job.run.sequence_length}) or give that split more documents"
            )
        if ids - 1 > np.iinfo(shards.dtype).max:
            raise StageError(f"{folder} holds {shards.dtype} tokens, too small for the tokenizer's {ids} ids")


def _folder(files: Sequence[Input]) -> str:
    folders = {str(Path(file.path).parent) for file in files}
    if len(folders) != 1:
        raise StageError(f"expected the files of one folder, found {sorted(folders) or 'none'}")
    return folders.pop()


def _identity(shard: Shard) -> str:
    """What a checkpoint in `out` must have been made of."""
    inputs = {role: [file.digest for file in files] for role, files in shard.inputs.items()}
    payload = json.dumps({"version": VERSION, "config": dict(shard.config), "inputs": inputs}, sort_keys=True)
    return hashlib.sha256(payload.encode()).hexdigest()
