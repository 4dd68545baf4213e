"""The node `pretrain`: token shards to a trained model, through torchrun and DeepSpeed.

Leaves `model/` in Hugging Face layout with the tokenizer beside it. `checkpoints/`, `metrics.jsonl`,
`events.jsonl`, `tensorboard/` and `train.log` tell how it came about and are volatile. The folder is handed
to the next attempt after a crash, which goes on from the newest checkpoint that is whole.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.errors import StageError
from tasks.node import Input, Inputs, Shard, ShardResult
from tasks.pretrain.config import RunConfig
from tasks.pretrain.distributed import layout, lock
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
    out = Path(out)
    config = RunConfig(**shard.config, **shard.runtime)
    job = Job(
        config=config.model_dump(mode="json"),
        train=_folder(shard.inputs["train"]),
        validation=_folder(shard.inputs["validation"]),
        tokenizer=_folder(shard.inputs["tokenizer"]),
        out=str(out),
        identity=_identity(shard),
    )
    _check_data(job)
    for leftover in (RESULT, FAILURE):
        (out / leftover).unlink(missing_ok=True)
    lock.wait_until_free(job.checkpoints)
    job.write(out / "job.json")
    _run(config, out / "job.json", out)
    result = json.loads((out / RESULT).read_text())
    (out / RESULT).unlink()
    return ShardResult(result)


def train(job: Job) -> dict[str, Any]:
    """Run a job as `process` does; for tests and for use without the pipeline."""
    job.folder.mkdir(parents=True, exist_ok=True)
    _check_data(job)
    lock.wait_until_free(job.checkpoints)
    job.write(job.folder / "job.json")
    _run(job.run, job.folder / "job.json", job.folder)
    return json.loads((job.folder / RESULT).read_text())


def command(config: RunConfig, job: Path) -> list[str]:
    """The command that starts a run's processes."""
    return [*launcher(config.processes or 1), "-m", "tasks.pretrain.train", str(job)]


def launcher(processes: int) -> list[str]:
    """torchrun for processes of this machine that meet at its loopback address."""
    # By its address, not its name: a container's name often resolves to nothing.
    meeting = ["--standalone", "--local-addr", "127.0.0.1"]
    return [sys.executable, "-m", "torch.distributed.run", *meeting, "--nproc-per-node", str(processes)]


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
        values["GLOO_SOCKET_IFNAME"] = os.environ.get("GLOO_SOCKET_IFNAME", "lo")
    return {**os.environ, **values}


def _run(config: RunConfig, job: Path, out: Path) -> None:
    from tasks.process import end, spawn

    child = spawn(
        command(config, job),
        env=environment(config),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    last: deque[str] = deque(maxlen=8)
    try:
        with (out / "train.log").open("a", encoding="utf-8") as log:
            assert child.stdout
            for line in child.stdout:
                log.write(line)
                log.flush()
                last.append(line)
                if line.startswith("step "):
                    _log.info("%s", line.rstrip())
        status = child.wait()
    finally:
        end(child)
    if (out / FAILURE).exists():
        raise StageError((out / FAILURE).read_text())
    if status or not (out / RESULT).exists():
        raise StageError(
            f"training ended with status {status}; the end of {out / 'train.log'}:\n{''.join(last)}"
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
    import hashlib

    inputs: Mapping[str, Any] = {
        role: [file.digest for file in files] for role, files in shard.inputs.items()
    }
    payload = json.dumps({"version": VERSION, "config": dict(shard.config), "inputs": inputs}, sort_keys=True)
    return hashlib.sha256(payload.encode()).hexdigest()
