"""pipeline.yaml: read, checked, and turned into each node's own Config.

A section (`filter:`) holds the union of the keys of its stage's nodes. Whatever is wrong is one message with
file, line, the key, and the nearest valid one.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_origin

import yaml
from pydantic import Field, PositiveInt, ValidationError

from tasks.errors import ConfigError
from tasks.node import Config
from tasks.nodes import NODES, load, stages

Place = tuple[str | int, ...]


class Execution(Config):
    """Where and how a run executes; nothing of it changes a result."""

    engine: Literal["local"] = "local"
    workers: PositiveInt | Literal["auto"] = "auto"
    """Processes for the document stages; auto = the cores that this process may use."""
    retries: int = Field(2, ge=0)
    """How often a batch of shards is tried again after a transient error (an I/O or network error)."""

    def worker_count(self) -> int:
        return len(os.sched_getaffinity(0)) if self.workers == "auto" else self.workers


class Pipeline(Config):
    """The top-level keys beside the stages' sections."""

    store: str = "artifacts"
    sample: str | None = None
    """A folder for the sample corpus, built there when it is missing; null when the sources need none."""
    seed: int = 1
    execution: Execution = Execution()


@dataclass(frozen=True)
class Settings:
    """A checked pipeline: `configs` holds each node's Config."""

    file: Path
    overrides: tuple[str, ...]
    pipeline: Pipeline
    configs: dict[str, Config]
    raw: dict[str, Any]

    def wants(self, node: str) -> bool:
        """Whether a node is part of this pipeline's DAG."""
        wanted = getattr(load(node), "wanted", None)
        return wanted is None or bool(wanted(self.configs[node]))

    def upstream(self, node: str) -> list[str]:
        """The nodes of this pipeline's DAG that a node reads from, in the order in which they run."""
        named = {name.split("/", 1)[0] for name in load(node).INPUTS}
        return [name for name in NODES if name in named and self.wants(name)]

    @property
    def root(self) -> Path:
        """The folder that relative paths start at."""
        return self.file.parent

    @property
    def store(self) -> Path:
        return self.root / Path(self.pipeline.store).expanduser()

    @property
    def sample(self) -> Path | None:
        return None if self.pipeline.sample is None else self.root / Path(self.pipeline.sample).expanduser()


def load_settings(file: Path, overrides: Sequence[str] = ()) -> Settings:
    """Reads and checks a pipeline file; `overrides` are "section.key=value" with YAML values.

    Raises ConfigError with everything that is wrong, a line each.
    """
    file = Path(file).absolute()
    read = _Reading(file)
    for override in overrides:
        read.override(override)
    valid = [*Pipeline.model_fields, *stages()]
    read.problems += [read.unknown((name,), valid) for name in read.raw if name not in valid]
    top = {name: value for name, value in read.raw.items() if name in Pipeline.model_fields}
    pipeline = read.validated(Pipeline, top, ())
    configs: dict[str, Config] = {}
    for stage, nodes in stages().items():
        configs |= read.stage(stage, nodes, (pipeline or Pipeline()).seed)
    if read.problems or pipeline is None:
        raise ConfigError("\n".join(dict.fromkeys(read.problems)))
    return Settings(file, tuple(overrides), pipeline, configs, read.raw)


