"""Node `ingest`: sources of all kinds to documents, with a ledger row for every record that was met.

Outputs: documents, ledger (its `url` column beside the common ones), files (what each file gave and lost).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from pydantic import Field, field_validator

from tasks.errors import ConfigError, StageError
from tasks.ingest import groups, kinds
from tasks.ingest.code import side_role
from tasks.ingest.extract import ENGINES
from tasks.ingest.listing import find
from tasks.ingest.source import UNREADABLE, BaseSource, vanished
from tasks.ingest.tables import MISSING
from tasks.io import Version, is_remote, shown
from tasks.node import Config as BaseConfig
from tasks.node import Input, Inputs, Metrics, Shard, ShardResult, merge_metrics, not_identity
from tasks.record import Document, Loss
from tasks.regular import REFUSED, refused

VERSION = 9  # of what all kinds share
PACKAGES: tuple[str, ...] = ()  # each kind has its own
INPUTS: list[str] = []
ALONE = 16  # a file of this part of shard_bytes has work enough for a shard
STORY = "tasks.ingest.story"


class Config(BaseConfig):
    """sources: where documents come from. shard_bytes: how much small files share a shard: books and code, and
    files of records that are smaller than a sixteenth of it."""

    sources: list[kinds.Source] = Field(default_factory=list)
    shard_bytes: int = not_identity(4 << 20, ge=1)

    @field_validator("sources")
    @classmethod
    def _named_once(cls, sources: list[BaseSource]) -> list[BaseSource]:
        names = [source.name for source in sources]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(
                f"two sources are named {repeated[0]!r}; a source's name is part of its documents' ids"
            )
        return sources


def kernels(config: Config) -> list[str]:
    """Those of the engines that read pages."""
    engines = {getattr(source, "engine", None) for source in config.sources}
    return [
        f"tasks.ingest.kernels.{name}"
        for engine, name in (("fast", "blocks"), ("resiliparse", "pages"))
        if engine in engines
    ]


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """A shard for every file of records (a crawl's, JSON Lines, a table) and repository; small files share them."""
    if not config.sources:
        raise ConfigError("ingest: no sources. Name at least one under ingest.sources.")
    shards: list[Shard] = []
    for source in config.sources:
        files, repeated = _files(source, inputs)
        about = {file.name: _side_role(source, file) for file in files}
        sides = [file for file in files if about[file.name]]
        files = [file for file in files if not about[file.name]]
        if not files:
            raise ConfigError(
                f"ingest: source {source.name!r} has no files to read, only licences. Correct its paths."
            )
        identity = source.identity()
        versions, packages = _reader(source)
        for number, group in enumerate(_groups(source, files, config.shard_bytes)):
            roles = {"files": group}
            for side in _above(group, sides):
                roles.setdefault(str(about[side.name]), []).append(side)
            shards.append(
                Shard(f"{source.name}-{number:05d}", identity, roles,
                      {"repeated_files": repeated if number == 0 else 0}, versions, packages)
            )  # fmt: skip
    return shards


def _side_role(source: BaseSource, file: Input) -> str | None:
    """What a file says about others; a link says nothing and is a loss, whatever its name."""
    return side_role(file.name) if source.kind == "code" and file.digest not in REFUSED else None


def _above(files: Sequence[Input], sides: Sequence[Input]) -> list[Input]:
    """The licences and attributes that stand in a folder above one of the files: a shard depends on no others."""
    if not sides:
        return []
    folders = {str(folder) for file in files for folder in PurePosixPath(file.name).parents}
    return [side for side in sides if side.name.rpartition("/")[0] in folders]


def _files(source: BaseSource, inputs: Inputs) -> tuple[list[Input], int]:
    """The source's files sorted by name, and how many were met again through another path."""
    found: dict[str, Path | str] = {}
    seen: set[str] = set()
    repeated = 0
    for name, path in find(source, kinds.KINDS[source.kind], inputs):
        if str(path) in seen:
            repeated += 1
        elif name in found:
            raise ConfigError(
                f"ingest: source {source.name!r}: {shown(str(found[name]))} and {shown(str(path))} have the same "
                f"name {name!r} in it. Name the folder above both instead, or make two sources of them."
            )
        else:
            seen.add(str(path))
            found[name] = path
    if addresses := [path for path in found.values() if isinstance(path, str)]:
        inputs.ask(addresses)
    return [_input(source, inputs, found[name], name) for name in sorted(found)], repeated


def _input(source: BaseSource, inputs: Inputs, path: Path | str, name: str) -> Input:
    digest = (refused(path) or source.digest(path)) if isinstance(path, Path) else None
    if digest is not None:
        return Input(name, str(path), digest)
    try:
        return inputs.file(path, name)
    except OSError:
        return Input(name, str(path), UNREADABLE)


def _groups(source: BaseSource, files: Sequence[Input], limit: int) -> Iterable[list[Input]]:
    """The files of each shard; see `groups`."""
    shared = kinds.KINDS[source.kind].SHARED
    if shared == "records":
        return groups.record_groups(files, limit, limit / ALONE)
    return groups.text_groups(files, limit) if shared == "texts" else ([file] for file in files)


def _reader(source: BaseSource) -> tuple[dict[str, int], list[str]]:
    """What reads a source: versions of its parts, and the distributions whose version can change what they give."""
    module = kinds.KINDS[source.kind]
    versions, packages = {source.kind: module.VERSION}, {*module.PACKAGES}
    if (engine := getattr(source, "engine", None)) is not None:
        versions[engine] = ENGINES[engine].version
        packages |= {*ENGINES[engine].packages}
    return versions, sorted(packages)


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes documents.parquet, ledger.parquet and files.parquet for the shard's files."""
    from tasks.ingest.write import Writer

    module: ModuleType = kinds.KINDS[shard.config["kind"]]
    source = module.Source.of_shard(shard.config)
    with Writer(out, source) as writer:
        for file in shard.inputs["files"]:
            with writer.file(file.name, groups.size_of(file)) as add:
                for item in _items(module, source, file, shard):
                    _check_readable(item, file)
                    add(item)
    return ShardResult({**writer.metrics, "repeated_files": shard.runtime.get("repeated_files", 0)})


def _items(module: ModuleType, source: BaseSource, file: Input, shard: Shard) -> Iterator[Document | Loss]:
    """What a file gives, at least a loss: of one that was refused when it was found or asked for, with the reason."""

    if file.digest in REFUSED or (is_remote(file.path) and Version.parse(file.digest) is None):
        yield Loss(file.digest, file.name)
        return
    item = None
    for item in module.read(source, file, shard.inputs):
        yield item
    if item is None:  # blank lines, a table without rows, a repository without a file that is wanted
        yield Loss("no-records", file.name)


def _check_readable(item: Document | Loss, file: Input) -> None:
    """A file that vanishes between plan and run must not leave its loss under the digest of its content."""
    if getattr(item, "reason", None) == UNREADABLE and file.digest != UNREADABLE:
        raise vanished(file.path)


def finish(shards: Sequence[Shard], results: Sequence[ShardResult], out: Path) -> Metrics:
    """Totals, all and per source. Raises StageError if no source gave a document, or one has no text column."""
    total = merge_metrics(result.metrics for result in results)
    by_source: dict[str, list[Metrics]] = {}
    for shard, result in zip(shards, results, strict=True):
        by_source.setdefault(shard.config["name"], []).append(result.metrics)
    merged = {name: merge_metrics(parts) for name, parts in by_source.items()}
    for shard in shards:
        counts = merged[shard.config["name"]]
        if MISSING in counts.get("dropped", {}) and not counts.get("documents_out"):
            raise StageError(
                f"ingest: source {shard.config['name']!r} gave no document: its files have no column "
                f"{shard.config['columns']['text']!r}. Name the column of the text in ingest.sources.columns.text."
            )
    if not total.get("documents_out"):
        raise StageError(_nothing(total))
    return {**total, "sources": merged}


def _nothing(total: dict[str, Any]) -> str:
    reasons = sorted(total.get("dropped", {}).items(), key=lambda item: -item[1]["documents"])
    counted = (
        ", ".join(f"{reason}: {counts['documents']}" for reason, counts in reasons) or "no records at all"
    )
    return (
        f"ingest: {total.get('files', 0)} files with {total.get('documents_in', 0)} records gave no document "
        f"({counted}). Check ingest.sources: are the paths and kinds right?"
    )
