"""Benchmark data as lm-evaluation-harness takes it: local files in the benchmark's layout, or a hub data set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lm_eval.api.samplers import FirstNSampler
from lm_eval.api.task import ConfigurableTask

from tasks.errors import StageError
from tasks.evaluate import formats


class BySubject(ConfigurableTask):
    """A task whose worked examples come from the same `subject` as the question (MMLU)."""

    def fewshot_context(self, doc: dict[str, Any], num_fewshot: int, **options: Any) -> str | list[str]:
        """The prompt of one question: description, `num_fewshot` worked examples, question."""
        if num_fewshot:
            if not hasattr(self, "_samplers"):
                by_subject: dict[str, list[dict[str, Any]]] = {}
                for example in self.fewshot_docs() or []:
                    by_subject.setdefault(example["subject"], []).append(example)
                self._samplers = {name: FirstNSampler(items) for name, items in by_subject.items()}
            if doc["subject"] not in self._samplers:
                raise StageError(f"{self.config.task}: no worked example for the subject {doc['subject']!r}")
            self.sampler = self._samplers[doc["subject"]]
        return super().fewshot_context(doc, num_fewshot, **options)


def load(
    layout: str,
    data: str | None = None,
    *,
    hub: tuple[str, str | None] | None = None,
    config_source: str = "",
    **ignored: Any,
) -> dict[str, Any]:
    """The splits of a benchmark, for `custom_dataset` of a task file.

    layout: a key of `formats.READERS`, from the task file's `metadata`.
    data: a local folder or file; a relative one starts at the task file. Without it the hub's data set is taken.
    """
    from datasets import Dataset

    if data is None:
        return load_hub(*(hub or HUB[layout]))
    source = Path(data) if os.path.isabs(data) else Path(config_source).parent / data
    return {split: Dataset.from_list(rows) for split, rows in formats.read(layout, source).items()}


HUB: dict[str, tuple[str, str | None]] = {
    "mmlu": ("cais/mmlu", "all"),
    "gsm8k": ("openai/gsm8k", "main"),
    "humaneval": ("openai/openai_humaneval", None),
}


def load_hub(path: str, name: str | None = None, **options: Any) -> Any:
    """A data set of the Hugging Face hub, from its cache where it is there. Raises StageError when it can't be had."""
    import datasets

    try:
        return datasets.load_dataset(path, name, **options)
    except Exception as error:  # every library beneath has exceptions of its own for "can't reach it"
        raise StageError(
            f"the data set {path} can't be had from the hub ({type(error).__name__}: {_line(error)}); "
            "set `data` of the benchmark to a local copy, or leave the benchmark out"
        ) from error


def load_records(task: Mapping[str, Any], data_files: Mapping[str, list[str]], name: str) -> list[dict[str, Any]]:
    """The test records of a task file as plain dictionaries: local `data_files`, or a hub data set."""
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


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]
