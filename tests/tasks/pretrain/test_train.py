"""Whole runs of a tiny model, in this process (one rank) or in processes of their own (two).

golden_losses.json holds the losses of two of them. After a change that is meant to train differently,
`SMELT_GOLDEN=write pytest tests/tasks/pretrain/test_train.py -k golden` writes it anew; the commit says why it moved.
"""

import json
import math
import os
import socket
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from tasks.errors import StageError
from tasks.pretrain import node, train
from tasks.pretrain.distributed import engine, ranks
from tasks.pretrain.loader import Skips

ADAMW = {"name": "adamw"}
WARMUP = {"length": 4, "share": 0.5}
GOLDEN = Path(__file__).with_name("golden_losses.json")
GOLDEN_RUNS = {  # rates and decay high enough that each shows in fifty steps
    "adamw": {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.5},
    "muon": {"name": "muon", "matrix_weight_decay": 0.5},
}
# Relative. Other instruction sets of one CPU moved AdamW's by 1e-6, and Muon's, whose iterations are in bf16, by 1.3e-4.
GOLDEN_TOLERANCE = {"adamw": 1e-3, "muon": 3e-3}
STAGES = [(0, "muon"), (0, "adamw"), (1, "adamw"), (2, "adamw"), (3, "adamw")]


@pytest.fixture(scope="module")
def device():
    """A process group of one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = {
        "RANK": "0",
        "LOCAL_RANK": "0",
        "WORLD_SIZE": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    os.environ.update(values)
    torch.set_num_threads(1)
    yield engine.start("cpu")
    torch.distributed.destroy_process_group()
    for name in values:
        del os.environ[name]


class Killed(Exception):
    pass


def when_training(trainer, hook) -> None:
    """Calls hook(tokens) before every forward pass of a step; a validation's go past what DeepSpeed wraps."""
    trainer.engine.deepspeed.register_forward_pre_hook(lambda module, arguments: hook(arguments[0]))


def run(job, device, *, skips=(), die_at=None) -> train.Trainer:
    """A whole run; skips: positions left out from the beginning; die_at: ends in the middle of this step."""
    trainer = train.Trainer(job, device)
    trainer.skips = Skips(skips)

    def die(tokens):
        if trainer.step + 1 == die_at:
            raise Killed

    when_training(trainer, die)
    with pytest.raises(Killed) if die_at else nullcontext():
        trainer.run()
    return trainer


def lines(job, name):
    return [json.loads(line) for line in (job.folder / f"{name}.jsonl").read_text().splitlines()]


def losses(job) -> dict[int, float]:
    return {line["step"]: line["loss"] for line in lines(job, "metrics") if "loss" in line}


def events(job) -> list[str]:
    return [line["event"] for line in lines(job, "events")]


def test_the_first_loss_is_that_of_chance_and_the_last_is_below_it(make_job, device):
    job = make_job(steps=40)
    run(job, device)
    assert losses(job)[1] == pytest.approx(math.log(64), abs=0.3)
    assert losses(job)[40] < losses(job)[1] - 1


@pytest.mark.parametrize("name", GOLDEN_RUNS)
def test_fifty_steps_lose_what_the_golden_run_lost(name, make_job, device):
    job = make_job(steps=50, checkpoint_every=50, validation_every=50, optimizer=GOLDEN_RUNS[name])
    run(job, device)
    curve = [*losses(job).values(), lines(job, "metrics")[-1]["validation_loss"]]
    golden = json.loads(GOLDEN.read_text())
    if os.environ.get("SMELT_GOLDEN") == "write":
        golden[name] = [round(loss, 6) for loss in curve]
        GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
    assert len(curve) == 51
    assert curve == pytest.approx(golden[name], rel=GOLDEN_TOLERANCE[name])


