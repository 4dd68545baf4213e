"""Code in folders: the files as they are, tracked or not (kind `git` reads repositories at a revision)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tasks.ingest.licences import MAX_CHARACTERS, of_files
from tasks.ingest.source import unreadable
from tasks.ingest.source_code import CodeSource, document_of, is_licence, nearest, refusal
from tasks.node import Input

if TYPE_CHECKING:
    from tasks.document import Document, Loss

PER_FILE = False
LOCAL = True


class Source(CodeSource):
    """Each folder of `paths` is a repository, named like the folder."""

    kind: Literal["code"] = "code"

    def accepts(self, name: str) -> bool:
        return self.wants(name) or is_licence(name)

    def prefix(self, folder: Path) -> str:
        return f"{folder.resolve().name}/"


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The file as a document, or the reason why not. sides["licences"]: the repositories' licence files."""
    from tasks.document import Loss

    path = Path(file.path)
    repository, _, inner = file.name.partition("/")
    try:
        size = path.stat().st_size
        reason = refusal(source, inner, size)
        data = b"" if reason else path.read_bytes()
    except OSError as error:
        yield unreadable(path, error)
        return
    if reason:
        yield Loss(reason, file.name, size=size)
        return
    folders = _licences(tuple((side.name, side.path, side.digest) for side in sides.get("licences", ())))
    yield document_of(source, repository, inner, data, nearest(folders, file.name))


@lru_cache(maxsize=8)
def _licences(files: tuple[tuple[str, str, str], ...]) -> dict[str, str | None]:
    """Folder -> licence, of the folders that have a licence file."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for name, path, _ in files:
        folder, _, base = name.rpartition("/")
        try:
            with open(path, "rb") as file:
                text = file.read(MAX_CHARACTERS).decode("utf-8", "replace")
        except OSError:
            text = ""
        texts.setdefault(folder, []).append((base, text))
    return {folder: of_files(found) for folder, found in texts.items()}
