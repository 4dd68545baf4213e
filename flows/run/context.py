"""One run in this process: its settings, store, engine and record, found by run id.

Prefect's flows carry only plain parameters (a file, overrides, a run id); the live objects are kept here, and made
anew where a flow starts by itself, as a deployment does.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flows.run.engine import LocalEngine
from flows.run.plan import Selection, Step, file_digests, make_plan, sample_is_built
from flows.run.prepare import Prepared, StoreInputs, prepare
from flows.run.record import RunRecord, new_run_id
from flows.run.stage import run_node, run_shard
from flows.settings import Settings, load_settings
from flows.store import Miss, Store
from tasks.errors import StageError
from tasks.kernels import compile_missing, needed
from tasks.nodes import load, stage_of

log = logging.getLogger("smelt")
_open: dict[str, RunContext] = {}


class RunContext:
    """What the flows of one run share."""

    def __init__(
        self, settings: Settings, steps: list[Step], id: str, argv: list[str], work: Path, engine: LocalEngine
    ):
        self.settings, self.id, self.work, self.engine = settings, id, work, engine
        self.store = Store(settings.store)
        self.record = RunRecord(self.store, id, settings, steps, argv)
        self.files = file_digests(self.store)
        self.manifests: dict[str, Mapping[str, Any]] = {}
        self.error: BaseException | None = None
        planned = [step.node for step in steps if step.action != "reuse"]
        names = [name for node in planned for name in needed(load(node), settings.configs[node])]
        self._kernels = list(dict.fromkeys(names))

    def prepare(self, node: str) -> Prepared:
        """A node with its inputs known; what lies upstream must be there."""
        for name in self.settings.upstream(node):
            if name not in self.manifests:
                self._reuse(name)
        inputs = StoreInputs(self.store, self.settings.root, self.files, self.manifests, online=True)
        prepared = prepare(node, self.settings.configs[node], inputs, self.manifests)
        self.files.save()
        return prepared

    def _reuse(self, node: str) -> None:
        prepared = self.prepare(node)
        found = self.store.lookup(node, prepared.fingerprint)
        if isinstance(found, Miss):
            raise StageError(
                f"{stage_of(node)} has nothing to reuse ({node}: {found.reason}) and isn't among the stages of "
                f"this run: run it first, or leave out --only/--from"
            )
        self.manifests[node] = found

    def build_sample(self) -> None:
        """Builds the sample corpus if the pipeline asks for one that isn't there."""
        folder = self.settings.sample
        if folder is not None and not sample_is_built(self.settings):
            from tasks.sample import build as sample

            log.info("building the sample corpus in %s", folder)
            start = time.monotonic()
            self.engine.run_alone(sample.build, (folder,))
            log.info("the sample corpus is there (%.0f s)", time.monotonic() - start)

    def compile_kernels(self) -> None:
        """Compiles what the nodes that are planned to run need and isn't there yet: once, not in every worker."""
        names, self._kernels = self._kernels, []
        compile_missing(names, self.engine.run_apart, lambda line: log.info("%-17s %s", "kernels", line))

    def run(self, node: str, force: bool, mapper: Callable[..., list[Any]]) -> tuple[Mapping[str, Any], bool]:
        """Runs or reuses one node; keeps the record and the log."""
        self.record.node(node, status="running")
        try:
            self.compile_kernels()
            prepared = self.prepare(node)
            self.record.node(node, fingerprint=prepared.fingerprint, shards=len(prepared.shards))
            hooks = {"on_wait": partial(_waits, node), "on_progress": partial(_starts, node)}
            manifest, reused = run_node(prepared, self.store, self.work, mapper, force=force, **hooks)
        except BaseException as error:
            status = "interrupted" if self.engine.stopped else "failed"
            self.record.node(node, status=status, error=str(error))
            raise
        self.manifests[node] = manifest
        shards = len(manifest["shards"])
        there = sum(bool(shard["reused"]) for shard in manifest["shards"])
        if reused:
            told = {"status": "reused", "action": "reuse", "seconds": 0.0, "shards_reused": shards}
            said = f"reused {prepared.fingerprint[:12]}"
        else:
            told = {"status": "done", "action": "run", "seconds": manifest["seconds"], "shards_reused": there}
            said = _made(manifest, there)
        self.record.node(node, shards=shards, **told)
        log.info("%-17s %s", node, said)
        for alarm in manifest["metrics"].get("alarms") or ():
            log.warning("%-17s %s", node, alarm)
        return manifest, reused


def _waits(node: str, owner: str) -> None:
    log.info("%s: waits for another run (process %s) that makes it", node, owner)


def _starts(node: str, done: int, total: int) -> None:
    """Says how much of a node is there already when it starts."""
    if total > 1:
        log.info("%-17s %s shards%s", node, total, f", {done} of them there already" if done else "")


def _made(manifest: Mapping[str, Any], shards_reused: int) -> str:
    metrics = manifest["metrics"]
    counts = ""
    if "documents_out" in metrics:
        counts = f"  {metrics.get('documents_in', 0):,} → {metrics['documents_out']:,} documents"
    reused = f", {shards_reused} of {len(manifest['shards'])} shards reused" if shards_reused else ""
    return f"done in {manifest['seconds']:.1f} s{reused}{counts}"


@contextlib.contextmanager
def open_run(
    file: str,
    overrides: Sequence[str] = (),
    *,
    selection: Selection | None = None,
    run_id: str | None = None,
    argv: list[str] | None = None,
) -> Iterator[RunContext]:
    """The run of that id if this process has it open, else a new one."""
    if run_id is not None and run_id in _open:
        yield _open[run_id]
        return
    settings = load_settings(Path(file), overrides)
    store = Store(settings.store)
    store.prepare()
    run_id = run_id or new_run_id()
    with store.workspace(run_id) as work, LocalEngine(settings.pipeline.execution.worker_count()) as engine:
        steps = make_plan(settings, selection or Selection())
        run = RunContext(settings, steps, run_id, argv or sys.argv, work, engine)
        _open[run_id] = run
        try:
            yield run
        except BaseException as error:
            run.error = run.error or error
            raise
        finally:
            del _open[run_id]
            status = "done" if run.error is None else "interrupted" if engine.stopped else "failed"
            run.record.close(status, None if run.error is None else str(run.error))


def run_jobs(
    engine: LocalEngine, node: str, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]
) -> list[Any]:
    """Runs jobs where their node wants them: in the shared pool, or alone with all cores."""
    if getattr(load(node), "EXCLUSIVE", False):
        return [engine.run_alone(function, job) for job in jobs]
    return engine.run(function, jobs)


def batches(
    jobs: Sequence[tuple[Any, ...]], function: Callable[..., Any], workers: int, most: int = 200
) -> list[Sequence[tuple[Any, ...]]]:
    """Cuts a node's shards into batches of like size: enough to keep the workers busy, at most `most` of them."""
    if function is not run_shard or len(jobs) <= 1:
        return [jobs] if jobs else []
    count = min(len(jobs), most, max(workers * 4, 1))
    return [jobs[n * len(jobs) // count : (n + 1) * len(jobs) // count] for n in range(count)]
