"""Committed checkpoints: a folder is a checkpoint when its manifest says so and everything that it lists is
there.

    checkpoints/step-00000100/manifest.json, rank-00000.pt, and DeepSpeed's files

All ranks write into a temporary folder; then rank 0 syncs it, writes the manifest (sizes, sha256), and
renames the folder. A crash leaves a temporary folder, which the next save sweeps. (DeepSpeed's own `latest`
is written before the last shard may be there and without fsync; it isn't used.) Checkpoints are pickles:
load only your own.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from tasks.errors import StageError
from tasks.pretrain.distributed.engine import Engine

FORMAT = 1
MANIFEST = "manifest.json"
STATE = "smelt"  # our one key beside DeepSpeed's: others would be merged into its own
_NAME = re.compile(r"step-\d{8}")
_TEMPORARY = ".writing-"


@dataclass(frozen=True)
class Found:
    """A committed checkpoint whose files were checked."""

    path: Path
    step: int
    world_size: int
    zero_stage: int


@dataclass(frozen=True)
class Damage:
    """A folder that should be a checkpoint and isn't."""

    path: Path
    reason: str


def save(engine: Engine, folder: Path, step: int, state: dict[str, Any], identity: str) -> Path:
    """Commit a checkpoint of all ranks. state: plain values, the same on every rank.

    Called by all ranks; returns, on all of them, when it is on disk. An older one of the same step is
    replaced.
    """
    final = folder / f"step-{step:08d}"
    writing = folder / f"{_TEMPORARY}{final.name}"
    if engine.rank == 0:
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(f"{_TEMPORARY}*"):
            shutil.rmtree(leftover)
        writing.mkdir()
    dist.barrier()
    engine.deepspeed.save_checkpoint(
        str(folder), tag=writing.name, client_state={STATE: state}, save_latest=False
    )
    torch.save(_random_state(), writing / f"rank-{engine.rank:05d}.pt")
    dist.barrier()
    if engine.rank == 0:
        manifest = {
            "format": FORMAT,
            "step": step,
            "world_size": engine.world_size,
            "zero_stage": engine.stage,
            "identity": identity,
            "files": [_describe(path, writing) for path in sorted(writing.rglob("*")) if path.is_file()],
        }
        (writing / MANIFEST).write_text(json.dumps(manifest, indent=2))
        _sync(writing / MANIFEST)
        _sync(writing)
        if final.exists():
            shutil.rmtree(final)
        os.replace(writing, final)
        _sync(folder)
    dist.barrier()
    return final


def load(engine: Engine, found: Found) -> dict[str, Any]:
    """Put the engine, and this rank's random generators, into the state of a checkpoint; returns its `state`.

    Called by all ranks. StageError if it was written by another number of processes at ZeRO 1 and up, or at
    another stage.
    """
    if found.zero_stage != engine.stage or (engine.stage > 0 and found.world_size != engine.world_size):
        raise StageError(
            f"the checkpoint {found.path} was written by {found.world_size} processes at ZeRO "
            f"{found.zero_stage}, and training runs with {engine.world_size} at ZeRO {engine.stage}: to go "
            f"on from it, set pretrain.processes to {found.world_size} and pretrain.zero_stage to "
            f"{found.zero_stage}; to start anew, remove {found.path.parent}"
        )
    loaded, client = engine.deepspeed.load_checkpoint(str(found.path.parent), tag=found.path.name)
    if loaded is None or Path(loaded).parent.name != found.path.name:
        raise StageError(f"DeepSpeed loaded {loaded} instead of the checkpoint {found.path}")
    own = found.path / f"rank-{engine.rank:05d}.pt"
    if own.exists():
        _restore_random_state(torch.load(own, weights_only=True))
    return client[STATE]


def newest(folder: Path, identity: str, *, up_to: int | None = None) -> tuple[Found | None, list[Damage]]:
    """The newest whole checkpoint of this identity, of at most `up_to` steps, and what was passed over."""
    damaged: list[Damage] = []
    for path in reversed(committed(folder)):
        if up_to is not None and _step(path) > up_to:
            continue
        try:
            return _check(path, identity), damaged
        except (OSError, ValueError, KeyError, TypeError) as error:
            damaged.append(Damage(path, str(error) or type(error).__name__))
    return None, damaged


def committed(folder: Path) -> list[Path]:
    """The folders that bear a checkpoint's name, oldest first; unchecked."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def prune(folder: Path, keep: int, healthy: int) -> None:
    """Remove all but the newest `keep` and the newest of at most `healthy` steps, a rollback's target."""
    paths = committed(folder)
    targets = [path for path in paths if _step(path) <= healthy]
    for path in set(paths) - set(paths[-keep:]) - set(targets[-1:]):
        shutil.rmtree(path)


def discard_after(folder: Path, step: int) -> None:
    """Remove the checkpoints of later steps: they hold what a rollback gives up."""
    for path in committed(folder):
        if _step(path) > step:
            shutil.rmtree(path)


def _step(path: Path) -> int:
    return int(path.name.removeprefix("step-"))


def _check(path: Path, identity: str) -> Found:
    manifest = json.loads((path / MANIFEST).read_text())
    if manifest["format"] != FORMAT:
        raise ValueError(f"format {manifest['format']}, not {FORMAT}")
    if manifest["identity"] != identity:
        raise ValueError("made from other data or configuration")
    for entry in manifest["files"]:
        size = (path / entry["path"]).stat().st_size
        if size != entry["size"]:
            raise ValueError(f"{entry['path']} has {size} bytes, not {entry['size']}")
    for entry in manifest["files"]:
        if _digest(path / entry["path"]) != entry["sha256"]:
            raise ValueError(f"{entry['path']} doesn't have its sha256")
    return Found(path, manifest["step"], manifest["world_size"], manifest["zero_stage"])


def _describe(path: Path, folder: Path) -> dict[str, Any]:
    _sync(path)
    return {"path": str(path.relative_to(folder)), "size": path.stat().st_size, "sha256": _digest(path)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _random_state() -> dict[str, Any]:
    """This rank's generators, in types that `torch.load(weights_only=True)` takes."""
    name, keys, *rest = np.random.get_state()
    version, internal, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
        "numpy": [name, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "python": [version, list(internal), gauss],
    }


def _restore_random_state(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
