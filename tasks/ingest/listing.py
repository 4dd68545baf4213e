"""The files of a source, wherever they lie: names and places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tasks.errors import ConfigError
from tasks.ingest.source import BaseSource, find_files
from tasks.io import file_name, is_http, is_pattern, is_remote, root_of, shown
from tasks.node import Inputs


def find(source: BaseSource, module: ModuleType, inputs: Inputs) -> Iterator[tuple[str, Path | str]]:
    """(name, path or address) of every file of a source.

    Raises ConfigError for what can't be read or matches nothing; NotAskedYet in a plan that would need the network.
    """
    if hasattr(module, "find"):
        yield from module.find(source, inputs)
        return
    yield from find_files(source, inputs.resolve)
    for pattern in filter(is_remote, source.paths):
        if getattr(module, "LOCAL", False):
            raise ConfigError(
                f"ingest: source {source.name!r}: kind {source.kind} reads local files; {shown(pattern)} is none"
            )
        yield from _remote(source, pattern, inputs)


def _remote(source: BaseSource, pattern: str, inputs: Inputs) -> Iterator[tuple[str, str]]:
    if is_http(pattern):
        path = shown(pattern)
        if path.endswith("/") or "*" in path:
            raise ConfigError(
                f"ingest: source {source.name!r}: {path}: HTTP has no listing, so name every file; folders and globs "
                f"can be had from s3:// and other stores"
            )
        yield file_name(pattern), pattern
        return
    if not is_pattern(pattern):
        yield file_name(pattern), pattern
        return
    found = False
    for address in inputs.glob(pattern):
        name = address.removeprefix(root_of(pattern))
        if not pattern.endswith("/") or source.accepts(name):
            found = True
            yield name, address
    if not found:
        raise ConfigError(
            f"ingest: source {source.name!r}: {shown(pattern)} matches no file. Correct ingest.sources.paths, or leave "
            f"the source out."
        )
