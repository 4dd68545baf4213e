"""Code in folders: the files as they are, tracked or not (kind `git` reads repositories at a revision)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tasks.ingest.code.attributes import FILE, MAX_BYTES, Tree
from tasks.ingest.code.files import CodeSource, document_of, nearest, refusal, side_role
from tasks.ingest.code.licences import MAX_CHARACTERS, of_files
from tasks.ingest.source import UNREADABLE, unreadable, vanished
from tasks.io import RealPath
from tasks.node import Input
from tasks.record import Document, Loss

VERSION = 1
PACKAGES = ("resiliparse",)
SHARED = "texts"
LOCAL = True


class Source(CodeSource):
    """Each folder of `paths` is a repository, named like the folder.

    A file is met by its name: a language that .gitattributes give to an unknown extension comes too late.
    """

    kind: Literal["code"] = "code"

    def accepts(self, name: str) -> bool:
        return self.wants(name) or side_role(name) is not None

    def accepts_hidden(self, name: str) -> bool:
        return name == FILE

    def prefix(self, folder: Path) -> str:
        return f"{folder.resolve().name}/"


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The file as a document, or the reason why not. sides: the repositories' "licences" and "attributes"."""

    path = RealPath(file.path)
    repository, _, inner = file.name.partition("/")
    said = _attributes(_key(sides.get("attributes", ()))).of(file.name)
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            reason = refusal(source, inner, size, said)
            data = b"" if reason else stream.read()
    except OSError as error:
        yield unreadable(path, error)
        return
    if reason:
        yield Loss(reason, file.name, size=size)
        return
    folders = _licences(_key(sides.get("licences", ())))
    yield document_of(source, repository, inner, data, nearest(folders, file.name), said)


_Files = tuple[tuple[str, str, str], ...]  # name, path, digest


def _key(sides: Sequence[Input]) -> _Files:
    return tuple((side.name, side.path, side.digest) for side in sides)


@lru_cache(maxsize=8)
def _attributes(files: _Files) -> Tree:
    return Tree({name.rpartition("/")[0]: _start_of(path, digest, MAX_BYTES) for name, path, digest in files})


def _start_of(path: str, digest: str, size: int) -> str:
    """The first bytes of a small file as text; "" if it couldn't be read when the run was planned either."""
    try:
        with RealPath(path).open("rb") as file:
            return file.read(size).decode("utf-8", "replace")
    except OSError:
        if digest != UNREADABLE:
            raise vanished(path) from None
        return ""


@lru_cache(maxsize=8)
def _licences(files: _Files) -> dict[str, str | None]:
    """Folder -> licence, of the folders that have a licence file."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for name, path, digest in files:
        folder, _, base = name.rpartition("/")
        texts.setdefault(folder, []).append((base, _start_of(path, digest, MAX_CHARACTERS)))
    return {folder: of_files(found) for folder, found in texts.items()}