@pytest.mark.parametrize(("stage", "optimizer"), STAGES)
def test_a_run_that_was_killed_ends_as_one_that_was_not(stage, optimizer, make_job, device):
    settings = {"zero_stage": stage, "optimizer": {"name": optimizer}, "sequence_warmup": WARMUP}
    whole, killed = make_job("whole", **settings), make_job("killed", **settings)
    run(whole, device)
    run(killed, device, die_at=7)
    run(killed, device)
    assert losses(killed) == losses(whole)
    assert lines(killed, "metrics")[-1] == lines(whole, "metrics")[-1]  # the validation's
    assert "resume" in events(killed)


@pytest.mark.parametrize(("stage", "optimizer"), STAGES)
def test_a_batch_of_nan_leaves_the_run_as_if_it_had_never_been_seen(stage, optimizer, make_job, device):
    settings = {"zero_stage": stage, "optimizer": {"name": optimizer}, "micro_batch_size": 2}
    faulty = make_job("faulty", faults=[{"step": 6, "kind": "nan"}], **settings)
    without = make_job("without", **settings)
    run(faulty, device)
    run(without, device, skips=[(5, 6)])
    assert losses(faulty) == losses(without)
    assert events(faulty).count("nan") == events(faulty).count("skip") == 1


def test_a_hundredfold_loss_for_twenty_steps_is_rolled_back_and_passed(make_job, device):
    settings = {"steps": 120, "checkpoint_every": 20, "guard": {"warmup": 16, "window": 32}}
    healthy = make_job("healthy", **settings)
    faulty = make_job(
        "faulty", faults=[{"step": 50, "kind": "scale", "factor": 100, "steps": 20}], **settings
    )
    run(healthy, device)
    trainer = run(faulty, device)
    said = [line for line in lines(faulty, "events") if line["event"] == "rollback"]
    assert said[0]["step"] == 50
    assert said[0]["detail"]["to_step"] == 40
    assert said[0]["detail"]["left_out"] == [49, 54 + 32]
    assert trainer.guard.rollbacks == len(said) == 1
    assert [line["step"] for line in lines(faulty, "metrics") if "loss" in line] == list(range(1, 121))
    late = [sum(list(losses(job).values())[-10:]) / 10 for job in (healthy, faulty)]
    assert late[1] == pytest.approx(late[0], abs=0.05)


def test_a_killed_run_repeats_its_rollback(make_job, device):
    settings = {"steps": 60, "checkpoint_every": 10, "guard": {"warmup": 16, "window": 32, "skip_batches": 4}}
    faults = [{"step": 30, "kind": "scale", "factor": 100, "steps": 8}]
    whole, killed = (
        make_job("whole", faults=faults, **settings),
        make_job("killed", faults=faults, **settings),
    )
    run(whole, device)
    for step in (12, 30, 41):
        run(killed, device, die_at=step)
    run(killed, device)
    assert losses(killed) == losses(whole)


def test_trouble_that_never_ends_stops_the_run_with_its_reason(make_job, device):
    faults = [{"step": 8, "kind": "nan", "steps": 10_000}]
    job = make_job(faults=faults, guard={"max_rollbacks": 2, "skip_batches": 1})
    with pytest.raises(StageError, match=r"step 8: loss is nan.*all 2 rollbacks are spent"):
        run(job, device)
    assert events(job).count("rollback") == 2
    assert events(job)[-1] == "stop"


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(make_job, device):
    whole, hurt = make_job("whole"), make_job("hurt")
    run(whole, device)
    run(hurt, device, die_at=11)
    newest = hurt.checkpoints / "step-00000008" / "mp_rank_00_model_states.pt"
    newest.write_bytes(newest.read_bytes()[:-100])
    run(hurt, device)
    assert losses(hurt) == losses(whole)
    damaged = next(line for line in lines(hurt, "events") if line["event"] == "damaged")
    assert damaged["detail"]["path"] == "step-00000008"
    assert "bytes, not" in damaged["detail"]["reason"]


def test_a_run_whose_checkpoints_are_all_damaged_starts_anew_and_says_so(make_job, device):
    whole, hurt = make_job("whole"), make_job("hurt")
    run(whole, device)
    run(hurt, device, die_at=11)
    for manifest in hurt.checkpoints.glob("*/manifest.json"):
        manifest.write_text("{")
    run(hurt, device)
    assert "anew" in events(hurt)
    assert losses(hurt) == losses(whole)


