"""Commits, trees and blobs through the git program, without hooks, network, or anything else a repository may ask for.

A repository is data from elsewhere: its configuration could name programs to run (file-system monitor, hooks,
transports for objects left out of a partial clone), and its replacement refs could put other content behind an id.
All of that is off. Object ids are digests, and a blob that hasn't its own is damaged.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tasks.process import end, spawn

REGULAR = ("100644", "100755", "100664")
SUBMODULE = "160000"
_CHUNK = 64 << 10
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "",  # no transport at all
}
# A repository may belong to another user: nothing in it is run.
_SETTINGS = (
    "safe.directory=*",
    "protocol.allow=never",
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, link or submodule of a commit's tree. path: undecodable bytes as lone surrogates."""

    mode: str
    oid: str
    path: str


def git_folder(path: Path) -> Path | None:
    """Where a repository's objects are: of a work tree its `.git`, of a bare repository itself; None if it is none."""
    if (path / ".git").exists():
        return path / ".git"
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()
    return path if bare else None


def _command(path: Path, *arguments: str) -> list[str]:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    return ["git", *settings, f"--git-dir={git_folder(path) or path}", *arguments]


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), **_ENVIRONMENT}


def resolve(path: Path, revision: str) -> str | None:
    """The id of the commit that a branch, tag or id means in a repository; None if there is none."""
    done = subprocess.run(
        _command(path, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"),
        env=_environment(), stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
    found = done.stdout.decode("ascii", "replace").strip()
    return found if done.returncode == 0 and found else None


def entries(path: Path, commit: str) -> Iterator[Entry | None]:
    """What a commit's tree holds, in git's order; None at the end if a tree couldn't be read."""
    process, listing = _start(path, "ls-tree", "-r", "-z", "--full-tree", commit, stdin=subprocess.DEVNULL)
    try:
        rest = b""
        while chunk := listing.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\0")
            for line in lines:
                about, _, name = line.partition(b"\t")
                mode, _, oid = about.decode("ascii").split(" ")
                yield Entry(mode, oid, name.decode("utf-8", "surrogateescape"))
        if process.wait() or rest:
            yield None
    finally:
        listing.close()
        end(process)


def blobs(path: Path, oids: Sequence[str], limit: int) -> Iterator[bytes | str]:
    """What blobs hold, in turn, or why it can't be had: "missing-object", "damaged-object", "too-large" (in bytes).

    git passes a blob on as it is stored, without comparing it with its id or with the size that it names first. So ids
    are compared here, and behind a blob that hasn't its own git is started anew, with the rest.
    """
    done = 0
    while done < len(oids):
        for blob in _blobs(path, oids[done:], limit):
            done += 1
            yield blob


def _blobs(path: Path, oids: Sequence[str], limit: int) -> Iterator[bytes | str]:
    """At least one and at most all of them, from one `git cat-file`. All is asked at once: git never waits."""
    with tempfile.TemporaryFile() as asked:
        asked.write("\n".join(oids).encode("ascii"))
        asked.seek(0)
        process, answers = _start(path, "cat-file", "--batch", stdin=asked)
        try:
            for number, oid in enumerate(oids):
                head = answers.readline().split()
                if head == [oid.encode(), b"missing"]:
                    yield "missing-object"
                    continue
                if head[:2] != [oid.encode(), b"blob"]:
                    if number == 0:  # else it may be the fault of the one before
                        yield "damaged-object"
                    return
                size = int(head[2])
                data = _taken(answers, size, limit)
                if size <= limit and not _is(oid, data):
                    yield "damaged-object"
                    return
                yield data if size <= limit else "too-large"
                answers.read(1)
        finally:
            answers.close()
            end(process)


def _taken(stream: IO[bytes], size: int, limit: int) -> bytes:
    """The next `size` bytes, or fewer where the stream ends; b"" in place of more than the limit."""
    if size <= limit:
        return stream.read(size)
    while size > 0 and (chunk := stream.read(min(size, _CHUNK))):
        size -= len(chunk)
    return b""


def _start(path: Path, *arguments: str, stdin: int | IO[bytes]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    process = spawn(
        _command(path, *arguments),
        env=_environment(), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    return process, process.stdout


def _is(oid: str, data: bytes) -> bool:
    """Whether a blob's content has this id (SHA-1 or SHA-256, by its length)."""
    digest = hashlib.sha1 if len(oid) == 40 else hashlib.sha256
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == oid
