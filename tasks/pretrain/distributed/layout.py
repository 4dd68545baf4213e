"""Where a run computes and how it is divided: device, dtype, processes, ZeRO stage, micro-batches. Without
torch, so
that planning can ask."""

from __future__ import annotations

import os
import re
from importlib import metadata
from pathlib import Path

from tasks.errors import ConfigError
from tasks.pretrain.config import RunConfig

MICRO_BATCH_TOKENS = {"cpu": 4096, "cuda": 32768}


def gpus() -> int:
    """NVIDIA GPUs that an installed torch could use: 0 with a CPU build of torch."""
    if "+cpu" in metadata.version("torch"):
        return 0
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name.strip() not in ("", "-1")])
    return len([path for path in Path("/dev").glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)])


def choose_device(config: RunConfig) -> str:
    """cpu or cuda. ConfigError if cuda is asked for and there is none."""
    if config.device == "cuda" and not gpus():
        raise ConfigError("pretrain.device: cuda, but there is no NVIDIA GPU here, or torch is a CPU build")
    if config.device == "auto":
        return "cuda" if gpus() else "cpu"
    return config.device


def choose_dtype(config: RunConfig, device: str) -> str:
    """fp32 or bf16. auto: bf16 where it is fast: on a GPU, or a CPU that multiplies it (AMX, AVX-512 BF16).

    Measured with AVX-512 BF16: 1.6 times the tokens a second of fp32; without such instructions bf16 is slower.
    """
    if config.dtype != "auto":
        return config.dtype
    if device == "cuda":
        return "bf16"
    processor = Path("/proc/cpuinfo")
    flags = set(processor.read_text().split()) if processor.exists() else set()
    return "bf16" if flags & {"amx_bf16", "avx512_bf16"} else "fp32"


def choose_processes(config: RunConfig, device: str) -> int:
    """How many processes train: one per GPU, or one on a CPU, unless the config says."""
    return config.processes or (gpus() if device == "cuda" else 1)


def choose_threads(config: RunConfig, processes: int) -> int:
    """Threads of each process: its share of the cores that we may use."""
    return config.threads or max(1, len(os.sched_getaffinity(0)) // processes)


def choose_stage(requested: str | int, optimizer: str, world_size: int) -> int:
    """The ZeRO stage: the requested one, or 0 for one process or Muon, else 2.

    ConfigError for Muon at stage 1 and up: it orthogonalises whole matrices, and ZeRO hands each rank a
    slice.
    """
    if requested == "auto":
        return 0 if world_size == 1 or optimizer == "muon" else 2
    if optimizer == "muon" and requested != 0:
        raise ConfigError(
            f"pretrain.zero_stage: {requested} partitions the parameters, and pretrain.optimizer.name: muon "
            "needs whole matrices. Set zero_stage to 0 or auto, or optimizer.name to adamw"
        )
    return int(requested)


def choose_micro_batch(config: RunConfig, world_size: int, device: str) -> int:
    """Sequences that a rank computes at a time: the requested number, or what fits MICRO_BATCH_TOKENS.

    ConfigError where the global batch can't be divided so.
    """
    if config.batch_size % world_size:
        raise ConfigError(
            f"pretrain.batch_size: {config.batch_size} sequences don't divide among {world_size} processes"
        )
    share = config.batch_size // world_size
    if config.micro_batch_size is None:
        most = max(1, MICRO_BATCH_TOKENS[device] // config.sequence_length)
        return max(size for size in range(1, min(share, most) + 1) if share % size == 0)
    if share % config.micro_batch_size:
        raise ConfigError(
            f"pretrain.micro_batch_size: {config.micro_batch_size} doesn't divide the {share} sequences of a "
            f"process (batch_size {config.batch_size}, {world_size} processes)"
        )
    return config.micro_batch_size
