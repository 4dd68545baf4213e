"""The node: what it plans, what it refuses, and that a run survives being killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import ConfigError, StageError
from tasks.node import Input
from tasks.pretrain import node
from tasks.pretrain.config import RunConfig
from tasks.pretrain.distributed import layout
from tasks.pretrain.job import Job
from tasks.tokenize.shards import ShardWriter

LONGER = {"steps": 60, "checkpoint_every": 10}


def inputs_of(corpus: Path) -> dict[str, list[Input]]:
    files = {name: sorted((corpus / name).iterdir()) for name in ("train", "validation", "tokenizer")}
    return {
        f"tokenize/{name}": [Input(f"{name}/{path.name}", str(path), "digest") for path in paths]
        for name, paths in files.items()
    }


def losses(folder: Path) -> dict[int, float]:
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {line["step"]: line["loss"] for line in found if "loss" in line}


def test_the_plan_is_one_shard_with_dtype_and_steps_resolved(corpus, monkeypatch):
    monkeypatch.setattr(layout, "gpus", lambda: 1)
    config = RunConfig(tokens=160_000, batch_size=16, sequence_length=100)
    (shard,) = node.partition(config, inputs_of(corpus))
    assert (shard.config["dtype"], shard.config["steps"]) == ("bf16", 100)
    assert "tokens" not in shard.config
    assert (shard.runtime["device"], shard.runtime["processes"]) == ("cuda", 1)
    assert not set(shard.config) & set(shard.runtime)


@pytest.mark.parametrize(
    "settings",
    [{"checkpoint_every": 7}, {"processes": 2}, {"compile": False}, {"zero_stage": 0}, {"threads": 1}],
)
def test_where_and_how_fast_is_not_identity(settings, corpus):
    (plain,), (other,) = (
        node.partition(RunConfig(device="cpu", **extra), inputs_of(corpus)) for extra in ({}, settings)
    )
    assert json.dumps(dict(plain.config)) == json.dumps(dict(other.config))
    assert plain.runtime != other.runtime


@pytest.mark.parametrize(
    "settings", [{"seed": 2}, {"batch_size": 8}, {"guard": {"patience": 6}}, {"optimizer": {"name": "adamw"}}]
)
def test_what_is_trained_is_identity(settings, corpus):
    (plain,), (other,) = (
        node.partition(RunConfig(device="cpu", **extra), inputs_of(corpus)) for extra in ({}, settings)
    )
    assert json.dumps(dict(plain.config)) != json.dumps(dict(other.config))


def test_muon_with_partitioned_parameters_is_refused_when_planning(corpus):
    with pytest.raises(ConfigError, match="muon"):
        node.partition(RunConfig(device="cpu", processes=2, zero_stage=2), inputs_of(corpus))


def test_a_shape_that_does_not_hold_together_is_refused_at_once():
    with pytest.raises(ValueError, match="kv_heads"):
        RunConfig(model={"heads": 4, "kv_heads": 3})


def test_planning_imports_nothing_heavy():
    heavy = {"torch", "numpy", "deepspeed", "pyarrow", "prefect"}
    script = f"import sys, tasks.pretrain.node; print(sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_a_validation_split_shorter_than_one_window_is_refused_with_the_numbers(make_job, tmp_path):
    job = make_job(sequence_length=128)
    (tmp_path / "short").mkdir()
    with ShardWriter(tmp_path / "short" / "00000-text", np.dtype("<u2")) as writer:
        writer.add(np.arange(100, dtype=np.uint16))
    with pytest.raises(
        StageError, match=r"validation split has 100 tokens, fewer than the 129 of one window"
    ):
        node.train(Job(**{**job.__dict__, "validation": str(tmp_path / "short")}))


@pytest.fixture(scope="module")
def undisturbed(corpus, settings, tmp_path_factory):
    """The folder and the metrics of a run through the node's own functions."""
    out = tmp_path_factory.mktemp("undisturbed")
    shards = node.partition(RunConfig(**settings, **LONGER), inputs_of(corpus))
    result = node.process(shards[0], out)
    return out, result.metrics


def test_a_run_leaves_a_model_its_tokenizer_and_figures_that_add_up(undisturbed):
    out, metrics = undisturbed
    model = {path.name for path in (out / "model").iterdir()}
    assert model >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert (metrics["steps"], metrics["tokens"], metrics["rollbacks"]) == (60, 60 * 8 * 16, 0)
    assert 0 < metrics["mfu"] < 1
    outputs = {path.name.split(".")[0] for path in out.iterdir()}
    assert outputs == {"model", *node.VOLATILE} - {"tensorboard"}


def test_a_failure_is_one_message(make_job):
    job = make_job(faults=[{"step": 1, "kind": "nan", "steps": 1000}], guard={"max_rollbacks": 0})
    with pytest.raises(StageError, match=r"training stopped itself at step 1: loss is nan"):
        node.train(job)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill_at(trainer: subprocess.Popen[str], line: str, victim: str) -> None:
    """Let it train until an event is said; then kill -9 the node's process or a rank."""
    assert trainer.stdout
    said = next(text for text in trainer.stdout if text.startswith(line))
    assert said
    pids = {"node": trainer.pid, "rank": children(trainer.pid)[0]}
    os.kill(pids[victim], signal.SIGKILL)
    trainer.stdout.read()
    assert trainer.wait() != 0


@pytest.mark.parametrize("victim", ["node", pytest.param("rank", marks=pytest.mark.slow)])
def test_a_run_killed_with_minus_nine_ends_as_an_undisturbed_one(victim, make_job, start, undisturbed):
    killed = make_job(**LONGER)
    kill_at(start(killed), "step 20: checkpoint", victim)
    result = node.train(killed)
    assert losses(killed.folder) == losses(undisturbed[0])
    assert result["loss"] == undisturbed[1]["loss"]


def test_waiting_threads_yield_their_core_soon_unless_the_user_says_how_they_wait(monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    on_cpu = RunConfig(device="cpu")
    assert node.environment(on_cpu)["GOMP_SPINCOUNT"] == "3000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    assert node.environment(on_cpu)["GOMP_SPINCOUNT"] == "7"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    assert "GOMP_SPINCOUNT" not in node.environment(on_cpu)
