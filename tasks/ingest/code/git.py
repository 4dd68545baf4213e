"""Code in git repositories, work trees or bare, at a revision: what is committed, whatever lies in the work tree."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from tasks.errors import ConfigError
from tasks.ingest.code.attributes import MAX_BYTES, NOTHING, Attributes, Tree
from tasks.ingest.code.files import CodeSource, document_of, is_licence, nearest, refusal, side_role
from tasks.ingest.code.generated import is_vendored
from tasks.ingest.code.git_objects import REGULAR, SUBMODULE, Entry, blobs, entries, git_folder, resolve
from tasks.ingest.code.licences import MAX_CHARACTERS, of_files
from tasks.node import Input
from tasks.record import Document, Loss
from tasks.regular import LINK

LOCAL = True
VERSION = 1
PACKAGES = ("resiliparse",)
SHARED = None  # a repository is a shard of its own
_COMMIT = "git:"
_NONE = "git:no-revision"
_AT_ONCE = 1000  # files that are asked for together


class Source(CodeSource):
    """Each repository of `paths`, or found in their folders, is one input, named like its folder.

    revision: a branch, tag or commit id in every one of them. A repository is known by the commit that this
    means when the run is planned; one without it is lost as `no-revision`. One whose `.git` is a link is lost as
    `link`: a tree could show any repository of the machine as its own.
    """

    kind: Literal["git"] = "git"
    revision: str = Field(default="HEAD", min_length=1)

    def accepts(self, name: str) -> bool:
        return False  # a file outside a repository

    def is_unit(self, folder: Path) -> bool:
        return git_folder(folder) is not None

    def digest(self, path: Path) -> str | None:
        """The commit that the revision is: git's object ids are digests of content."""
        if shutil.which("git") is None:
            raise ConfigError(
                f"ingest: source {self.name!r} needs git, and there is none on the PATH. "
                f"Install it (Debian, Ubuntu: apt-get install git), or check the files out and use kind: code."
            )
        if (path / ".git").is_symlink():
            return LINK
        commit = resolve(path, self.revision)
        return _NONE if commit is None else _COMMIT + commit


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The files of a commit; links (licences' too) and submodules are losses, files of other languages aren't met."""

    path = Path(file.path)
    commit = file.digest.removeprefix(_COMMIT)
    if file.digest == _NONE or git_folder(path) is None:
        yield Loss("no-revision" if file.digest == _NONE else "no-repository", file.name)
        return
    repository = file.name.removesuffix(".git") or file.name
    folders, attributes = _sides(source, path, commit, repository)
    met = _met(source, repository, entries(path, commit), attributes)
    while some := list(itertools.islice(met, _AT_ONCE)):
        contents = blobs(path, [entry.oid for entry, _, lost in some if not lost], source.max_bytes)
        for entry, said, lost in some:
            name = f"{repository}/{entry.path}" if entry.path else file.name
            data = lost or next(contents)
            yield (
                Loss(data, name)
                if isinstance(data, str)
                else document_of(
                    source, repository, entry.path, data, nearest(folders, name), said, revision=commit
                )
            )


def _met(
    source: Source, repository: str, listed: Iterable[Entry | None], attributes: Tree
) -> Iterator[tuple[Entry, Attributes, str | None]]:
    """Entries that are documents or losses, with what is said of them, and why they are lost without being read."""
    for entry in listed:
        if entry is None:
            yield Entry("", "", ""), NOTHING, "damaged-repository"
            continue
        name, said = f"{repository}/{entry.path}", attributes.of(entry.path)
        if entry.mode == SUBMODULE:
            yield entry, said, "submodule"
        elif entry.mode not in REGULAR:
            if side_role(name) or source.wants(entry.path, said):
                yield entry, said, LINK
        elif source.wants(entry.path, said) and not is_licence(name):
            yield entry, said, refusal(source, entry.path, 0, said)


def _sides(source: Source, path: Path, commit: str, repository: str) -> tuple[dict[str, str | None], Tree]:
    """Folder -> licence, of the folders that have a licence file; and what the commit's .gitattributes say."""
    found: dict[str, list[Entry]] = {"licences": [], "attributes": []}
    for entry in entries(path, commit):
        role = side_role(f"{repository}/{entry.path}") if entry and entry.mode in REGULAR else None
        if (
            entry
            and role
            and not (role == "licences" and source.leave_out_vendored and is_vendored(entry.path))
        ):
            found[role].append(entry)
    licences: dict[str, list[tuple[str, str]]] = {}
    for folder, base, text in _texts(path, found["licences"], 4 * MAX_CHARACTERS):
        licences.setdefault(f"{repository}/{folder}".removesuffix("/"), []).append((base, text))
    attributes = {folder: text for folder, _, text in _texts(path, found["attributes"], MAX_BYTES)}
    return {folder: of_files(texts) for folder, texts in licences.items()}, Tree(attributes)


def _texts(path: Path, files: Sequence[Entry], limit: int) -> Iterator[tuple[str, str, str]]:
    """Folder, name and text of each file that can be had."""
    for entry, data in zip(files, blobs(path, [entry.oid for entry in files], limit), strict=True):
        if isinstance(data, bytes):
            folder, _, base = entry.path.rpartition("/")
            yield folder, base, data.decode("utf-8", "replace")
