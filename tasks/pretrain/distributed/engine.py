"""A model under DeepSpeed: process group, ZeRO stage, one optimizer step, whole weights.

Parameters, gradients, accumulation and communication are fp32 at every stage; bf16 is the precision of the
computation (autocast), so that stages and world sizes agree in either dtype. (DeepSpeed's own bf16 mode has
no stage 0 with fp32 accumulation, and at stage 1 switches to another optimizer, whose checkpoints its tools
refuse.)
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from model import Transformer
from tasks.pretrain.config import RunConfig
from tasks.pretrain.distributed.layout import choose_micro_batch
from tasks.pretrain.distributed.optimizer import WholeOptimizer, adamw, parameter_groups
from tasks.pretrain.distributed.ranks import STORE
from tasks.pretrain.schedule import rate


@dataclass(frozen=True)
class Outcome:
    """One optimizer step. loss: mean over the global batch, nats; applied: False, and nothing was changed."""

    loss: float
    grad_norm: float
    applied: bool


def start(device: str) -> torch.device:
    """Join the process group that the environment describes, as `ranks` or torchrun does; this rank's device."""
    os.environ["DS_ACCELERATOR"] = device
    import deepspeed
    from deepspeed.ops import __compatible_ops__

    # DeepSpeed would compile a shared-memory all-reduce at start-up, which needs a compiler and ninja.
    __compatible_ops__["deepspeed_shm_comm"] = False
    deepspeed.utils.logger.setLevel("ERROR")
    backend = "nccl" if device == "cuda" else "gloo"
    found = torch.device(device, int(os.environ["LOCAL_RANK"])) if device == "cuda" else torch.device("cpu")
    rank, world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if device == "cuda":
        torch.cuda.set_device(found)
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    path = os.environ.get(STORE)
    dist.init_process_group(
        backend,
        store=dist.FileStore(path, world_size) if path else None,  # None: torchrun's, at MASTER_ADDR
        rank=rank,
        world_size=world_size,
        timeout=timedelta(minutes=30),  # rank 0 may hash, or write, a large model meanwhile
        device_id=found if device == "cuda" and world_size > 1 else None,
    )
    deepspeed.init_distributed(dist_backend=backend, auto_mpi_discovery=False, verbose=False)
    return found


class LossModule(nn.Module):
    """Tokens and targets to loss, computed in a dtype over fp32 weights."""

    def __init__(self, model: Transformer, device: str, dtype: str):
        super().__init__()
        self.model, self.device_type, self.in_bf16 = model, device, dtype == "bf16"

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        with torch.autocast(self.device_type, torch.bfloat16, enabled=self.in_bf16):
            return self.model(tokens, targets)


