"""Code in git repositories, work trees or bare, at a revision: what is committed, whatever lies in the work tree."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from tasks.errors import ConfigError
from tasks.ingest.code.attributes import MAX_BYTES, Tree
from tasks.ingest.code.files import CodeSource, document_of, is_licence, nearest, refusal, side_role
from tasks.ingest.code.generated import is_vendored
from tasks.ingest.code.git_objects import REGULAR, SUBMODULE, Objects, entries, git_folder, resolve
from tasks.ingest.code.licences import MAX_CHARACTERS, of_files
from tasks.node import Input
from tasks.regular import LINK

if TYPE_CHECKING:
    from tasks.document import Document, Loss

LOCAL = True
VERSION = 1
PACKAGES = ("resiliparse",)
SHARED = None  # a repository is a shard of its own
_COMMIT = "git:"
_NONE = "git:no-revision"


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
    from tasks.document import Loss

    path = Path(file.path)
    commit = file.digest.removeprefix(_COMMIT)
    if file.digest == _NONE or git_folder(path) is None:
        yield Loss("no-revision" if file.digest == _NONE else "no-repository", file.name)
        return
    repository = file.name.removesuffix(".git") or file.name
    with Objects(path) as objects:
        folders, attributes = _sides(source, path, commit, repository, objects)
        for entry in entries(path, commit):
            if entry is None:
                yield Loss("damaged-repository", file.name)
                continue
            name = f"{repository}/{entry.path}"
            said = attributes.of(entry.path)
            if entry.mode == SUBMODULE:
                yield Loss("submodule", name)
            elif entry.mode not in REGULAR:
                if side_role(name) or source.wants(entry.path, said):
                    yield Loss(LINK, name)
            elif not source.wants(entry.path, said) or is_licence(name):
                continue
            else:
                data = refusal(source, entry.path, 0, said) or objects.read(entry.oid, source.max_bytes)
                yield (
                    Loss(data, name)
                    if isinstance(data, str)
                    else document_of(
                        source, repository, entry.path, data, nearest(folders, name), said, revision=commit
                    )
                )


def _sides(
    source: Source, path: Path, commit: str, repository: str, objects: Objects
) -> tuple[dict[str, str | None], Tree]:
    """Folder -> licence, of the folders that have a licence file; and what the commit's .gitattributes say."""
    licences: dict[str, list[tuple[str, str]]] = {}
    attributes: dict[str, str] = {}
    for entry in entries(path, commit):
        role = side_role(f"{repository}/{entry.path}") if entry else None
        if entry is None or role is None or entry.mode not in REGULAR:
            continue
        if role == "licences" and source.leave_out_vendored and is_vendored(entry.path):
            continue
        data = objects.read(entry.oid, 4 * MAX_CHARACTERS if role == "licences" else MAX_BYTES)
        if isinstance(data, str):
            continue
        text = data.decode("utf-8", "replace")
        folder, _, base = entry.path.rpartition("/")
        if role == "attributes":
            attributes[folder] = text
        else:
            licences.setdefault(f"{repository}/{folder}".removesuffix("/"), []).append((base, text))
    return {folder: of_files(found) for folder, found in licences.items()}, Tree(attributes)
