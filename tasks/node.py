"""What a node of the DAG is made of: its configuration, its shards, and what they leave.

A node is a module with

- `Config`, a subclass of the one here: exactly the keys that it reads;
- `VERSION`, an int, raised when the same input and configuration would give other bytes;
- `PACKAGES`, the distributions whose version can change its output;
- `INPUTS`, the upstream outputs that it reads, as "node/output";
- `partition(config, inputs) -> list[Shard]`, cheap, run at plan time;
- `process(shard, out) -> ShardResult`, pure, run in any process on any host that sees the store;

and, where they apply,

- `finish(shards, results, out) -> Metrics`, run once after all shards; without it their metrics are merged;
- `SINGLE = True`: one job, one shard, whose files keep their names in the artifact;
- `RESUMABLE = True`: `out` outlives a crash and is handed to the next attempt as it was left;
- `EXCLUSIVE = True`: runs alone with all cores in a process of its own;
- `KERNELS`, or a function `kernels(config)`: names of functions that call the kernels which `process` and `finish` do,
  so that a run compiles them once, before any shard (`tasks.kernels`);
- `wanted(config) -> bool`: whether the node is part of the DAG at all; one that isn't is neither planned nor run;
- `VOLATILE`, output names that carry timings and the like and are part of no digest;
- `FOLLOWS`, key -> the stage whose key of the same name it takes where its own section doesn't say.

A stage says what it has to say itself: its last node may declare, or name as `STORY` the module that declares,

- `tell(run, node, subject) -> Step`, what the stage did with a document, for `smelt explain`;
- `SECTIONS`, functions of a run that each make a `Section` of the report;
- `figure(run)`, a card at the top of the report; `made(run) -> str`, a noun for what came of it, and `claim(run) -> str`,
  a clause about that ("that takes ..."), for the headline; each None where there is nothing to say;
- `progress(folder) -> str`, how far a run of it is that works in `folder`, or None;
- `checks()`, findings of `smelt doctor`: (ok | warn | bad, what, detail);
- `tune` and `print_tuning`, of the one stage whose verdicts `smelt tune` replays.

What they are made of is in `tasks.story` and `tasks.render`. A STORY is a name, so that neither a plan nor a node's code
depends on how it is told.

Node modules import nothing heavy at their top: `smelt plan` imports them all.

How files become outputs: a shard writes into its own folder; a file `documents.parquet` at the top of that
folder stands in the artifact as `documents/<key>.parquet`, and belongs to the output `documents`. Files in
a folder (`tokenizer/tokenizer.json`), files of a SINGLE node, and what `finish` writes keep their paths;
their output is the first part of the path without its extension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

Metrics = dict[str, Any]


class Config(BaseModel):
    """A node's or a component's configuration: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def identity(self) -> dict[str, Any]:
        """The keys that decide the output's content, as plain JSON values; `not_identity` fields are left out."""
        return {
            name: _plain(getattr(self, name))
            for name, info in type(self).model_fields.items()
            if not (
                isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("identity") is False
            )
        }


def not_identity(default: Any = ..., **keywords: Any) -> Any:
    """A field that says where or how fast, never what: a path, a device, an interval of checkpoints."""
    return Field(default, json_schema_extra={"identity": False}, **keywords)


def _plain(value: Any) -> Any:
    if isinstance(value, Config):
        return value.identity()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return value


@dataclass(frozen=True)
class Input:
    """One file that a shard reads.

    name: what the reader may depend on (an output's name, a path relative to its source's root): identity.
    path: where the file lies now: not identity.
    digest: its content digest: identity.
    """

    name: str
    path: str
    digest: str

    @property
    def key(self) -> str:
        """The key of the upstream shard that wrote this file."""
        return Path(self.path).stem


@dataclass(frozen=True)
class Shard:
    """A unit of work, complete in itself: what it reads and how, by value.

    key: names the shard's files in the artifact; letters, digits, `-`, `_`, `.`. Not identity.
    config: its slice of the node's configuration, plain JSON values (`Config.identity()` or a part of it).
    inputs: role -> files, in the order in which they are read.
    runtime: paths, devices, worker counts: what it needs to run and what can't change its output.
    versions, packages: of code that not all shards of the node run, beside the node's VERSION and PACKAGES: the name
        of a part and its version; distributions.
    """

    key: str
    config: Mapping[str, Any]
    inputs: Mapping[str, Sequence[Input]] = field(default_factory=dict)
    runtime: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    packages: Sequence[str] = ()


@dataclass
class ShardResult:
    """What a shard reports: counts for the funnel (see `merge_metrics`), and the folder it wrote (set by the store)."""

    metrics: Metrics = field(default_factory=dict)
    folder: str = ""


class Inputs(Protocol):
    """What `partition` is given."""

    def __getitem__(self, name: str) -> list[Input]:
        """The files of an upstream output, "node/output", in the order of its shards."""

    def resolve(self, path: str) -> Path:
        """A path of the configuration: relative ones start at pipeline.yaml's folder."""

    def file(self, path: Path | str, name: str) -> Input:
        """An external file, fingerprinted by content (remembered by size, times and inode); an address by version.

        Of remote files a plan knows what the store remembers, and a run asks.
        """

    def ask(self, addresses: Sequence[str]) -> None:
        """Asks for the versions of many remote files at once, which `file` then knows."""

    def glob(self, pattern: str) -> list[str]:
        """The addresses that a pattern matches, sorted. Raises NotAskedYet in a plan that doesn't remember."""

    def copy(self, address: str) -> Path:
        """A local copy of a small remote file. Raises NotAskedYet in a plan that doesn't remember."""


def merge_metrics(parts: Iterable[Metrics]) -> Metrics:
    """Adds numbers, merges dictionaries by key and joins lists, in the order given.

    The keys that every document stage reports, and the report's funnel reads:
    documents_in, documents_out, bytes_in, bytes_out (UTF-8 bytes of text), and
    dropped: {rule: {"documents": n, "bytes": n}}.

    >>> merge_metrics([{"n": 1, "d": {"a": 1}}, {"n": 2, "d": {"b": 3}}])
    {'n': 3, 'd': {'a': 1, 'b': 3}}
    """
    total: Metrics = {}
    for part in parts:
        for name, value in part.items():
            if name not in total:
                total[name] = merge_metrics([value]) if isinstance(value, dict) else value
            elif isinstance(value, dict):
                total[name] = merge_metrics([total[name], value])
            else:
                total[name] = total[name] + value
    return total
