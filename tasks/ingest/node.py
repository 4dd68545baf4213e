"""Node `ingest`: sources of all kinds to documents, with a ledger row for every record that was met.

Outputs: documents, ledger (its `url` column beside the common ones), files (what each file gave and lost).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from tasks.errors import ConfigError, StageError
from tasks.ingest import kinds
from tasks.ingest.code import side_role
from tasks.ingest.io import Version, is_remote, shown
from tasks.ingest.listing import find
from tasks.ingest.source import BaseSource
from tasks.ingest.tables import MISSING
from tasks.node import Config as BaseConfig
from tasks.node import Input, Inputs, Metrics, Shard, ShardResult, merge_metrics, not_identity

if TYPE_CHECKING:
    from tasks.document import Document, Loss

VERSION = 8
PACKAGES = ["fastwarc", "resiliparse", "trafilatura", "pyarrow", "lxml", "zlib-ng"]
INPUTS: list[str] = []
UNREADABLE = "unreadable"  # the digest of a file that can't be read


class Config(BaseConfig):
    """sources: where documents come from. shard_bytes: how much small files (books, code) share a shard."""

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
    """A shard for every crawl, JSON Lines and Parquet file, and for every `shard_bytes` of books and code."""
    if not config.sources:
        raise ConfigError("ingest: no sources. Name at least one under ingest.sources.")
    shards: list[Shard] = []
    for source in config.sources:
        files, repeated = _files(source, inputs)
        about = {file.name: side_role(file.name) if source.kind == "code" else None for file in files}
        sides = [file for file in files if about[file.name]]
        files = [file for file in files if not about[file.name]]
        if not files:
            raise ConfigError(
                f"ingest: source {source.name!r} has no files to read, only licences. Correct its paths."
            )
        for number, chunk in enumerate(_chunks(source, files, config.shard_bytes)):
            roles = {"files": chunk}
            for side in _above(chunk, sides):
                roles.setdefault(str(about[side.name]), []).append(side)
            shards.append(
                Shard(f"{source.name}-{number:05d}", source.identity(), roles,
                      {"repeated_files": repeated if number == 0 else 0})
            )  # fmt: skip
    return shards


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
    digest = source.digest(path) if isinstance(path, Path) else None
    if digest is not None:
        return Input(name, str(path), digest)
    try:
        return inputs.file(path, name)
    except OSError:
        return Input(name, str(path), UNREADABLE)


def _chunks(source: BaseSource, files: Sequence[Input], limit: int) -> Iterator[list[Input]]:
    """Files in order, one by one or about `limit` bytes together.

    Where a chunk ends depends on the file before the border (its name and size), so a new file moves the
    borders near it and no others.
    """
    if kinds.KINDS[source.kind].PER_FILE:
        yield from ([file] for file in files)
        return
    chunk: list[Input] = []
    total = 0
    for file in files:
        size = _size(file)
        if chunk and total + size > 2 * limit:
            yield chunk
            chunk, total = [], 0
        chunk.append(file)
        total += size
        chance = (
            int.from_bytes(hashlib.sha256(file.name.encode("utf-8", "surrogatepass")).digest()[:4], "big")
            / 2**32
        )
        if total >= limit / 2 and chance < 2 * size / limit:
            yield chunk
            chunk, total = [], 0
    if chunk:
        yield chunk


def _size(file: Input) -> int:
    """Bytes of a file; 0 of what can't be read, and of a repository, whose packing isn't content."""
    if is_remote(file.path):
        version = Version.parse(file.digest)
        return version.size if version else 0
    try:
        return 0 if os.path.isdir(file.path) else Path(file.path).stat().st_size
    except OSError:
        return 0


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes documents.parquet, ledger.parquet and files.parquet for the shard's files."""
    from tasks.ingest.write import Writer

    module: ModuleType = kinds.KINDS[shard.config["kind"]]
    source = module.Source.of_shard(shard.config)
    with Writer(out, source) as writer:
        for file in shard.inputs["files"]:
            with writer.file(file.name, _size(file)) as add:
                for item in _items(module, source, file, shard):
                    _check_readable(item, file)
                    add(item)
    return ShardResult({**writer.metrics, "repeated_files": shard.runtime.get("repeated_files", 0)})


def _items(module: ModuleType, source: BaseSource, file: Input, shard: Shard) -> Iterator[Document | Loss]:
    """What a file gives, at least a loss: of a remote one that was refused when it was asked for, with the reason."""
    from tasks.document import Loss

    if is_remote(file.path) and Version.parse(file.digest) is None:
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
        raise StageError(f"ingest: {shown(file.path)} could be read a moment ago and can't now. Run again.")


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
