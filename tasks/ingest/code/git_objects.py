"""Commits, trees and blobs through the git program, without hooks, network, or anything else a repository may ask for.

A repository is data from elsewhere: its configuration could name programs to run (file-system monitor, hooks,
transports for objects left out of a partial clone), and its replacement refs could put other content behind an id.
All of that is off. Object ids are digests, and a blob that hasn't its own is damaged.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import subprocess
from collections.abc import Iterator
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
    process = spawn(
        _command(path, "ls-tree", "-r", "-z", "--full-tree", commit),
        env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    listing = process.stdout
    assert listing is not None
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


class Objects:
    """Blobs by id, from one `git cat-file --batch`, which is started anew if an object kills it. A context manager.

    git passes a blob on as it is stored, without comparing it with its id or with the size that it names first: behind
    a smaller one it would just wait. So each question is followed by one for a name that no repository has, whose
    answer ends the blob however long it is, and the id is compared here.
    """

    def __init__(self, path: Path):
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._nothing = secrets.token_hex(20).encode()

    def __enter__(self) -> Objects:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def read(self, oid: str, limit: int) -> bytes | str:
        """The content, or the reason why there is none: "missing-object", "damaged-object", "too-large"."""
        process = self._process = self._process or self._start()
        given, taken = _pipes(process)
        end = self._nothing + b" missing\n"
        try:
            given.write(oid.encode("ascii") + b"\n" + self._nothing + b"\n")
            given.flush()
            head = taken.readline().split()
            if len(head) == 2 and head[1] == b"missing" and taken.readline() == end:
                return "missing-object"
            size = int(head[2])
            data = _up_to(taken, b"\n" + end, size, limit)
            return "too-large" if size > limit else data if _is(oid, data) else "damaged-object"
        except (OSError, ValueError, IndexError):
            pass
        self._stop()
        return "damaged-object"

    def _start(self) -> subprocess.Popen[bytes]:
        return spawn(
            _command(self._path, "cat-file", "--batch"),
            env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _stop(self) -> None:
        if self._process:
            for pipe in _pipes(self._process):
                with contextlib.suppress(OSError):  # what it didn't read before it died
                    pipe.close()
            end(self._process)
        self._process = None


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _up_to(stream: IO[bytes], end: bytes, size: int, limit: int) -> bytes:
    """What comes before `end`; only its last bytes where `size`, what it should have, is beyond the limit.

    ValueError where much more comes, OSError where the stream ends.
    """
    held = bytearray()
    while not held.endswith(end):
        chunk = stream.read1(_CHUNK)  # type: ignore[attr-defined]  # what there is, without waiting for more
        if not chunk:
            raise OSError("the stream has ended")
        held += chunk
        if size > limit:
            del held[: -len(end)]
        elif len(held) > size + len(end):
            raise ValueError("more than there should be")
    return bytes(held[: -len(end)])


def _is(oid: str, data: bytes) -> bool:
    """Whether a blob's content has this id (SHA-1 or SHA-256, by its length)."""
    digest = hashlib.sha1 if len(oid) == 40 else hashlib.sha256
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == oid