class Engine:
    """A model, its optimizer and its learning rates in DeepSpeed's hands. All ranks make the same calls."""

    def __init__(self, model: Transformer, config: RunConfig, device: torch.device, stage: int):
        self.config, self.device, self.stage = config, device, stage
        self.rank, self.world_size = dist.get_rank(), dist.get_world_size()
        self.micro_batch = choose_micro_batch(config, self.world_size, device.type)
        self.accumulation = config.batch_size // self.world_size // self.micro_batch
        model = model.to(device)
        self.flops_per_token = model.flops_per_token
        self.parameters = model.parameter_counts()["total"]
        groups = parameter_groups(model, config.optimizer)
        self.peaks = [group["lr"] for group in groups]
        optimizer: torch.optim.Optimizer
        if stage == 0:
            optimizer = WholeOptimizer(groups, config.optimizer, config.clip)
        else:
            optimizer = adamw(groups, config.optimizer)
        self.deepspeed = self._initialize(LossModule(model, device.type, config.dtype), optimizer)
        self.compiled, self.compile_note = self._compile()

    def rows(self, sequences: int) -> slice:
        """This rank's of a global batch's sequences."""
        share = sequences // self.world_size
        return slice(self.rank * share, (self.rank + 1) * share)

    def step(
        self, step: int, tokens: Tensor, targets: Tensor, limit: float, factor: float, scale: float
    ) -> Outcome:
        """Forward, backward and update on this rank's rows; not applied if the global loss is no number
        below `limit`.

        tokens, targets: int64 (rows, sequence_length), or more rows of shorter windows. factor multiplies the learning rate; scale the loss
        (faults). The verdict on the loss is made on the device, before the last backward pass, whose
        gradients it turns to NaN: every ZeRO stage drops a step whose gradient norm isn't finite, and keeps
        parameters and moments as they were.
        """
        self._set_rates(step, factor)
        total = torch.zeros((), device=self.device)
        for micro, (part, wanted) in enumerate(self._micro_batches(tokens, targets)):
            loss = self.deepspeed(part, wanted)
            if scale != 1.0:
                loss = loss * scale
            total += loss.detach() / self.accumulation
            if micro + 1 == self.accumulation:
                self._average(total)
                healthy = torch.isfinite(total) & (total <= limit)
                loss = loss * torch.where(healthy, 1.0, math.nan)
            self.deepspeed.backward(loss)
            self.deepspeed.step()
        norm = self.deepspeed.get_global_grad_norm()
        return Outcome(float(total), float(norm), self.deepspeed.was_step_applied())

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """The mean loss (0-d) of the global batch of which these are the rank's rows; nothing is learned."""
        # With gradients on, though unused, the graph that training has compiled serves here, too. ZeRO-3's
        # hooks count forward against backward passes, so there (where nothing is compiled) they are off.
        total = torch.zeros((), device=self.device)
        with torch.set_grad_enabled(self.stage < 3):
            for part, wanted in self._micro_batches(tokens, targets):
                total += self.deepspeed.module(part, wanted).detach() / self.accumulation
        return self._average(total)

    @contextlib.contextmanager
    def whole_weights(self) -> Iterator[tuple[Transformer, dict[str, Tensor]]]:
        """The model and its state dict, whole, as long as this is open; all ranks open it together."""
        import deepspeed

        module = self.deepspeed.module.model
        parameters = list(module.parameters()) if self.stage == 3 else []
        with deepspeed.zero.GatheredParameters(parameters, enabled=bool(parameters)):
            yield module, module.state_dict()

    def _set_rates(self, step: int, factor: float) -> None:
        share = rate(self.config.schedule, step, self.config.total_steps) * factor
        for group, peak in zip(self.deepspeed.basic_optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * share

    def learning_rate(self) -> float:
        """AdamW's rate of the last step."""
        return float(self.deepspeed.basic_optimizer.param_groups[-1]["lr"])

    def _micro_batches(self, tokens: Tensor, targets: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        size = len(tokens) // self.accumulation
        for start in range(0, len(tokens), size):
            rows = slice(start, start + size)
            yield (
                tokens[rows].to(self.device, non_blocking=True),
                targets[rows].to(self.device, non_blocking=True),
            )

    def _average(self, value: Tensor) -> Tensor:
        if self.world_size > 1:
            dist.all_reduce(value)
            value /= self.world_size
        return value

    def _initialize(self, module: LossModule, optimizer: torch.optim.Optimizer) -> Any:
        import deepspeed

        bucket = min(1 << 27, max(1 << 16, self.parameters))
        settings = {
            "train_micro_batch_size_per_gpu": self.micro_batch,
            "gradient_accumulation_steps": self.accumulation,
            "gradient_clipping": self.config.clip if self.stage else 0.0,
            "zero_optimization": {
                "stage": self.stage,
                "reduce_bucket_size": bucket,
                "allgather_bucket_size": bucket,
                "overlap_comm": self.device.type == "cuda" and self.stage > 0,
            },
            "data_types": {"grad_accum_dtype": "fp32"},
            "communication_data_type": "fp32",
            "steps_per_print": None,
        }
        return deepspeed.initialize(model=module, optimizer=optimizer, config=settings)[0]

    def _compile(self) -> tuple[bool, str]:
        """Whether the module was compiled, and why not."""
        if not self.config.compile:
            return False, "compile is off"
        if self.stage == 3:
            return False, "at ZeRO 3 DeepSpeed's hooks break the graph at every module"
        if self.device.type == "cpu" and not any(
            map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++"))
        ):
            return False, "no C++ compiler found: install g++ to train two to four times as fast"
        # Block by block: all blocks share one compilation, in a quarter of the time that the whole model
        # takes, and the loss, sliced by hand, gains nothing from it.
        for block in self.deepspeed.module.model.blocks:
            block.compile(dynamic=False)  # the few shapes that there are, each at its best
        return True, ""
