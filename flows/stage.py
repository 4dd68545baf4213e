"""One node of the DAG: what it is keyed on, and run or reuse."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from flows.fingerprint import FileDigests, digest, package_version, source_closure
from flows.store import Miss, Store, link, output_of, seal
from tasks.errors import StageError
from tasks.node import Config, Input, Metrics, Shard, ShardResult
from tasks.nodes import load, stage_of

# Runs a function on every argument tuple, in processes, and returns the values in order.
Mapper = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Any]]


class StoreInputs:
    """What a node's `partition` sees: upstream outputs, and external files by content."""

    def __init__(
        self, store: Store, root: Path, files: FileDigests, upstream: Mapping[str, Mapping[str, Any]]
    ):
        self._store, self._root, self._files, self._upstream = store, root, files, upstream

    def __getitem__(self, name: str) -> list[Input]:
        node, output = name.split("/", 1)
        manifest = self._upstream[node]
        folder = self._store.artifact(node, manifest["fingerprint"])
        found = []
        for entry in manifest["files"]:
            if entry["output"] == output:
                # A shard's key is where it lies, not what it is; a file in a folder is known by its path.
                name = output if entry.get("shard") else entry["path"]
                found.append(Input(name, str(folder / entry["path"]), entry["digest"]))
        if not found:
            raise StageError(f"{node} left no output {output!r}")
        return found

    def resolve(self, path: str) -> Path:
        return self._root / Path(path).expanduser()

    def file(self, path: Path, name: str) -> Input:
        return Input(name, str(path), self._files.digest(path))


@dataclass(frozen=True)
class Prepared:
    """A node with its inputs known: its shards and its fingerprint, and nothing run yet."""

    node: str
    config: Config
    shards: list[Shard]
    payload: dict[str, Any]
    fingerprint: str
    inputs: dict[str, Any]

    @property
    def module(self) -> ModuleType:
        return load(self.node)


def prepare(
    node: str, config: Config, inputs: StoreInputs, upstream: Mapping[str, Mapping[str, Any]]
) -> Prepared:
    """Partitions a node's input and computes its fingerprint; cheap, reads no data but unknown external files."""
    module = load(node)
    shards = module.partition(config, inputs)
    if not shards:
        raise StageError(f"{node}: there is nothing to work on")
    if getattr(module, "SINGLE", False) and len(shards) != 1:
        raise StageError(f"{node}: is one job but made {len(shards)} shards")
    keys = [shard.key for shard in shards]
    if len(set(keys)) != len(keys):
        raise StageError(f"{node}: its shards' keys repeat: {keys[:5]} ...")
    roles: dict[str, list[list[str]]] = {}
    for shard in shards:
        for role, files in shard.inputs.items():
            roles.setdefault(role, []).extend([file.name, file.digest] for file in files)
    payload = {
        **_code_identity(node, module),
        "config": dict(shards[0].config) if getattr(module, "SINGLE", False) else config.identity(),
        "inputs": {role: digest(files) for role, files in roles.items()},
    }
    read = {}
    for name in module.INPUTS:
        source, output = name.split("/", 1)
        manifest = upstream[source]
        read[name] = {"fingerprint": manifest["fingerprint"], "digest": manifest["outputs"][output]["digest"]}
    return Prepared(node, config, shards, payload, digest(payload), read)


def _code_identity(node: str, module: ModuleType) -> dict[str, Any]:
    return {
        "node": node,
        "version": module.VERSION,
        "packages": {name: package_version(name) for name in module.PACKAGES},
    }


def shard_fingerprint(prepared: Prepared, shard: Shard) -> str:
    """A shard's own identity: its configuration, its inputs, its node's version and packages."""
    return digest(
        {
            **_code_identity(prepared.node, prepared.module),
            "config": dict(shard.config),
            "inputs": {
                role: [[file.name, file.digest] for file in files] for role, files in shard.inputs.items()
            },
        }
    )


def run_node(
    prepared: Prepared,
    store: Store,
    work: Path,
    mapper: Mapper,
    *,
    force: bool = False,
    on_wait: Callable[[str], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Any], bool]:
    """Makes a node's artifact or finds it: (manifest, whether it was reused).

    One of several runs works, the others wait for its lock and then reuse what it made.
    """
    with store.lock(prepared.node, prepared.fingerprint, on_wait=on_wait):
        found = store.lookup(prepared.node, prepared.fingerprint)
        if not force and not isinstance(found, Miss):
            return found, True
        manifest = _make(prepared, store, work / prepared.node, mapper, force, on_progress)
        return manifest, False