class _Reading:
    """A pipeline file that is being read: its values, where each key stands, and what is wrong so far.

    known: path of keys -> "file:line", or the --set that gave it.
    """

    def __init__(self, file: Path):
        self.file = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
        self.known: dict[Place, str] = {}
        self.problems: list[str] = []
        self.raw = self._parse(file)

    def _parse(self, file: Path) -> dict[str, Any]:
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigError(
                f"{self.file}: there is no such pipeline file; name one with -f, or run in its folder"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.file}: can't be read: {error}") from None
        try:
            self._note(yaml.compose(text, Loader=yaml.SafeLoader))
            raw = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError(f"{self.file}:{line}: not YAML: {error.problem}") from None
        except yaml.YAMLError as error:
            raise ConfigError(f"{self.file}: not YAML: {error}") from None
        if not isinstance(raw, dict | None):
            found = type(raw).__name__
            raise ConfigError(f"{self.file}:1: a pipeline is a mapping of sections, this is a {found}")
        return raw or {}

    def _note(self, node: yaml.Node | None, place: Place = ()) -> None:
        """Where the keys below a node stand. ConfigError for one that stands twice."""
        items: list[tuple[str | int, yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            items = [(str(key.value), key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            items = [(n, value, value) for n, value in enumerate(node.value)]
        for name, key, value in items:
            here, line = (*place, name), f"{self.file}:{key.start_mark.line + 1}"
            if here in self.known:
                raise ConfigError(f"{line}: the key {'.'.join(map(str, here))} stands twice")
            self.known[here] = line
            self._note(value, here)

    def find(self, place: Sequence[str | int]) -> str:
        """The line of a key, or of the nearest enclosing one (pydantic adds parts of its own to a location)."""
        best = ""
        here: Place = ()
        for part in place:
            if (*here, part) in self.known:
                here = (*here, part)
                best = self.known[here]
        return best or str(self.file)

    def override(self, override: str) -> None:
        """Puts the value of a "section.key=value" in its place."""
        path, equals, text = override.partition("=")
        if not equals or not path:
            raise ConfigError(f"--set {override}: write it as section.key=value")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ConfigError(f"--set {override}: the value is not YAML") from None
        here: Any = self.raw
        parts: list[Any] = [int(part) if part.isdigit() else part for part in path.split(".")]
        for n, part in enumerate(parts):
            if isinstance(here, list) and (not isinstance(part, int) or part >= len(here)):
                raise ConfigError(f"--set {override}: {part} is no index of a list of {len(here)}")
            if not isinstance(here, list | dict):
                raise ConfigError(f"--set {override}: there is no key below {part}")
            self.known.setdefault(tuple(parts[: n + 1]), f"--set {override}")
            if n + 1 == len(parts):
                here[part] = value
            elif isinstance(here, dict) and not isinstance(here.get(part), dict | list):
                here[part] = {}
            here = here[part]
        self.known[tuple(parts)] = f"--set {override}"

    def stage(self, stage: str, nodes: Sequence[str], seed: int) -> dict[str, Config]:
        """The configs of a stage's nodes, of those that have nothing wrong in them."""
        section = self.raw.get(stage) or {}
        if not isinstance(section, dict):
            self.problems.append(f"{self.find((stage,))}: {stage} is a mapping of keys, not {section!r}")
            return {}
        classes: dict[str, type[Config]] = {node: load(node).Config for node in nodes}
        fields = sorted({name for config in classes.values() for name in config.model_fields})
        self.problems += [self.unknown((stage, name), fields) for name in section if name not in fields]
        configs = {}
        for node, config in classes.items():
            values = {name: section[name] for name in config.model_fields if name in section}
            if "seed" in config.model_fields:
                values.setdefault("seed", seed)
            for key, other in getattr(load(node), "FOLLOWS", {}).items():
                values.setdefault(key, self._followed(other, key))
            if (checked := self.validated(config, values, (stage,))) is not None:
                configs[node] = checked
        return configs

    def _followed(self, stage: str, key: str) -> Any:
        """A key of another stage's section, else its default."""
        section = self.raw.get(stage)
        if isinstance(section, dict) and key in section:
            return section[key]
        return getattr(load(stage).Config(), key)

    def validated(self, model: type[Any], values: Mapping[str, Any], place: Place) -> Any:
        """The model of some values that stand below a place; None if anything is wrong with them."""
        try:
            return model.model_validate(values)
        except ValidationError as error:
            for item in error.errors():
                where = (*place, *item["loc"])
                if item["type"] == "extra_forbidden":
                    self.problems.append(self.unknown(where, _siblings(model, item["loc"])))
                else:
                    told = f"{'.'.join(map(str, where))}: {_sentence(item)}"
                    self.problems.append(f"{self.find(where)}: {told}")
            return None

    def unknown(self, place: Place, valid: Sequence[str]) -> str:
        """That a key isn't known, and the nearest that is."""
        close = difflib.get_close_matches(str(place[-1]), valid, n=1, cutoff=0.5)
        hint = (
            f"; did you mean {close[0]!r}?" if close else f"; valid keys: {', '.join(valid)}" if valid else ""
        )
        return f"{self.find(place)}: unknown key {'.'.join(map(str, place))!r}{hint}"


def _sentence(item: Mapping[str, Any]) -> str:
    text, shown = str(item["msg"]).removeprefix("Value error, "), repr(item.get("input"))
    whole = item["type"] in ("value_error", "missing") or len(shown) > 80
    return text if whole else f"{text} (it is {shown})"


def _siblings(model: type[Any], location: Sequence[str | int]) -> list[str]:
    """The valid keys beside a rejected one, found by walking the models' fields down to it."""
    current: list[type[Any]] = [model]
    parts = iter(location[:-1])
    for part in parts:
        fields = [one.model_fields[part] for one in current if part in one.model_fields]
        deeper = [found for field in fields for found in _models(field.annotation)]
        tagged = [one for one in current if _tag(one) == part]
        if deeper and any(get_origin(field.annotation) is dict for field in fields):
            next(parts, None)  # the key of a mapping, which may be named like a field
        current = deeper or tagged or current
    return sorted({name for one in current for name in one.model_fields})


def _models(annotation: Any) -> list[type[Any]]:
    if isinstance(annotation, type):
        return [annotation] if hasattr(annotation, "model_fields") else []
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]


def _tag(model: type[Any]) -> Any:
    field = model.model_fields.get("kind")
    return getattr(field, "default", None) if field else None
