"""What all kinds of sources share: their configuration, their files, the groups of their documents.

A kind is a module with

- `Source`, its configuration, whose `kind` names it;
- `read(source, file, sides) -> Iterator[Document | Loss]`, the documents of one file; bad data never raises;
- `VERSION`, raised when the same file and configuration would give other documents or losses;
- `PACKAGES`, the distributions whose version can change them, an extraction engine's (`extract.ENGINES`) aside;
- `SHARED`: how small files share a shard (`groups`): "records", "texts" (a document each), or None: not at all;
- `LOCAL = True` where paths can't be addresses; else `read` opens its file through `location.place`;
- `find(source, inputs)`, where the source's files aren't those of its `paths`;

and a line in `tasks/ingest/kinds.py`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, field_serializer, field_validator

from tasks.errors import ConfigError, StageError
from tasks.io import is_remote, shown
from tasks.node import Config, not_identity
from tasks.record import Loss

if TYPE_CHECKING:
    from tasks.io import RemotePath

# What the stages handle in 600 MB once their kernels are compiled; the field's documents are below 10 MB.
DOCUMENT_BYTES = 12 << 20
MAX_DOCUMENT_BYTES = 32 << 20  # filter-signals takes 600 MB for one
UNREADABLE = "unreadable"  # the digest of a file that can't be read, and the reason of its loss
_MAGIC = re.compile(r"[*?\[]")


class BaseSource(Config):
    """The keys that every source has.

    name: part of every document's id: changing it gives the documents new ids.
    paths: files, folders (read through) and globs (`**` allowed), relative to pipeline.yaml; also addresses,
        `https://host/file` and `s3://bucket/folder/*.gz`. A link is followed where it is named, or met by a glob
        (not by one of `code` or `git`); one in a folder that is read through is lost as `link`. A pipe, socket or
        device is never opened and lost as `not-a-file`.
    group: a regular expression searched in a document's address or path; its groups, joined and lower-cased,
        name what must not be split between training and validation. Without one, the kind's own rule.
    group_aliases: groups that count as another group.
    max_document_bytes: of a document's text in UTF-8; a longer one is lost as `too-large`. Rows and records beyond
        their readers' own limits (32 MB and less) are lost before.
    """

    links_in_globs: ClassVar[bool] = True  # whether those that a glob meets are followed

    kind: str
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)
    paths: list[str] = not_identity(min_length=1)
    group: str | None = None
    group_aliases: dict[str, str] = Field(default_factory=dict)
    max_document_bytes: int = Field(default=DOCUMENT_BYTES, ge=1, le=MAX_DOCUMENT_BYTES)

    @field_validator("group")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                groups = re.compile(value).groups
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
            if not groups:
                raise ValueError("the regular expression needs at least one group: (...)")
        return value

    @classmethod
    def of_shard(cls, config: Mapping[str, Any]) -> Self:
        """The source as a shard carries it: its paths aren't part of that."""
        return cls.model_validate({**config, "paths": ["."]})

    @field_serializer("paths")
    def _without_credentials(self, paths: list[str]) -> list[str]:
        return [shown(path) for path in paths]

    def accepts(self, name: str) -> bool:
        """Whether a file found in a folder belongs to the source."""
        return True

    def accepts_hidden(self, name: str) -> bool:
        """Whether a hidden file of this name is looked at all the same."""
        return False

    def prefix(self, folder: Path) -> str:
        """What stands before the path of a file relative to its folder in the file's name."""
        return ""

    def is_unit(self, folder: Path) -> bool:
        """Whether a folder is one input as a whole."""
        return False

    def digest(self, path: Path) -> str | None:
        """What an input's content is known by; null: its bytes."""
        return None

    def group_of(self, text: str, default: str) -> str:
        """The group of the document whose address or path is `text`."""
        name = default
        if self.group is not None:
            found = _compiled(self.group).search(text)
            name = "".join(part or "" for part in found.groups()) if found else default
        name = name.lower()
        return self.group_aliases.get(name, name)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def find_files(source: BaseSource, resolve: object) -> Iterator[tuple[str, Path]]:
    """(name, path) of every file of a source, in the order of its paths, sorted within each.

    The name is the path relative to the folder or to the fixed part of the glob. Hidden files and folders are
    left out. A path has no link in it, but for one at its end, which must not be followed. Raises ConfigError where
    nothing is found or a folder can't be read.
    """
    for pattern in source.paths:
        if is_remote(pattern):
            continue  # listing.py's
        found = False
        for name, path in _expand(source, pattern, resolve(pattern)):  # type: ignore[operator]
            found = True
            yield name, path
        if not found:
            raise ConfigError(
                f"ingest: source {source.name!r}: {pattern!r} matches no file. "
                f"Correct ingest.sources.paths, or leave the source out."
            )