def _make(
    prepared: Prepared,
    store: Store,
    work: Path,
    mapper: Mapper,
    force: bool,
    on_progress: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    start, clock = _now(), time.monotonic()
    resumable = getattr(prepared.module, "RESUMABLE", False)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if resumable:
        staged = _long_lived(prepared, store, force)
        records = [_run_resumable(prepared, staged, mapper)]
    else:
        records = _run_shards(prepared, store, work, mapper, force, on_progress)
        staged = work / "artifact"
        staged.mkdir()
        _link_shards(prepared, store, records, staged)
    results = [
        ShardResult(
            record["metrics"], str(staged if resumable else store.shard(prepared.node, record["fingerprint"]))
        )
        for record in records
    ]
    finished = work / "finish"
    finished.mkdir()
    [(metrics, seconds)] = mapper(finish_node, [(prepared.node, prepared.shards, results, str(finished))])
    files = _collect(prepared, store, records, staged, finished, resumable)
    manifest = {
        "format": 1,
        "node": prepared.node,
        "stage": stage_of(prepared.node),
        "fingerprint": prepared.fingerprint,
        "payload": prepared.payload,
        "config": prepared.config.model_dump(mode="json"),
        "inputs": prepared.inputs,
        "outputs": _outputs(files),
        "files": files,
        "shards": [
            {
                name: record[name]
                for name in ("key", "fingerprint", "reused", "seconds", "cpu_seconds", "metrics")
            }
            for record in records
        ],
        "metrics": metrics,
        "seeds": {"seed": seed} if (seed := getattr(prepared.config, "seed", None)) is not None else {},
        "events": [],
        "closure": source_closure(str(prepared.module.__file__)),
        "git": git_state(),
        "argv": sys.argv,
        "host": host(),
        "start": start,
        "end": _now(),
        "seconds": round(time.monotonic() - clock, 3),
        "cpu_seconds": round(
            seconds + sum(record["cpu_seconds"] for record in records if not record["reused"]), 3
        ),
    }
    store.commit_artifact(prepared.node, prepared.fingerprint, staged, manifest, replace=force)
    return manifest


def _run_shards(
    prepared: Prepared,
    store: Store,
    work: Path,
    mapper: Mapper,
    force: bool,
    on_progress: Callable[[int, int], None] | None,
) -> list[dict[str, Any]]:
    fingerprints = [shard_fingerprint(prepared, shard) for shard in prepared.shards]
    records: dict[str, dict[str, Any]] = {}
    waiting = []
    for shard, fingerprint in zip(prepared.shards, fingerprints, strict=True):
        found: dict[str, Any] | Miss = (
            Miss("forced") if force else store.lookup_shard(prepared.node, fingerprint)
        )
        if isinstance(found, Miss):
            waiting.append((prepared.node, shard, fingerprint, str(store.root), str(work / fingerprint)))
        else:
            records[fingerprint] = {**found, "reused": True}
    if on_progress:
        on_progress(len(records), len(prepared.shards))
    unique = list({job[2]: job for job in waiting}.values())
    for record in mapper(run_shard, unique):
        records[record["fingerprint"]] = {**record, "reused": False}
    return [
        {**records[fingerprint], "key": shard.key}
        for shard, fingerprint in zip(prepared.shards, fingerprints, strict=True)
    ]


def run_shard(node: str, shard: Shard, fingerprint: str, store_root: str, out: str) -> dict[str, Any]:
    """Runs one shard in this process and commits it; returns its record. What a task of any engine calls."""
    module, folder = load(node), Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    clock, cpu = time.monotonic(), _cpu_seconds()
    try:
        result: ShardResult = module.process(shard, folder)
        record = {
            "key": shard.key,
            "metrics": result.metrics,
            "seconds": round(time.monotonic() - clock, 3),
            "cpu_seconds": round(_cpu_seconds() - cpu, 3),
        }
        return Store(Path(store_root)).commit_shard(
            node, fingerprint, folder, record, getattr(module, "VOLATILE", ())
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def run_resumable(node: str, shard: Shard, out: str) -> dict[str, Any]:
    """Runs the one shard of a resumable node in its long-lived folder."""
    module, clock, cpu = load(node), time.monotonic(), _cpu_seconds()
    result: ShardResult = module.process(shard, Path(out))
    return {
        "key": shard.key,
        "metrics": result.metrics,
        "seconds": round(time.monotonic() - clock, 3),
        "cpu_seconds": round(_cpu_seconds() - cpu, 3),
        "reused": False,
    }


def finish_node(
    node: str, shards: list[Shard], results: list[ShardResult], out: str
) -> tuple[Metrics, float]:
    """Runs a node's `finish`; returns its metrics and CPU seconds."""
    cpu = _cpu_seconds()
    return load(node).finish(shards, results, Path(out)), _cpu_seconds() - cpu


def _long_lived(prepared: Prepared, store: Store, force: bool) -> Path:
    """The folder that outlives a crash: the artifact's own, or one beside it while a whole artifact stands there."""
    folder = store.artifact(prepared.node, prepared.fingerprint)
    if (folder / "manifest.json").exists():
        folder = folder.with_name(folder.name + ".attempt")
    elif force:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.rglob("*"):  # a crash between sealing and the manifest leaves files read-only
        if path.is_file() and not path.is_symlink():
            path.chmod(0o644)
    return folder


def _run_resumable(prepared: Prepared, folder: Path, mapper: Mapper) -> dict[str, Any]:
    shard = prepared.shards[0]
    [record] = mapper(run_resumable, [(prepared.node, shard, str(folder))])
    return {**record, "fingerprint": shard_fingerprint(prepared, shard)}


def _link_shards(
    prepared: Prepared, store: Store, records: Sequence[Mapping[str, Any]], staged: Path
) -> None:
    for record in records:
        folder = store.shard(prepared.node, record["fingerprint"])
        for entry in record["files"]:
            link(folder / entry["path"], staged / _place(prepared, record["key"], entry["path"]))


def _place(prepared: Prepared, key: str, path: str) -> str:
    """Where a shard's file stands in the artifact (the rule is in tasks/node.py)."""
    if "/" in path or getattr(prepared.module, "SINGLE", False):
        return path
    name, dot, extension = path.partition(".")
    return f"{name}/{key}{dot}{extension}"


def _collect(
    prepared: Prepared,
    store: Store,
    records: Sequence[Mapping[str, Any]],
    staged: Path,
    finished: Path,
    resumable: bool,
) -> list[dict[str, Any]]:
    """The artifact's list of files; moves what `finish` wrote in among them."""
    volatile = getattr(prepared.module, "VOLATILE", ())
    files: list[dict[str, Any]] = []
    for record in records if not resumable else []:
        single = getattr(prepared.module, "SINGLE", False)
        for entry in record["files"]:
            place = _place(prepared, record["key"], entry["path"])
            files.append(
                {
                    **entry,
                    "path": place,
                    "output": output_of(place),
                    **({} if single or "/" in entry["path"] else {"shard": record["key"]}),
                }
            )
    taken = {entry["path"] for entry in files}
    for path in sorted(item for item in finished.rglob("*") if item.is_file()):
        target = staged / path.relative_to(finished)
        if target.relative_to(staged).as_posix() in taken:
            raise StageError(f"{prepared.node}: two files want to be {path.relative_to(finished)}")
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(path, target)
    if resumable:
        return seal(staged, skip=["manifest.json"], volatile=volatile)
    return files + seal(staged, skip=taken, volatile=volatile)


def _outputs(files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    for entry in files:
        one = outputs.setdefault(entry["output"], {"files": 0, "bytes": 0, "content": []})
        one["files"] += 1
        one["bytes"] += entry["size"]
        one["content"].append([entry["output"] if entry.get("shard") else entry["path"], entry["digest"]])
    return {name: {"digest": digest(one.pop("content")), **one} for name, one in sorted(outputs.items())}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def _cpu_seconds() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


@cache
def host() -> dict[str, Any]:
    """Where a run happens, as far as it helps to read its figures."""
    return {
        "name": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
    }


@cache
def git_state() -> dict[str, Any] | None:
    """Commit and dirtiness of the code's checkout; None where there is none."""
    here = Path(__file__).parent
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, timeout=10
        )
        state = subprocess.run(
            ["git", "status", "--porcelain"], cwd=here, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (
        {"commit": commit.stdout.strip(), "dirty": bool(state.stdout.strip())}
        if commit.returncode == 0
        else None
    )
