"""The training loop of one rank, on CPU or GPU, with one process or many: `tasks.pretrain.train job.json`.

Its environment has RANK, LOCAL_RANK and WORLD_SIZE, and where the ranks meet (`tasks.pretrain.distributed.ranks`).

Everything that a step depends on (parameters, moments, position, guard, schedule) is a function of the step
and of what the checkpoint holds, so a killed run that is started again ends where an undisturbed one does.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from model import Transformer, convert
from tasks.errors import SmeltError, StageError
from tasks.pretrain import faults
from tasks.pretrain.distributed import Engine, Outcome, checkpoint, choose_stage, lock, start
from tasks.pretrain.guard import ACTIONS, Decision, SpikeGuard
from tasks.pretrain.job import FAILURE, RESULT, Job
from tasks.pretrain.loader import Batches, Skips
from tasks.pretrain.metrics import EVENTS, Meter, Recorder
from tasks.pretrain.peak_flops import peak_flops
from tasks.tokenize.shards import open_shards
from tasks.tokenize.vocabulary import read_tokenizer, special_ids, token_bytes


class Trainer:
    """One run on one rank, in the process group that `start` joined; every method that isn't marked as rank 0's is called by all ranks together."""

    def __init__(self, job: Job, device: torch.device):
        self.job, self.config = job, job.run
        self.rank, self.world_size = dist.get_rank(), dist.get_world_size()
        self.faults = job.faults + faults.from_environment()
        self.recorder = Recorder(job.folder, tensorboard=self.config.tensorboard) if self.rank == 0 else None
        config = self.config
        self.guard, self.skips, self.step = SpikeGuard(config.guard), Skips(), 0
        windows = {config.window(1), config.window(config.total_steps)}
        self.batches = {window: self._open(job.train, config.mixture, window) for window in windows}
        self.validation = self._open(job.validation, None, config.sequence_length)
        _seed(config.seed)
        self.tokenizer = read_tokenizer(job.tokenizer)
        self.bytes_of_token = torch.from_numpy(token_bytes(self.tokenizer))
        shape = config.model.shape(len(self.bytes_of_token), config.sequence_length)
        self.engine = Engine(Transformer(shape), config, device, self._stage())
        _seed(config.seed + 1 + self.rank)
        self.peak, self.peak_source = peak_flops(device, config.dtype)
        self.meter = Meter(config.batch_size * config.sequence_length)
        self.first_tried: dict[int, int] = {}  # step -> the position that it took at first
        self.warm = False  # the coming step has nothing left to compile
        self.validation_figures: dict[str, float] = {}
        self.last_loss = float("nan")

    def run(self) -> None:
        """Train to the end, from the newest checkpoint if there is one."""
        self._resume()
        while self.step < self.config.total_steps:
            self._advance()
        self._finish()

    # One step

    def _advance(self) -> None:
        step = self.step + 1
        position = self.skips.position(step)
        self.first_tried.setdefault(step, position)
        if self.config.window(step) != self.config.window(max(1, step - 1)):
            self.meter.forget()  # longer windows cost more, and compile first
            self.warm = False
        start = time.perf_counter()
        tokens, targets = self._read(self.batches[self.config.window(step)], position)
        scale = faults.factor(self.faults, position) if self.faults else 1.0
        outcome = self.engine.step(step, tokens, targets, self.guard.limit(), self.guard.rate, scale)
        decision = self._agree(self.guard.observe(step, outcome.loss, outcome.grad_norm))
        self.meter.add(time.perf_counter() - start, typical=self.warm)
        self.warm = True
        if decision.action in ("skip", "rollback"):
            event = "nan" if decision.kind == "nan" else "spike"
            self._say(step, event, reason=decision.reason, position=position)
        if decision.action == "continue":
            self._accept(step, outcome, decision)
        elif decision.action == "skip":
            self._say(step, "skip", position=position)
            self.skips.add(position, position + 1)
        elif decision.action == "rollback":
            self._roll_back(step, position, decision)
        else:
            self._say(step, "stop", reason=decision.reason)
            events = self.job.folder / EVENTS
            raise StageError(f"training stopped itself at step {step}: {decision.reason}. See {events}")

    def _read(self, batches: Batches, position: int) -> list[torch.Tensor]:
        """This rank's tokens and targets of the global batch at a position."""
        rows = self.engine.rows(batches.batch_size)
        return [torch.from_numpy(part) for part in batches.at(position, rows)]

    def _agree(self, decision: Decision) -> Decision:
        """The gravest of the ranks' verdicts: they must not part ways."""
        if self.world_size == 1:
            return decision
        verdict = torch.tensor([ACTIONS.index(decision.action), -decision.since], device=self.engine.device)
        dist.all_reduce(verdict, dist.ReduceOp.MAX)
        action, since = int(verdict[0]), -int(verdict[1])
        if ACTIONS[action] == decision.action:
            return Decision(decision.action, decision.reason, decision.kind, since)
        return Decision(ACTIONS[action], "another rank's verdict", "spike", since)

    def _accept(self, step: int, outcome: Outcome, decision: Decision) -> None:
        self.step, self.last_loss = step, outcome.loss
        self.first_tried.pop(step - 1000, None)
        if decision.reason:
            self._say(step, "spike", reason=decision.reason, tolerated=True)
        last = step == self.config.total_steps
        if step % self.config.log_every == 0 or last:
            self._log(step, outcome)
        if step % self.config.validation_every == 0 or last:
            self._validate(step)
        if step % self.config.checkpoint_every == 0 or last:
            self._save()

    # Trouble

    def _roll_back(self, step: int, position: int, decision: Decision) -> None:
        """Go back to before the trouble, and past the batches from its first step on and some more."""
        folder = self.job.checkpoints
        found = self._from_rank_0(lambda: self._find(max(0, decision.since - 1)))
        if found is None:
            raise StageError(f"no checkpoint in {folder} to go back to from step {step}: {decision.reason}")
        start = min(self.first_tried.get(decision.since, position), self.skips.position(decision.since))
        stop = position + 1 + self.guard.margin
        if self.rank == 0:
            checkpoint.discard_after(folder, found.step)
        state = checkpoint.load(self.engine, found)
        self.guard.rolled_back(state["guard"], step)
        self._take(state)
        self.skips.add(start, stop)
        self.first_tried.clear()
        if self.recorder is not None:
            self.recorder.go_back(self.step)
        told = {"left_out": [start, stop], "number": self.guard.rollbacks, "rate": self.guard.rate}
        self._say(step, "rollback", to_step=found.step, **told)

    # Checkpoints

    def _save(self) -> None:
        path = checkpoint.save(self.engine, self.job.checkpoints, self.step, self._state(), self.job.identity)
        if self.rank == 0:
            # A spike shows after `patience` outliers: a checkpoint that old has been seen to be healthy.
            healthy = self.step - 4 * self.config.guard.patience
            checkpoint.prune(self.job.checkpoints, self.config.keep_checkpoints, max(0, healthy))
        self._say(self.step, "checkpoint", path=path.name)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "skips": [list(pair) for pair in self.skips.ranges],
            "guard": self.guard.state_dict(),
            "seconds": self.meter.seconds,
            "loss": self.last_loss,
            "validation": self.validation_figures,
        }

    def _take(self, state: dict[str, Any]) -> None:
        self.step, self.last_loss = state["step"], state["loss"]
        self.validation_figures = state["validation"]
        self.skips = Skips(state["skips"])
        self.meter.seconds = max(self.meter.seconds, state["seconds"])

    def _find(self, up_to: int | None = None) -> checkpoint.Found | None:
        """Rank 0's."""
        found, damaged = checkpoint.newest(self.job.checkpoints, self.job.identity, up_to=up_to)
        for damage in damaged:
            self._say(self.step, "damaged", path=damage.path.name, reason=damage.reason)
        if damaged and found is None and up_to is None:
            self._say(self.step, "anew", reason=f"none of {len(damaged)} checkpoints can be read")
        return found

    def _resume(self) -> None:
        found = self.found
        if found is not None:
            state = checkpoint.load(self.engine, found)
            self.guard.load_state_dict(state["guard"])
            self._take(state)
        if self.rank == 0:
            checkpoint.discard_after(self.job.checkpoints, self.step)
        if self.recorder is not None:
            self.recorder.go_back(self.step)
        self._say(self.step, "resume" if found else "start", **self._describe())
        if found is None:
            checkpoint.save(self.engine, self.job.checkpoints, 0, self._state(), self.job.identity)

    def _stage(self) -> int:
        """The ZeRO stage; `auto` keeps that of the checkpoint to resume from."""
        self.found = self._from_rank_0(self._find)
        requested = self.config.zero_stage
        if requested == "auto" and self.found is not None and self.found.world_size == self.world_size:
            requested = self.found.zero_stage
        return choose_stage(requested, self.config.optimizer.name, self.world_size)

    def _from_rank_0(self, ask: Any) -> Any:
        answer = [ask() if self.rank == 0 else None]
        if self.world_size > 1:
            dist.broadcast_object_list(answer, 0)
        return answer[0]

    # What it says

    def _say(self, step: int, event: str, **detail: Any) -> None:
        if self.recorder is not None:
            self.recorder.event(step, event, **detail)

    def _describe(self) -> dict[str, Any]:
        engine = self.engine
        return {
            "parameters": engine.parameters,
            "steps": self.config.total_steps,
            "batch": f"{self.config.batch_size} x {self.config.sequence_length} tokens",
            "processes": self.world_size,
            "zero_stage": engine.stage,
            "device": str(engine.device),
            "dtype": self.config.dtype,
            "threads": torch.get_num_threads(),
            "compiled": engine.compiled or engine.compile_note,
            "windows": self.batches[self.config.window(self.config.total_steps)].windows_per_epoch,
            "peak_flops": f"{self.peak:.3g} ({self.peak_source})",
            "torch": torch.__version__,
        }

    def _log(self, step: int, outcome: Outcome) -> None:
        if self.recorder is None:
            return
        speed = self.meter.lap()
        self.recorder.metrics(
            {
                "step": step,
                "tokens": step * self.meter.tokens_per_step,
                "loss": outcome.loss,
                "grad_norm": outcome.grad_norm,
                "learning_rate": self.engine.learning_rate(),
                "tokens_per_second": round(speed, 1),
                "mfu": round(speed * self.engine.flops_per_token(self.config.window(step)) / self.peak, 4),
                "seconds": round(self.meter.seconds, 4),
            }
        )

    def _validate(self, step: int) -> None:
        """The loss on the same held-out windows every time, and bits per byte of the text that they hold."""
        windows = self.validation.windows_per_epoch
        count = min(self.config.validation_batches, -(-windows // self.config.batch_size))
        nats, size = torch.zeros((), device=self.engine.device), 0
        for position in range(count):
            tokens, targets = self._read(self.validation, position)
            nats += self.engine.loss(tokens, targets) / count
            size += int(self.bytes_of_token[targets].sum())
        total = torch.tensor(size, dtype=torch.int64, device=self.engine.device)
        dist.all_reduce(total)
        bits = float(nats) / math.log(2) * count * self.meter.tokens_per_step
        self.validation_figures = {
            "validation_loss": float(nats),
            "validation_bits_per_byte": round(bits / max(1, int(total)), 5),
        }
        if self.recorder is not None:
            self.recorder.metrics({"step": step, **self.validation_figures})

    # The end

    def _finish(self) -> None:
        """Write the model in Hugging Face layout, and what the run came to."""
        target = self.job.folder / "model"
        with self.engine.whole_weights() as (model, weights):
            if self.rank == 0:
                shutil.rmtree(target, ignore_errors=True)
                convert.to_huggingface(model, target, state=weights, **special_ids(self.tokenizer))
                for path in sorted(Path(self.job.tokenizer).iterdir()):
                    shutil.copy(path, target / path.name)
        speed = self.meter.tokens_per_second
        flops = self.engine.flops_per_token(self.config.window(self.config.total_steps))
        result = {
            "steps": self.step,
            "tokens": self.step * self.meter.tokens_per_step,
            "parameters": self.engine.parameters,
            "loss": self.last_loss,
            **self.validation_figures,
            "tokens_per_second": round(speed, 1),
            "mfu": round(speed * flops / self.peak, 4),
            "flops_per_token": flops,
            "peak_flops": self.peak,
            "peak_source": self.peak_source,
            "training_seconds": round(self.meter.seconds, 2),
            "rollbacks": self.guard.rollbacks,
            "left_out_batches": sum(stop - start for start, stop in self.skips.ranges),
            "processes": self.world_size,
            "zero_stage": self.engine.stage,
            "device": str(self.engine.device),
            "dtype": self.config.dtype,
        }
        self._say(self.step, "finish", loss=self.last_loss, **self.validation_figures)
        if self.recorder is not None:
            self.recorder.close()
            (self.job.folder / RESULT).write_text(json.dumps(result))
        dist.barrier()

    def _open(self, folder: str, mixture: Any, window: int) -> Batches:
        config = self.config
        try:
            return Batches(
                open_shards(folder),
                seed=config.seed,
                sequence_length=window,
                batch_size=config.batch_size * config.sequence_length // window,
                mixture=mixture,
            )
        except ValueError as error:
            raise StageError(f"pretrain: {folder}: {error}") from error


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _tell(job: Job, message: str) -> None:
    """Leave a failure's message whole, or not at all: another rank's failure may end this one at any moment."""
    part = job.checkpoints / f"{FAILURE}.{os.getpid()}"
    part.write_text(message)
    part.replace(job.folder / FAILURE)


def main(argv: list[str]) -> int:
    """The command: one argument, the job's file. Status 1 after a failure; its message is in failure.txt."""
    job = Job.read(Path(argv[1]))
    share = lock.share(job.checkpoints)
    if job.run.threads is not None:
        torch.set_num_threads(job.run.threads)
    try:
        Trainer(job, start(job.run.device)).run()
        dist.destroy_process_group()
    except SmeltError as error:
        _tell(job, str(error))
        print(f"error: {error}", flush=True)
        os._exit(1)
    finally:
        os.close(share)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
