"""Benchmark data as lm-evaluation-harness takes it: local files in their layout, or a hub data set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.benchmarks import formats
from tasks.errors import StageError


def load(layout: str, data: str | None = None, *, config_source: str = "", **ignored: Any) -> dict[str, Any]:
    """The splits of a local benchmark: `custom_dataset` of our task files.

    layout: a key of `formats.READERS`, from the task file's `metadata`. data: a folder or file; a relative
    one starts at the task file. What a task file has no local data for is the hub's: see
    `harness.scored_task`.
    """
    from datasets import Dataset

    if data is None:
        raise StageError(f"no local data is named for a benchmark in the layout {layout!r}")
    source = Path(data) if os.path.isabs(data) else Path(config_source).parent / data
    return {split: Dataset.from_list(rows) for split, rows in formats.read(layout, source).items()}


def load_hub(path: str, name: str | None = None, **options: Any) -> Any:
    """A data set of the Hugging Face hub, or of its cache. Raises StageError when it can't be had."""
    import datasets

    try:
        return datasets.load_dataset(path, name, **options)
    except Exception as error:  # each library beneath has exceptions of its own for "can't be reached"
        raise hub_error(path, error) from error


def hub_error(path: str, error: BaseException) -> StageError:
    """What a user reads when a hub data set can't be had."""
    line = (str(error).strip().splitlines() or [""])[0][:200]
    return StageError(
        f"the data set {path} can't be had ({type(error).__name__}: {line}); "
        "set `data` of the benchmark to a local copy, or leave the benchmark out"
    )


def load_records(
    task: Mapping[str, Any], data_files: Mapping[str, list[str]], name: str
) -> list[dict[str, Any]]:
    """The test records of a task file as plain dictionaries: of its local `data_files`, or of the hub."""
    options = {key: value for key, value in (task.get("dataset_kwargs") or {}).items() if key != "data"}
    if data_files:
        options["data_files"] = dict(data_files)
    if not task.get("dataset_path"):
        raise StageError(f"benchmark {name!r}: its task file names neither `dataset_path` nor local data")
    splits = load_hub(task["dataset_path"], task.get("dataset_name"), **options)
    split = task.get("test_split") or task.get("validation_split") or "test"
    if split not in splits:
        raise StageError(f"benchmark {name!r}: no split {split!r}; there is {', '.join(splits)}")
    return list(splits[split])