def _expand(source: BaseSource, pattern: str, path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_dir():
        yield from _folder(source, real(path), path.resolve().name, source.prefix(path))
    elif path.exists() or not _MAGIC.search(pattern):
        if path.exists():
            yield path.name, real(path)
    else:
        yield from _glob(source, path)


def _glob(source: BaseSource, path: Path) -> Iterator[tuple[str, Path]]:
    fixed = 1 + next(number for number, part in enumerate(path.parts[1:]) if _MAGIC.search(part))
    root = real(Path(*path.parts[:fixed]))
    if not root.is_dir():
        return
    links: set[Path] = set()
    for found in sorted(root.glob("/".join(path.parts[fixed:]))):
        name = found.relative_to(root).as_posix()
        if not source.links_in_globs and (link := _link_above(root, found)):
            if link not in links:
                yield link.relative_to(root).as_posix(), link
            links.add(link)
        elif found.is_dir():
            yield from _folder(source, real(found), name, name + "/")
        else:
            yield name, real(found)


def _link_above(root: Path, found: Path) -> Path | None:
    """The first link on the way from a folder to what a glob found below it, which may be the last part."""
    way = [found, *found.parents]
    return next((path for path in reversed(way[: way.index(root)]) if path.is_symlink()), None)


def real(path: Path) -> Path:
    """The path without a link in it."""
    return Path(os.path.realpath(path))


def _folder(source: BaseSource, folder: Path, name: str, prefix: str) -> Iterator[tuple[str, Path]]:
    """The folder itself where it is a unit, else what lies in it, its names behind `prefix`."""
    if source.is_unit(folder):
        yield name, folder
        return
    root = os.path.join(folder, "")
    for found, whole in _walk(source, folder):
        inner = prefix + found.removeprefix(root)
        if whole or source.accepts(inner):
            yield inner, Path(found)


def _walk(source: BaseSource, folder: Path) -> list[tuple[str, bool]]:
    """What lies below a folder, in order: files, and with True what stands for a folder: units, links to one."""

    def fail(error: OSError) -> None:
        raise ConfigError(
            f"ingest: source {source.name!r}: the folder {error.filename} can't be read ({error.strerror}). "
            f"Give read and search permission, or take it out of ingest.sources.paths."
        )

    found: list[tuple[str, bool]] = []
    for root, folders, files in os.walk(folder, onerror=fail):
        visible = [os.path.join(root, name) for name in folders if not name.startswith(".")]
        whole = {path for path in visible if os.path.islink(path) or source.is_unit(Path(path))}
        folders[:] = [os.path.basename(path) for path in visible if path not in whole]
        found += [(path, True) for path in whole]
        shown_files = [name for name in files if not name.startswith(".") or source.accepts_hidden(name)]
        found += [(os.path.join(root, name), False) for name in shown_files]
    return sorted(found)


def unreadable(path: Path | RemotePath, error: OSError) -> Loss:
    """The loss of a file that can't be opened."""

    return Loss(UNREADABLE, f"{path.name}: {error.strerror or error}")


def vanished(path: str) -> StageError:
    """What stops a shard whose input changed between plan and run: nothing may stand under another's digest."""
    return StageError(f"ingest: {shown(path)} could be read a moment ago and can't now. Run again.")
