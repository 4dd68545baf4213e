"""One node of the DAG: run or reused, shard by shard, and committed."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.provenance import git_state, host, now, without_secrets
from flows.run.prepare import Prepared, shard_fingerprint
from flows.store import FORMAT, Miss, Store, digest, link, output_of, seal, source_closure
from tasks.errors import StageError
from tasks.node import Metrics, Shard, ShardResult, merge_metrics
from tasks.nodes import load, stage_of

# Runs a function on every argument tuple, in processes, and returns the values in order.
Mapper = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Any]]


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
    start, clock = now(), time.monotonic()
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
    seconds += sum(record["cpu_seconds"] for record in records if not record["reused"])
    files = _collect(prepared, store, records, staged, finished, resumable)
    timing = {"start": start, "seconds": round(time.monotonic() - clock, 3), "cpu_seconds": round(seconds, 3)}
    manifest = _manifest(prepared, records, files, metrics, timing)
    store.commit_artifact(prepared.node, prepared.fingerprint, staged, manifest, replace=force)
    return manifest


def _manifest(
    prepared: Prepared,
    records: Sequence[Mapping[str, Any]],
    files: Sequence[Mapping[str, Any]],
    metrics: Metrics,
    timing: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything about an artifact: what it is made of, by which code, from what, where, how long."""
    kept = ("key", "fingerprint", "reused", "seconds", "cpu_seconds", "metrics")
    seed = getattr(prepared.config, "seed", None)
    return {
        "format": FORMAT,
        "node": prepared.node,
        "stage": stage_of(prepared.node),
        "fingerprint": prepared.fingerprint,
        "payload": prepared.payload,
        "config": without_secrets(prepared.config.model_dump(mode="json")),
        "inputs": prepared.inputs,
        "outputs": _outputs(files),
        "files": files,
        "shards": [{name: record[name] for name in kept} for record in records],
        "metrics": metrics,
        "seeds": {} if seed is None else {"seed": seed},
        "events": [],
        "closure": source_closure(str(prepared.module.__file__)),
        "git": git_state(),
        "argv": without_secrets(sys.argv),
        "host": host(),
        **timing,
        "end": now(),
    }


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
            out = str(work / fingerprint)
            waiting.append((prepared.node, shard, fingerprint, str(store.root), out, not force))
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


def run_shard(
    node: str, shard: Shard, fingerprint: str, store_root: str, out: str, reuse: bool = False
) -> dict[str, Any]:
    """Runs one shard in this process and commits it; returns its record. What a task of any engine calls.

    reuse: whether a shard that is in the store by now will do: a batch that is tried again, because one of its shards
        failed, works on those only that aren't done.
    """
    if reuse and not isinstance(found := Store(Path(store_root)).lookup_shard(node, fingerprint), Miss):
        return found
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
    """Runs a node's `finish`, if it has one; returns its metrics and CPU seconds."""
    cpu = _cpu_seconds()
    finish = getattr(load(node), "finish", None)
    if finish is None:
        return merge_metrics(result.metrics for result in results), _cpu_seconds() - cpu
    return finish(shards, results, Path(out)), _cpu_seconds() - cpu


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


def _cpu_seconds() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total
