"""Which ids a shard has given out: exact, however many they are, in bounded memory.

The newest lie in a set. When that is full they go to a database in a file, where SQLite looks for them.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from hashlib import blake2b
from pathlib import Path

RECENT = 1 << 19  # ids in the set, 100 bytes each
CACHE = 64 << 10  # kB of the database in memory


class Seen:
    """A set of ids that only grows. Its file lies in `folder` and has no name there. A context manager."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._recent: set[bytes] = set()
        self._older: sqlite3.Connection | None = None

    def add(self, id: str) -> bool:
        """Whether the id is new; from now on it isn't."""
        key = blake2b(id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if key in self._recent or (self._older and self._is_older(self._older, key)):
            return False
        self._recent.add(key)
        if len(self._recent) >= RECENT:
            self._older = self._older or _database(self._folder)
            self._older.executemany("INSERT INTO ids VALUES (?)", zip(sorted(self._recent)))
            self._recent.clear()
        return True

    def _is_older(self, database: sqlite3.Connection, key: bytes) -> bool:
        return database.execute("SELECT 1 FROM ids WHERE id = ?", (key,)).fetchone() is not None

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *error: object) -> None:
        if self._older:
            self._older.close()


def _database(folder: Path) -> sqlite3.Connection:
    """An empty one. Nobody else sees it and no crash leaves it, so it needs neither locks nor a journal."""
    descriptor, path = tempfile.mkstemp(dir=folder)
    os.close(descriptor)
    database = sqlite3.connect(path, isolation_level=None)
    for setting in (
        f"cache_size = {-CACHE}",
        "journal_mode = OFF",
        "synchronous = OFF",
        "locking_mode = EXCLUSIVE",
    ):
        database.execute(f"PRAGMA {setting}")
    database.execute("CREATE TABLE ids (id BLOB PRIMARY KEY) WITHOUT ROWID")
    database.execute("BEGIN")  # of the one transaction that there is
    os.unlink(path)
    return database
