"""Which ids a shard has given out: exact, however many they are, in bounded memory.

The newest lie in a set. When that is full they become a sorted run in a file, which only ids that a Bloom filter
(Bloom 1970) can't rule out are looked for in; runs are merged two by two, so that there are few.
"""

from __future__ import annotations

import heapq
import mmap
import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import IO

RECENT = 1 << 19  # ids in the set, 100 bytes each
KEY = 16  # bytes of an id's hash
BLOCK = 256  # keys that are read at once; the first of each block is in memory
FILTER_BITS = 29  # 64 MB; at 100 million ids one in fourteen is looked for in vain
PROBES = 4


class Seen:
    """A set of ids that only grows. Files lie in `folder` and have no name there. A context manager."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._recent: set[bytes] = set()
        self._runs: list[_Run] = []  # the largest first
        self._filter: mmap.mmap | None = None

    def add(self, id: str) -> bool:
        """Whether the id is new; from now on it isn't."""
        key = blake2b(id.encode("utf-8", "surrogatepass"), digest_size=KEY).digest()
        if key in self._recent or (self._may_hold(key) and any(key in run for run in self._runs)):
            return False
        self._recent.add(key)
        if len(self._recent) >= RECENT:
            self._spill()
        return True

    def _may_hold(self, key: bytes) -> bool:
        found = self._filter
        return found is not None and all(found[place >> 3] & (1 << (place & 7)) for place in _places(key))

    def _spill(self) -> None:
        if self._filter is None:
            self._filter = mmap.mmap(-1, 1 << (FILTER_BITS - 3))
        for key in self._recent:
            for place in _places(key):
                self._filter[place >> 3] |= 1 << (place & 7)
        self._runs.append(_Run(self._folder, sorted(self._recent)))
        self._recent = set()
        while len(self._runs) > 1 and self._runs[-2].count <= self._runs[-1].count:
            newer, older = self._runs.pop(), self._runs.pop()
            self._runs.append(_Run(self._folder, heapq.merge(older.keys(), newer.keys())))
            newer.close()
            older.close()

    def close(self) -> None:
        for run in self._runs:
            run.close()
        if self._filter is not None:
            self._filter.close()

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _places(key: bytes) -> Iterator[int]:
    for probe in range(PROBES):
        yield int.from_bytes(key[4 * probe : 4 * probe + 4], "little") & ((1 << FILTER_BITS) - 1)


class _Run:
    """Sorted keys in a file, and the first of each block in memory."""

    def __init__(self, folder: Path, keys: Iterable[bytes]):
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - close()
        self._firsts: list[bytes] = []
        self.count = 0
        keys = iter(keys)
        while block := list(islice(keys, BLOCK)):
            self._firsts.append(block[0])
            self.count += len(block)
            self._file.write(b"".join(block))
        self._file.flush()

    def _block(self, number: int) -> bytes:
        return os.pread(self._file.fileno(), BLOCK * KEY, number * BLOCK * KEY)

    def __contains__(self, key: bytes) -> bool:
        number = bisect_right(self._firsts, key) - 1
        if number < 0:
            return False
        block = self._block(number)
        at = block.find(key)
        while at >= 0 and at % KEY:  # across two keys
            at = block.find(key, at + 1)
        return at >= 0

    def keys(self) -> Iterator[bytes]:
        for number in range(len(self._firsts)):
            block = self._block(number)
            yield from (block[at : at + KEY] for at in range(0, len(block), KEY))

    def close(self) -> None:
        self._file.close()
