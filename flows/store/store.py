"""The artifact store: a folder in which every artifact is complete or absent.

    <store>/<node>/<fingerprint>/             manifest.json and outputs
    <store>/.shards/<node>/<fingerprint>/     one shard's output and its shard.json, stored once
    <store>/.runs/<run id>/                   a run's record, log and report
    <store>/.work/<run id>/                   what a run is writing; swept when its owner is gone
    <store>/.remote/                          what remote inputs were when a run last asked (flows/store/remote.py)
    <store>/.attempts/, .locks/, format       former attempts; locks; the store's format version

Commit: write into .work, fsync, checksum, metadata last, rename. Committed files are read-only, and an
artifact's shard files are hard links to the shards' own (copies where links can't be had). A loser of a
race finds an equal artifact in place and discards its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import heapq
import itertools
import json
import os
import shutil
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.store.fingerprint import checksum, content_digest, digest
from flows.store.locks import FileLock
from tasks.errors import ConfigError, StageError

FORMAT = 1
MANIFEST = "manifest.json"
SHARD = "shard.json"


@dataclass(frozen=True)
class Miss:
    """Why something can't be reused."""

    reason: str


class Store:
    """One store; cheap to make, safe to use from many processes at once."""

    def __init__(self, root: Path):
        self.root = Path(root)

    def prepare(self) -> None:
        """Creates the store's folder, or checks that its format is ours."""
        mark = self.root / "format"
        try:
            found = mark.read_text().strip()
        except FileNotFoundError:
            self.root.mkdir(parents=True, exist_ok=True)
            write_atomically(mark, f"{FORMAT}\n")
            return
        if found != str(FORMAT):
            raise ConfigError(f"{self.root}: the store has format {found}, this smelt reads format {FORMAT}")

    # -- where things are

    def artifact(self, node: str, fingerprint: str) -> Path:
        return self.root / node / fingerprint

    def shard(self, node: str, fingerprint: str) -> Path:
        return self.root / ".shards" / node / fingerprint

    def run(self, run_id: str) -> Path:
        return self.root / ".runs" / run_id

    def latest_run(self) -> Path | None:
        """The folder of the last run, or None."""
        link = self.root / ".runs" / "latest"
        return link.resolve() if link.exists() else None

    def lock(self, node: str, fingerprint: str, **options: Any) -> FileLock:
        return FileLock(self.root / ".locks" / f"{node}-{fingerprint}", **options)

    # -- reading

    def lookup(self, node: str, fingerprint: str) -> dict[str, Any] | Miss:
        """An artifact's manifest if it is whole (every file there, with its size), else a Miss."""
        found = _whole(self.artifact(node, fingerprint) / MANIFEST)
        return Miss("no artifact") if found == Miss("absent") else found

    def lookup_shard(self, node: str, fingerprint: str) -> dict[str, Any] | Miss:
        """A shard's record if it is whole, else a Miss."""
        return _whole(self.shard(node, fingerprint) / SHARD)

    def artifacts(self, node: str, most: int) -> list[dict[str, Any]]:
        """The manifests of a node's artifacts, the `most` newest ones and these first; damaged ones are left out."""
        made = {path: path.stat().st_mtime_ns for path in (self.root / node).glob(f"*/{MANIFEST}")}
        found = map(read_metadata, heapq.nlargest(most, made, key=made.__getitem__))
        return [manifest for manifest in found if not isinstance(manifest, Miss)]

    def verify(self, node: str, fingerprint: str) -> list[str]:
        """Reads every byte of an artifact; returns what is wrong, a line each."""
        folder = self.artifact(node, fingerprint)
        manifest = read_metadata(folder / MANIFEST)
        if isinstance(manifest, Miss):
            return [f"{folder}: {manifest.reason}"]
        wrong = []
        if digest(manifest["payload"]) != fingerprint:
            wrong.append(f"{folder / MANIFEST}: the payload doesn't hash to the fingerprint")
        for entry in manifest["files"]:
            path = folder / entry["path"]
            try:
                if path.stat().st_size != entry["size"]:
                    wrong.append(f"{path}: {path.stat().st_size} bytes instead of {entry['size']}")
                elif checksum(path) != entry["checksum"]:
                    wrong.append(f"{path}: the checksum differs")
            except OSError as error:
                wrong.append(f"{path}: {error.strerror}")
        return wrong

    # -- writing

    @contextlib.contextmanager
    def workspace(self, run_id: str) -> Iterator[Path]:
        """A folder to write in while this process lives; also sweeps those whose owners are gone."""
        self.sweep()
        folder = self.root / ".work" / run_id
        owner = FileLock(folder / "owner")
        if not owner.try_acquire():
            raise StageError(f"{folder}: another process holds this run's workspace")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            owner.release()

    def sweep(self) -> None:
        """Removes the workspaces of dead processes."""
        for folder in sorted((self.root / ".work").glob("*")):
            owner = FileLock(folder / "owner")
            if owner.try_acquire():
                shutil.rmtree(folder, ignore_errors=True)
                owner.release()

    def commit_shard(
        self, node: str, fingerprint: str, out: Path, record: Mapping[str, Any], volatile: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Makes a finished shard's folder the shard's stored output; returns its record with its files."""
        identity = {"format": FORMAT, "node": node, "fingerprint": fingerprint}
        full = {**record, **identity, "files": seal(out, volatile=volatile)}
        write_synced(out / SHARD, json.dumps(full))
        target = self.shard(node, fingerprint)
        if not publish(out, target):
            present = self.lookup_shard(node, fingerprint)
            if not isinstance(present, Miss) and _digests(present) == _digests(full):
                shutil.rmtree(out, ignore_errors=True)
                return present
            self.replace(out, target)
        return full

    def commit_artifact(
        self, node: str, fingerprint: str, out: Path, manifest: Mapping[str, Any], *, replace: bool
    ) -> None:
        """Writes the manifest into a staged folder and makes it the artifact; `replace` retires a former one."""
        write_synced(out / MANIFEST, json.dumps(manifest, indent=1))
        target = self.artifact(node, fingerprint)
        if out == target or publish(out, target):
            return
        present = self.lookup(node, fingerprint)
        if not replace and not isinstance(present, Miss) and present["outputs"] == manifest["outputs"]:
            shutil.rmtree(out, ignore_errors=True)
            return
        self.replace(out, target)

    def replace(self, out: Path, target: Path) -> None:
        """Puts `out` in the place of `target` in one step; the former moves to .attempts."""
        attempts = self.root / ".attempts" / target.relative_to(self.root)
        attempts.mkdir(parents=True, exist_ok=True)
        exchange(out, target)
        for number in itertools.count(1):
            try:
                os.rename(out, attempts / str(number))
                return
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise


# -- files


def output_of(path: str) -> str:
    """The output that a file of an artifact belongs to: its path's first part, without extension.

    >>> output_of("documents/00000-web.parquet"), output_of("clusters.parquet")
    ('documents', 'clusters')
    """
    return path.split("/", 1)[0].split(".", 1)[0]


def seal(folder: Path, *, skip: Container[str] = (), volatile: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Makes a folder's files durable and read-only; returns {path, size, checksum, output, digest} for each, by path.

    A volatile output's files have no content digest: "" stands for it.
    """
    entries = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or name in skip:
            continue
        physical, output = checksum(path), output_of(name)
        content = "" if output in volatile else content_digest(path, physical)
        entry = {"path": name, "size": path.stat().st_size, "checksum": physical, "output": output}
        entries.append({**entry, "digest": content})
        sync(path)
        path.chmod(0o444)
    for path in [folder, *(item for item in folder.rglob("*") if item.is_dir())]:
        sync(path)
    return entries


def link(source: Path, target: Path) -> None:
    """A hard link, or a read-only copy where the file system won't link."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
            raise
        shutil.copyfile(source, target)
        sync(target)
        target.chmod(0o444)


def publish(out: Path, target: Path) -> bool:
    """Renames a folder to its place and makes that durable; False if something stands there already."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sync(out)
    try:
        os.rename(out, target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            return False
        raise
    sync(target.parent)
    return True


def exchange(one: Path, other: Path) -> None:
    """Swaps two paths in one step (renameat2, Linux); elsewhere, in two."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    at_cwd, swap = -100, 2
    if rename is None or rename(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), swap) != 0:
        aside = one.with_name(one.name + ".former")
        os.rename(other, aside)
        os.rename(one, other)
        os.rename(aside, one)
    sync(other.parent)


def sync(path: Path) -> None:
    """fsync of a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(path: Path, text: str) -> None:
    """Writes a file and makes it durable."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, text: str) -> None:
    """Replaces a file's content in one step."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    write_synced(fresh, text)
    os.replace(fresh, path)


def read_metadata(path: Path) -> dict[str, Any] | Miss:
    """A manifest or shard record, or why it can't be used."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return Miss("absent" if not path.parent.exists() else f"{path.name} is missing")
    except (OSError, ValueError) as error:
        return Miss(f"{path.name} is unreadable ({error})")
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        return Miss(f"{path.name} has another format")
    return value


def _whole(path: Path) -> dict[str, Any] | Miss:
    """A manifest or shard record whose files are all there, with their sizes, or why it can't be used."""
    found = read_metadata(path)
    if isinstance(found, Miss) or (damage := missing_file(path.parent, found["files"])) is None:
        return found
    return Miss(damage)


def missing_file(folder: Path, files: Sequence[Mapping[str, Any]]) -> str | None:
    """The first listed file that is absent or of another size, as a reason; None if all are there."""
    for entry in files:
        try:
            size = os.stat(f"{folder}/{entry['path']}").st_size
        except OSError:
            return f"{entry['path']} is missing"
        if size != entry["size"]:
            return f"{entry['path']} has {size} bytes instead of {entry['size']}"
    return None


def _digests(record: Mapping[str, Any]) -> dict[str, str]:
    return {entry["path"]: entry["digest"] for entry in record["files"]}
