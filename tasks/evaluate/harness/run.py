"""lm-evaluation-harness as a library: our task files in, samples and scores with intervals out."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.benchmarks import BUILT_IN, Benchmark, data_files, data_source, load_task, task_file
from tasks.errors import SmeltError, StageError
from tasks.evaluate import confidence_intervals

if TYPE_CHECKING:
    from model import Transformer
    from tasks.evaluate.config import Config
    from tasks.evaluate.records import Evaluation, Hits
    from tasks.tokenize import Encoder

log = logging.getLogger(__name__)
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
QUIET = {"TQDM_DISABLE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}


def run_benchmarks(
    evaluation: Evaluation, model: Transformer, encoder: Encoder, config: Config, hits: Hits
) -> None:
    """Scores a model on benchmarks and puts scores, samples and counts into `evaluation`."""
    benchmarks, seed = config.benchmarks, config.seed
    local = all(data_source(item) or data_files(item) for item in benchmarks)
    with _environment(QUIET | (OFFLINE if local else {})), _quiet():
        from lm_eval import simple_evaluate

        from tasks.evaluate.harness import scoring
        from tasks.evaluate.harness.lm import SmeltLM

        scoring.sandbox_fault.cache_clear()
        token = scoring.TIMEOUT.set(config.sandbox.timeout)
        try:
            adapter = SmeltLM(model, encoder, batch_tokens=config.batch_tokens, seed=seed)
            tasks = {item.name: scored_task(item) for item in benchmarks}
            limits = {item.name: item.limit for item in benchmarks if item.limit is not None}
            samples = {name: evenly(len(tasks[name].eval_docs), limit) for name, limit in limits.items()}
            results = simple_evaluate(
                model=adapter,
                tasks=list(tasks.values()),
                samples=samples or None,
                bootstrap_iters=0,
                random_seed=seed,
                numpy_random_seed=seed,
                torch_random_seed=seed,
                fewshot_random_seed=seed,
                confirm_run_unsafe_code=True,
                task_manager=_manager(BUILT_IN),
            )
        finally:
            scoring.TIMEOUT.reset(token)
    for item in benchmarks:
        primary = _primary(load_task(task_file(item)))
        rows = sample_rows(item.name, primary, results["samples"][item.name], hits)
        aggregated = {
            key.split(",")[0]: value
            for key, value in results["results"][item.name].items()
            if isinstance(value, int | float) and "stderr" not in key and key != "sample_len"
        }
        evaluation.samples[item.name] = rows
        evaluation.scores["benchmarks"][item.name] = score(primary, rows, aggregated, seed)
    evaluation.metrics["truncated_prompts"] = dict(adapter.truncated)
    evaluation.metrics["generated_tokens"] = adapter.generated_tokens
    if scoring.sandbox_fault.cache_info().currsize:
        evaluation.metrics["sandbox"] = scoring.sandbox_fault() or "holds"


def scored_task(benchmark: Benchmark) -> Any:
    """The harness's task for a benchmark, with its data, its name and its number of worked examples.

    Raises StageError when its data can't be had, or its task file isn't one for the harness.
    """
    path = task_file(benchmark)
    own = load_task(path)
    options = dict(own.get("dataset_kwargs") or {})
    overrides: dict[str, Any] = {}
    source = data_source(benchmark)
    if source is not None:
        if not (own.get("metadata") or {}).get("layout"):
            raise StageError(
                f"benchmark {benchmark.name!r}: `data` is set, but {path} doesn't say "
                "in which layout it is (metadata.layout)"
            )
        options["data"] = str(source.absolute())
    elif "custom_dataset" in own:
        overrides["custom_dataset"] = None  # the hub's data set, as `dataset_path` names it
    if files := data_files(benchmark):
        options["data_files"] = files
    if options:
        overrides["dataset_kwargs"] = options
    if benchmark.num_fewshot is not None:
        overrides["num_fewshot"] = benchmark.num_fewshot
    try:
        from lm_eval.tasks._yaml_loader import load_yaml  # the one that resolves `!function`

        told = load_yaml(path) | overrides | {"task": benchmark.name}
        [task] = _manager(path.parent).load([told])["tasks"].values()
    except SmeltError:
        raise
    except Exception as error:  # the harness and `datasets` raise what their own libraries do
        from tasks.benchmarks import hub_error

        if source is None and not files:
            raise hub_error(str(own.get("dataset_path")), error) from error
        raise StageError(f"benchmark {benchmark.name!r}: {path} can't be loaded: {error}") from error
    return task


def _manager(folder: Path) -> Any:
    """The harness's task manager over a folder of task files, without the thousands that it brings."""
    from lm_eval.tasks import TaskManager

    return TaskManager(include_path=folder, include_defaults=False)


