"""Which files of a source make a shard together."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence

from tasks.io import Version, is_remote
from tasks.node import Input

PER_FILE = 4 << 10  # bytes that a file counts beside its own: so many empty ones don't share a shard


def record_groups(files: Sequence[Input], limit: int, alone: float) -> Iterator[list[Input]]:
    """Files of records in order: about `limit` bytes together, those of `alone` bytes and more by themselves.

    Whether a group ends behind a file depends on that file's name and size and on nothing else: a file that comes
    or goes touches the group in which it stands, and no other.
    """
    group: list[Input] = []
    for file in files:
        size = size_of(file)
        if size >= alone:
            yield [file]
            continue
        group.append(file)
        if _chance(file) < (size + PER_FILE) / limit:
            yield group
            group = []
    if group:
        yield group


def text_groups(files: Sequence[Input], limit: int) -> Iterator[list[Input]]:
    """Files that are a text each, in order: between half and twice `limit` bytes together.

    Where a group ends depends on the file before the border and on the group's size, so a new file moves the borders
    near it and no others.
    """
    group: list[Input] = []
    total = 0
    for file in files:
        size = size_of(file)
        if group and total + size > 2 * limit:
            yield group
            group, total = [], 0
        group.append(file)
        total += size
        if total >= limit / 2 and _chance(file) < 2 * size / limit:
            yield group
            group, total = [], 0
    if group:
        yield group


def _chance(file: Input) -> float:
    """A number from 0 to below 1 that the file's name decides."""
    mark = hashlib.sha256(file.name.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(mark[:4], "big") / 2**32


def size_of(file: Input) -> int:
    """Bytes of a file; 0 of what can't be read or is no file, a repository too: its packing isn't content."""
    if is_remote(file.path):
        version = Version.parse(file.digest)
        return version.size if version else 0
    try:
        found = os.lstat(file.path)
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
