"""One node of the DAG: run or reused, shard by shard, and committed."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.provenance import git_state, host, now, without_secrets
from flows.run.prepare import Prepared, shard_fingerprint
from flows.store import FORMAT, MANIFEST, Miss, Store, digest, link, output_of, seal, source_closure
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
        return _Making(prepared, store, work / prepared.node, mapper, force).artifact(on_progress), False


@dataclass(frozen=True)
class _Making:
    """One node that is being made, in the folder `work`."""

    prepared: Prepared
    store: Store
    work: Path
    mapper: Mapper
    force: bool

    @property
    def node(self) -> str:
        return self.prepared.node

    def artifact(self, on_progress: Callable[[int, int], None] | None) -> dict[str, Any]:
        """Runs its shards, or finds them, then its `finish`; commits what they left, and returns the manifest."""
        start, clock = now(), time.monotonic()
        shutil.rmtree(self.work, ignore_errors=True)
        staged, finished = self.work / "artifact", self.work / "finish"
        for folder in (staged, finished):
            folder.mkdir(parents=True)
        if self.prepared.says("RESUMABLE", False):
            staged = self._long_lived()
            records, folders = [self._resume(staged)], [staged]
        else:
            records = self._run_shards(on_progress)
            folders = [self.store.shard(self.node, record["fingerprint"]) for record in records]
        pairs = zip(records, folders, strict=True)
        results = [ShardResult(record["metrics"], str(folder)) for record, folder in pairs]
        job = (self.node, self.prepared.shards, results, str(finished))
        [(metrics, seconds)] = self.mapper(finish_node, [job])
        seconds += sum(record["cpu_seconds"] for record in records if not record["reused"])
        files = self._gather(records, staged, finished)
        taken = {"seconds": round(time.monotonic() - clock, 3), "cpu_seconds": round(seconds, 3)}
        manifest = self._manifest(records, files, metrics, {"start": start, **taken})
        self.store.commit_artifact(self.node, self.prepared.fingerprint, staged, manifest, replace=self.force)
        return manifest

    def _run_shards(self, on_progress: Callable[[int, int], None] | None) -> list[dict[str, Any]]:
        shards = self.prepared.shards
        fingerprints = [shard_fingerprint(self.prepared, shard) for shard in shards]
        records: dict[str, dict[str, Any]] = {}
        waiting = {}
        for shard, fingerprint in zip(shards, fingerprints, strict=True):
            found = Miss("forced") if self.force else self.store.lookup_shard(self.node, fingerprint)
            if isinstance(found, Miss):
                root, out = str(self.store.root), str(self.work / fingerprint)
                waiting[fingerprint] = (self.node, shard, fingerprint, root, out, not self.force)
            else:
                records[fingerprint] = {**found, "reused": True}
        if on_progress:
            on_progress(len(records), len(shards))
        for record in self.mapper(run_shard, list(waiting.values())):
            records[record["fingerprint"]] = {**record, "reused": False}
        return [
            {**records[fingerprint], "key": shard.key}
            for shard, fingerprint in zip(shards, fingerprints, strict=True)
        ]

    def _long_lived(self) -> Path:
        """The folder that outlives a crash: the artifact's own, or one beside it while a whole artifact stands there."""
        folder = self.store.artifact(self.node, self.prepared.fingerprint)
        if (folder / MANIFEST).exists():
            folder = folder.with_name(folder.name + ".attempt")
        elif self.force:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.rglob("*"):  # a crash between sealing and the manifest leaves files read-only
            if path.is_file() and not path.is_symlink():
                path.chmod(0o644)
        return folder

    def _resume(self, folder: Path) -> dict[str, Any]:
        [shard] = self.prepared.shards
        [record] = self.mapper(process_shard, [(self.node, shard, str(folder))])
        return {
            **record,
            "fingerprint": shard_fingerprint(self.prepared, shard),
            "reused": False,
            "files": [],
        }

    def _gather(
        self, records: Sequence[Mapping[str, Any]], staged: Path, finished: Path
    ) -> list[dict[str, Any]]:
        """The artifact's list of files: links to those of shards, and what `finish` wrote, moved in among them."""
        files = []
        for record in records:
            for entry in record["files"]:
                place = self._place(record["key"], entry["path"])
                link(self.store.shard(self.node, record["fingerprint"]) / entry["path"], staged / place)
                shard = {"shard": record["key"]} if place != entry["path"] else {}
                files.append({**entry, "path": place, "output": output_of(place), **shard})
        taken = {entry["path"] for entry in files}
        for path in sorted(item for item in finished.rglob("*") if item.is_file()):
            target = staged / path.relative_to(finished)
            if target.relative_to(staged).as_posix() in taken:
                raise StageError(f"{self.node}: two files want to be {path.relative_to(finished)}")
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(path, target)
        return files + seal(staged, skip={MANIFEST, *taken}, volatile=self.prepared.says("VOLATILE", ()))

    def _place(self, key: str, path: str) -> str:
        """Where a shard's file stands in the artifact (the rule is in tasks/node.py)."""
        if "/" in path or self.prepared.says("SINGLE", False):
            return path
        name, dot, extension = path.partition(".")
        return f"{name}/{key}{dot}{extension}"

    def _manifest(
        self,
        records: Sequence[Mapping[str, Any]],
        files: Sequence[Mapping[str, Any]],
        metrics: Metrics,
        timing: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Everything about an artifact: what it is made of, by which code, from what, where, how long."""
        prepared = self.prepared
        kept = ("key", "fingerprint", "reused", "seconds", "cpu_seconds", "metrics")
        seed = getattr(prepared.config, "seed", None)
        return {
            "format": FORMAT,
            "node": self.node,
            "stage": stage_of(self.node),
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


def run_shard(
    node: str, shard: Shard, fingerprint: str, store_root: str, out: str, reuse: bool = False
) -> dict[str, Any]:
    """Runs one shard in this process and commits it; returns its record. What a task of any engine calls.

    reuse: whether a shard that is in the store by now will do: a batch that is tried again, because one of its shards
        failed, works on those only that aren't done.
    """
    if reuse and not isinstance(found := Store(Path(store_root)).lookup_shard(node, fingerprint), Miss):
        return found
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        record, volatile = process_shard(node, shard, out), getattr(load(node), "VOLATILE", ())
        return Store(Path(store_root)).commit_shard(node, fingerprint, folder, record, volatile)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def process_shard(node: str, shard: Shard, out: str) -> dict[str, Any]:
    """Runs one shard in this process, of a resumable node in its long-lived folder; what is to be said of it."""
    module, clock, cpu = load(node), time.monotonic(), _cpu_seconds()
    result: ShardResult = module.process(shard, Path(out))
    return {
        "key": shard.key,
        "metrics": result.metrics,
        "seconds": round(time.monotonic() - clock, 3),
        "cpu_seconds": round(_cpu_seconds() - cpu, 3),
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


def _outputs(files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    for entry in files:
        one = outputs.setdefault(entry["output"], {"files": 0, "bytes": 0, "content": []})
        one["files"] += 1
        one["bytes"] += entry["size"]
        one["content"].append([entry["output"] if entry.get("shard") else entry["path"], entry["digest"]])
    return {name: {"digest": digest(one.pop("content")), **one} for name, one in sorted(outputs.items())}


def _cpu_seconds() -> float:
    spent = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)
