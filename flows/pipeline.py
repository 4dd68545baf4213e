"""The Prefect flows: one per stage, and the one that chains them.

Prefect sees every stage as a flow run, every batch of shards as a task run, reused stages as Completed("Cached"),
and gets a table of the funnel and a page per stage as artifacts. What is cached, locked and resumed is the
store's business (flows/store/store.py), so Prefect's own result cache is off.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, State
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff
from prefect.utilities.annotations import quote

from flows.run import (
    RunContext,
    Selection,
    batches,
    funnel_table,
    is_transient,
    open_run,
    run_jobs,
    stage_markdown,
)
from tasks.nodes import load, stages

log = logging.getLogger("smelt")


def _retry(_task: Any, _run: Any, state: State[Any]) -> bool:
    return is_transient(state.result(raise_on_failure=False))


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=_retry,
)
def run_batch(engine: Any, node: str, function: Any, jobs: Any) -> Any:
    """A batch of a node's jobs; the caller quotes its arguments, so that Prefect doesn't look into them."""
    return run_jobs(engine, node, function, jobs)


def _mapper(run: RunContext, node: str) -> Callable[..., list[Any]]:
    """How a node's functions are mapped over its shards: as Prefect task runs of this stage's flow."""
    retries = run.settings.pipeline.execution.retries

    def mapper(function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
        parts = batches(jobs, function, run.engine.workers)
        what = {"run_shard": node, "process_shard": node}.get(function.__name__, f"{node} finish")
        futures = [
            run_batch.with_options(
                retries=retries, name=node, task_run_name=f"{what} {n + 1} of {len(parts)}"
            ).submit(quote(run.engine), node, quote(function), quote(part))
            for n, part in enumerate(parts)
        ]
        return [value for future in futures for value in future.result()]

    return mapper


def _stage_flow(stage: str) -> Any:
    nodes = stages()[stage]
    runner: Any = ThreadPoolTaskRunner(max_workers=64)  # threads only wait for the engine's processes

    @flow(name=stage, persist_result=False, validate_parameters=False, task_runner=runner)
    def run_stage(
        file: str = "pipeline.yaml",
        overrides: Sequence[str] = (),
        force: bool = False,
        run_id: str | None = None,
    ) -> Any:
        selection = Selection(only=stage, force={stage} if force else ())
        with open_run(file, overrides, selection=selection, run_id=run_id) as run:
            if not load(nodes[0]).INPUTS:  # reads sources
                run.build_sample()
            results = [run.run(node, force, _mapper(run, node)) for node in nodes if run.settings.wants(node)]
            manifest = results[-1][0]
            told = f"{stage}: what it took and left"
            text = stage_markdown(manifest)
            _artifact(create_markdown_artifact, markdown=text, key=stage, description=told)
            if all(reused for _, reused in results):
                return Completed(name="Cached", message=f"reused {manifest['fingerprint'][:12]}")
            return Completed(message=f"made {manifest['fingerprint'][:12]}")

    run_stage.__doc__ = f"The stage {stage}: {', '.join(nodes)}."
    return run_stage


STAGES = {stage: _stage_flow(stage) for stage in stages()}


@flow(name="smelt", persist_result=False, validate_parameters=False)
def pipeline(
    file: str = "pipeline.yaml",
    overrides: Sequence[str] = (),
    only: str | None = None,
    first: str | None = None,
    last: str | None = None,
    force: Sequence[str] = (),
    run_id: str | None = None,
) -> Any:
    """The whole DAG, or a part of it: each selected stage in turn, reused or run."""
    selection = Selection(only=only, first=first, last=last, force=force)
    with open_run(file, overrides, selection=selection, run_id=run_id) as run:
        cached = []
        for stage in selection.stages:
            state = STAGES[stage](file, list(overrides), stage in selection.force, run.id, return_state=True)
            if not state.is_completed():
                error = state.result(raise_on_failure=False)
                run.error = error if isinstance(error, BaseException) else RuntimeError(str(state.message))
                raise run.error
            cached.append(state.name == "Cached")
        told, rows = "Documents and bytes, stage by stage", funnel_table(list(run.manifests.values()))
        _artifact(create_table_artifact, table=rows, key="funnel", description=told)
        return Completed(name="Cached" if all(cached) else None, message=f"run {run.id}")


def _artifact(create: Callable[..., Any], **content: Any) -> None:
    """A UI artifact is an extra: one that fails is logged and fails nothing."""
    try:
        create(**content)
    except Exception as error:
        log.warning("Prefect took no artifact %r: %s", content["key"], error)


def flush_logs() -> None:
    """Waits until Prefect's API has every log record and event, and sends no more: its server may stop now."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogHandler, APILogWorker

    for handler in list(log.handlers):
        if isinstance(handler, APILogHandler):
            log.removeHandler(handler)
    APILogWorker.drain_all(timeout=10)
    EventsWorker.drain_all(timeout=10)