def test_a_checkpoint_of_other_data_is_not_resumed(make_job, device):
    job = make_job()
    run(job, device, die_at=6)
    other = train.Job(**{**job.__dict__, "identity": "other data"})
    run(other, device)
    assert "anew" in events(other)


def test_a_checkpoint_of_another_stage_is_refused_with_what_to_set(make_job, device):
    run(make_job(zero_stage=1, optimizer=ADAMW), device, die_at=6)
    with pytest.raises(StageError, match="ZeRO 1, and training runs with 1 at ZeRO 2"):
        run(make_job(zero_stage=2, optimizer=ADAMW), device)


def test_short_windows_come_first_in_batches_of_as_many_tokens(make_job, device):
    job = make_job(steps=4, micro_batch_size=2, sequence_warmup=WARMUP)
    trainer = train.Trainer(job, device)
    shapes = []
    when_training(trainer, lambda tokens: shapes.append(tuple(tokens.shape)))
    trainer.run()
    assert shapes == [(8, 4)] * 4 * 2 + [(2, 16)] * 4 * 2


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_accumulation_changes_nothing_but_rounding(dtype, make_job, device):
    one, four = make_job("one", dtype=dtype), make_job("four", dtype=dtype, micro_batch_size=2)
    run(one, device)
    run(four, device)
    tolerance = {"fp32": 1e-3, "bf16": 3e-2}[dtype]  # Muon's bf16 iterations enlarge the rounding
    assert list(losses(four).values()) == pytest.approx(list(losses(one).values()), abs=tolerance)


def compare_world_sizes(make_job, device, steps: int) -> None:
    settings = {
        "steps": steps, "checkpoint_every": steps, "validation_every": steps, "sequence_warmup": WARMUP
    }  # fmt: skip
    jobs = {
        (stage, optimizer): make_job(
            f"{optimizer}-{stage}", zero_stage=stage, optimizer={"name": optimizer}, **settings
        )
        for stage, optimizer in [(0, "muon"), (1, "adamw"), (2, "adamw"), (3, "adamw")]
    }
    paths = []
    for job in jobs.values():
        paths.append(str(job.folder / "job.json"))
        job.write(job.folder / "job.json")
    command = [sys.executable, "-P", str(Path(__file__).parent / "several_jobs.py"), *paths]
    environment = node.environment(job.run) | {"OMP_NUM_THREADS": "1"}
    said: list[str] = []
    failed = ranks.run(command, environment, 2, job.folder / "meeting", said.append)
    assert failed is None, "".join(said[-100:])
    for (stage, optimizer), job in jobs.items():
        alone = make_job(
            f"{optimizer}-{stage}-alone", zero_stage=0, optimizer={"name": optimizer}, **settings
        )
        run(alone, device)
        tolerance = 1e-4 if optimizer == "adamw" else 5e-3  # Muon's bf16 iterations enlarge the rounding
        assert list(losses(job).values()) == pytest.approx(list(losses(alone).values()), abs=tolerance), stage
        assert lines(job, "metrics")[-1]["validation_loss"] == pytest.approx(
            lines(alone, "metrics")[-1]["validation_loss"], abs=tolerance
        )


def test_two_processes_at_every_zero_stage_train_as_one(make_job, device):
    compare_world_sizes(make_job, device, steps=4)


@pytest.mark.slow
def test_two_processes_at_every_zero_stage_train_as_one_for_fifty_steps(make_job, device):
    compare_world_sizes(make_job, device, steps=50)


@pytest.mark.slow
def test_compiled_and_eager_training_agree(make_job, device):
    eager, compiled = make_job("eager", optimizer=ADAMW), make_job("compiled", optimizer=ADAMW, compile=True)
    run(eager, device)
    assert run(compiled, device).engine.compiled
    assert list(losses(compiled).values()) == pytest.approx(list(losses(eager).values()), abs=1e-4)