def evenly(count: int, limit: int) -> list[int]:
    """`limit` indices spread over `count` items, so that each part of a benchmark is represented.

    >>> evenly(10, 4), evenly(3, 5)
    ([0, 2, 5, 7], [0, 1, 2])
    """
    limit = min(count, limit)
    return [number * count // limit for number in range(limit)]


def _primary(task: Mapping[str, Any]) -> str:
    listed = task.get("metric_list")
    name = listed[0]["metric"] if listed else "acc"
    return name.rsplit(".", 1)[-1] if isinstance(name, str) else str(name)


def sample_rows(
    benchmark: str, primary: str, logged: Sequence[Mapping[str, Any]], hits: Hits
) -> list[dict[str, Any]]:
    """The records of samples/<benchmark>.parquet, from what the harness logged for each item."""
    rows = []
    first = logged[0]["filter"] if logged else None
    for entry in logged:
        if entry["filter"] != first:
            continue  # the same item judged by another filter
        item = str(entry["doc"].get("item", entry["doc_id"]))
        metrics = {name: _number(entry[name]) for name in entry["metrics"]}
        shared = {
            "benchmark": benchmark,
            "item": item,
            "prompt": str(entry["arguments"][0][0]),
            "contaminated": (benchmark, item) in hits,
            "metrics": json.dumps(metrics, sort_keys=True),
        }
        for number, answer in enumerate(_answers(entry, metrics.get(primary))):
            rows.append(shared | {"sample": number} | answer)
    return rows


def _answers(entry: Mapping[str, Any], value: float | None) -> list[dict[str, Any]]:
    """What one item got: a program's outcomes, a choice, or a text."""
    correct = None if value is None or value not in (0, 1) else bool(value)
    outcome = "not scored" if correct is None else "right" if correct else "wrong"
    target, responses = entry["target"], entry["filtered_resps"]
    first = responses[0]
    if isinstance(first, list) and first and isinstance(first[0], dict):
        right = {"not scored": None, "passed": True}
        return [
            {
                "target": str(target),
                "output": made["completion"],
                "correct": right.get(made["outcome"], False),
                "outcome": made["outcome"],
                "detail": made["detail"],
            }
            for made in first
        ]
    output = str(first)
    if isinstance(first, tuple | list):  # (log-likelihood, whether it is the likeliest) of each choice
        choices = [str(arguments[-1]).strip() for arguments in entry["arguments"]]
        output = choices[max(range(len(responses)), key=lambda index: float(responses[index][0]))]
        if isinstance(target, int) and target < len(choices):
            target = choices[target]
    elif entry.get("no_answer") == 1:
        outcome = "no answer"
    return [{"target": str(target), "output": output, "correct": correct, "outcome": outcome}]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None  # pairs that the harness aggregates itself
    return number if math.isfinite(number) else None


def score(
    primary: str, rows: Sequence[Mapping[str, Any]], aggregated: Mapping[str, float], seed: int
) -> dict[str, Any]:
    """The record of one benchmark in scores.json."""
    items = {row["item"]: row for row in rows}
    values = {item: json.loads(row["metrics"]).get(primary) for item, row in items.items()}
    scored = {item: value for item, value in values.items() if value is not None}
    outcomes = Counter(row["outcome"] for row in rows)
    finite = {name: value for name, value in aggregated.items() if math.isfinite(value)}
    clean = {item: value for item, value in scored.items() if not items[item]["contaminated"]}
    found: dict[str, Any] = {
        "metric": primary,
        **_estimate(list(scored.values()), seed),
        "items": len(items),
        "contaminated": sum(bool(row["contaminated"]) for row in items.values()),
        "clean": _estimate(list(clean.values()), seed) | {"items": len(clean)},
        "more": {name: value for name, value in sorted(finite.items()) if name != primary},
        "outcomes": dict(sorted(outcomes.items())),
    }
    if found["value"] is None and primary in finite:
        found["value"] = finite[primary]  # a metric that is no mean over items: without an interval
    reasons = {str(row["detail"]) for row in rows if row["outcome"] == "not scored" and row.get("detail")}
    return found | ({"reason": min(reasons)} if reasons else {})


def _estimate(values: Sequence[float], seed: int) -> dict[str, float | None]:
    if not values:
        return {"value": None, "low": None, "high": None}
    low, high = confidence_intervals.of_scores(values, seed)
    return {"value": sum(values) / len(values), "low": low, "high": high}


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables for a while; those that the user has set stay as they are."""
    added = [name for name in values if name not in os.environ]
    os.environ.update({name: values[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What the harness prints goes to the debug log; of what it logs, only errors stay."""
    loggers = [logging.getLogger(name) for name in ("lm_eval", "datasets", "httpx", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    printed = io.StringIO()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _children_quiet():
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for line in printed.getvalue().splitlines():
            log.debug("lm_eval: %s", line)


@contextlib.contextmanager
def _children_quiet() -> Iterator[None]:
    """Children that the harness starts (it asks git and pip about the machine) write to nowhere."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
