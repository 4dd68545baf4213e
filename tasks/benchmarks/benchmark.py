"""Which benchmarks are scored: their task files and data, for fingerprints, decontamination and scoring.

A benchmark is one lm-evaluation-harness task file (YAML), here in `benchmarks/` or anywhere on disk, and its
data: local files or a data set of the Hugging Face hub. Importing this module is cheap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from tasks.benchmarks import formats
from tasks.errors import ConfigError
from tasks.node import Config, not_identity

BUILT_IN = Path(__file__).parent / "tasks"
DATA_SUFFIXES = (".csv", ".json", ".jsonl", ".gz", ".parquet")
Resolve = Callable[[str], Path]


class Benchmark(Config):
    """One benchmark; a plain string is its name, all else by default.

    name: how scores, samples and contamination hits call it.
    task: a task file of `benchmarks/` by name, or a path to one's own YAML; the name by default.
    data: a local folder or file in the benchmark's own layout, in place of what the task file names.
    num_fewshot: worked examples in the prompt; the task file's number by default.
    limit: score only so many items, evenly spaced over the benchmark; all by default.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    task: str | None = not_identity(None)
    data: str | None = not_identity(None)
    num_fewshot: int | None = Field(default=None, ge=0)
    limit: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


@dataclass(frozen=True)
class Item:
    """An item, for decontamination. texts: the question or prompt, then choices, answer, code."""

    benchmark: str
    item: str
    texts: list[str]


def task_file(benchmark: Benchmark, resolve: Resolve = Path) -> Path:
    """The benchmark's YAML. Raises ConfigError when there is none, naming those that there are."""
    task = benchmark.task or benchmark.name
    own = "/" in task or task.endswith((".yaml", ".yml"))
    path = resolve(task) if own else BUILT_IN / f"{task}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in BUILT_IN.glob("*.yaml")))
        raise ConfigError(
            f"benchmark {benchmark.name!r}: there is no task file {path}: "
            f"give one of {known}, or set `task` to the path of a YAML"
        )
    return path


def resolved(benchmark: Benchmark, resolve: Resolve) -> Benchmark:
    """The same benchmark with absolute paths: what a shard's runtime carries."""
    return benchmark.model_copy(
        update={
            "task": str(task_file(benchmark, resolve).absolute()),
            "data": None if benchmark.data is None else str(resolve(benchmark.data).absolute()),
        }
    )


def load_task(path: Path) -> dict[str, Any]:
    """A task file with its includes merged, as the harness does; `!function` values stay strings."""
    merged: dict[str, Any] = {}
    own = _parse(path)
    for name in _includes(own):
        merged |= load_task(path.parent / name)
    return {name: value for name, value in (merged | own).items() if name != "include"}


def data_source(benchmark: Benchmark) -> Path | None:
    """The local folder or file of a benchmark in one of our layouts; None when its data is somewhere else."""
    if benchmark.data is not None:
        return Path(benchmark.data)
    path = task_file(benchmark)
    named = (load_task(path).get("dataset_kwargs") or {}).get("data")
    return None if named is None else path.parent / named


def data_files(benchmark: Benchmark) -> dict[str, list[str]]:
    """split -> absolute paths of `dataset_kwargs.data_files` (json, csv or parquet)."""
    path = task_file(benchmark)
    named = (load_task(path).get("dataset_kwargs") or {}).get("data_files") or {}
    if not isinstance(named, Mapping):
        named = {"train": named}
    found = {}
    for split, names in named.items():
        names = [names] if isinstance(names, str) else names
        found[split] = [name if "://" in name else str((path.parent / name).absolute()) for name in names]
    return found


def named_files(benchmark: Benchmark, resolve: Resolve = Path) -> list[tuple[str, Path]]:
    """What decides the items, as (name that survives a move, path): YAMLs, helper modules, data."""
    benchmark = resolved(benchmark, resolve)
    found = [(f"{benchmark.name}/task/{item.name}", item) for item in _task_files(task_file(benchmark))]
    source = data_source(benchmark)
    if source is not None:
        if not source.exists():
            raise ConfigError(f"benchmark {benchmark.name!r}: no data at {source}")
        root = source if source.is_dir() else source.parent
        inside = sorted(root.rglob("*")) if source.is_dir() else [source]
        inside = [item for item in inside if item.is_file() and item.suffix in DATA_SUFFIXES]
        found += [(f"{benchmark.name}/data/{item.relative_to(root).as_posix()}", item) for item in inside]
    for split, names in sorted(data_files(benchmark).items()):
        local = [Path(name) for name in names if "://" not in name]
        found += [(f"{benchmark.name}/{split}/{item.name}", item) for item in local]
    return found


def load_items(benchmark: Benchmark) -> list[Item]:
    """All test items of a benchmark with their texts, whatever its `limit`.

    Raises StageError when local data is damaged, or a hub data set can't be had.
    """
    task = load_task(task_file(benchmark))
    layout = (task.get("metadata") or {}).get("layout")
    source = data_source(benchmark)
    if layout and source is not None:
        records = formats.read(layout, source)[task.get("test_split") or "test"]
    else:
        from tasks.benchmarks.data import load_records

        records = load_records(task, data_files(benchmark), benchmark.name)
    return [
        Item(benchmark.name, str(record.get("item", number)), _texts(task, record))
        for number, record in enumerate(records)
    ]


def _texts(task: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    """The record's question or prompt first, then every other text in it, in the record's order."""
    lead = next((name for name in ("question", "prompt", "ctx", "query", "text") if name in record), None)
    if lead is None and isinstance(task.get("doc_to_text"), str) and task["doc_to_text"] in record:
        lead = task["doc_to_text"]
    told = (lead, "item", "subject", "task_id", "entry_point")
    rest = [record[name] for name in record if name not in told]
    return ([str(record[lead])] if lead else []) + [text for text in _strings(rest) if text.strip()]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value:
            yield from _strings(item)


def _parse(path: Path) -> dict[str, Any]:
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!function", lambda _, node: str(node.value))
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not a task file: {error.problem}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: not a task file: expected `key: value` lines")
    return value


def _includes(task: Mapping[str, Any]) -> list[str]:
    value = task.get("include") or []
    return [value] if isinstance(value, str) else list(value)


def _task_files(path: Path, seen: tuple[Path, ...] = ()) -> list[Path]:
    """A task file, the modules beside it that its `!function` values name, and the same for its includes."""
    if path in seen:
        raise ConfigError(f"{path}: includes itself")
    found = [path]
    for module in re.findall(r"!function\s+['\"]?([\w.]+)\.\w+", path.read_text(encoding="utf-8")):
        beside = path.parent / f"{module.replace('.', '/')}.py"
        if beside.is_file():
            found.append(beside)
    for name in _includes(_parse(path)):
        found += _task_files(path.parent / name, (*seen, path))
    return list(dict.fromkeys(found))
