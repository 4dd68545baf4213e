"""Fingerprints: canonical JSON, content digests of files, and a memory of files that were hashed before."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tasks.errors import ConfigError
from tasks.regular import may_be_read, regular

CHUNK = 1 << 20
RACY_SECONDS = 2.0  # a file this young may still change within its timestamp's resolution


def canonical(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8. Raises TypeError on what has no canonical form.

    Sets have no order, callables and arbitrary objects only a default repr, NaN and infinity no JSON form.
    """
    return json.dumps(
        _checked(value, ("$",)), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def _checked(value: Any, where: tuple[Any, ...]) -> Any:
    """where: (key, where its holder is): written out only in an error, since there are many values."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, list | tuple):
        checked: list[Any] = []
        for n, item in enumerate(value):  # shards often share their configuration: that is looked at once
            checked.append(checked[-1] if n and item is value[n - 1] else _checked(item, (n, where)))
        return checked
    if isinstance(value, dict | Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{_place(where)}: the key {key!r} is not a string")
        return {key: _checked(item, (key, where)) for key, item in value.items()}
    if not isinstance(value, float):
        raise TypeError(f"{_place(where)}: a {type(value).__name__} has no canonical form")
    if value != value or value in (float("inf"), float("-inf")):
        raise TypeError(f"{_place(where)}: {value} has no canonical form")
    return value


def _place(where: tuple[Any, ...]) -> str:
    key, *holder = where
    shown = f"[{key}]" if isinstance(key, int) else f".{key}"
    return _place(holder[0]) + shown if holder else str(key)


def digest(value: Any) -> str:
    """sha256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


@cache
def package_version(name: str) -> str:
    """The installed version of a distribution, "absent" if there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def checksum(path: Path) -> str:
    """sha256 of a file's bytes."""
    hasher = hashlib.sha256()
    with open(path, "rb", buffering=0, opener=regular) as file:
        while block := file.read(CHUNK):
            hasher.update(block)
    return hasher.hexdigest()


def content_digest(path: Path, physical: str | None = None) -> str:
    """A file's logical digest: over rows and values for Parquet (whose bytes carry the writer's version), else its bytes.

    physical: the checksum of the bytes, if it is known already.
    """
    if path.suffix == ".parquet":
        return parquet_digest(path)
    return physical or checksum(path)


def parquet_digest(path: Path) -> str:
    """A digest over column names, types, row order and values; independent of row groups, encoding and compression."""
    import pyarrow.parquet as pq

    from tasks.document import read_batches

    with pq.ParquetFile(path) as file:
        columns = {field.name: _ColumnHasher() for field in file.schema_arrow}
        types = [[field.name, str(field.type)] for field in file.schema_arrow]
    rows = 0
    for batch in read_batches([path], rows=4096):
        rows += batch.num_rows
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            columns[name].update(array)
    return digest(
        {"schema": types, "rows": rows, "columns": {name: item.parts() for name, item in columns.items()}}
    )


class _ColumnHasher:
    """Hashes a column piece by piece; lengths, values and validity each have a stream of their own."""

    def __init__(self) -> None:
        self._streams: dict[str, Any] = {}

    def update(self, array: Any, path: str = "") -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        self._add(path + "valid", array.is_valid().to_numpy(zero_copy_only=False).astype("u1"))
        kind = array.type
        if pa.types.is_nested(kind):
            if pa.types.is_struct(kind):
                for n, field in enumerate(kind):
                    self.update(array.field(n), f"{path}{field.name}.")
            else:
                lengths = pc.list_value_length(array).fill_null(0)
                self._add(path + "lengths", lengths.to_numpy(zero_copy_only=False).astype("i8"))
                self.update(array.flatten(), path + "items.")
        elif kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
            lengths = pc.binary_length(array).fill_null(0).to_numpy(zero_copy_only=False).astype("i8")
            self._add(path + "lengths", lengths)
            # Null slots are empty in arrays read from Parquet, so the values lie in one run of the data buffer.
            width = "i8" if kind in (pa.large_string(), pa.large_binary()) else "i4"
            self._add(path + "values", _value_bytes(array, width))
        elif pa.types.is_boolean(kind):
            self._add(path + "values", array.fill_null(False).to_numpy(zero_copy_only=False).astype("u1"))
        elif pa.types.is_null(kind):
            pass
        else:
            self._add(path + "values", array.fill_null(0).to_numpy(zero_copy_only=False))

    def _add(self, stream: str, data: Any) -> None:
        if stream not in self._streams:
            self._streams[stream] = hashlib.sha256()
        self._streams[stream].update(memoryview(data).cast("B") if len(data) else b"")

    def parts(self) -> dict[str, str]:
        return {name: hasher.hexdigest() for name, hasher in self._streams.items()}


def _value_bytes(array: Any, width: str) -> Any:
    import numpy as np

    _, offsets, data = array.buffers()
    if len(array) == 0 or data is None:
        return b""
    ends = np.frombuffer(offsets, dtype=width)[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


class FileDigests:
    """Content digests of files outside the store, remembered by size, mtime_ns, ctime_ns and inode."""

    def __init__(self, memory: Path):
        self._memory = memory
        self._changed = False
        try:
            self._known: dict[str, list[Any]] = json.loads(memory.read_text())
        except (OSError, ValueError):
            self._known = {}

    def digest(self, path: Path) -> str:
        """The content digest of a file; "unreadable" where it can't be read (the reader counts it as a loss).

        Raises ConfigError for a device, pipe or socket, whose content nobody could know.
        """
        key = str(path)
        try:
            before = os.stat(path)
            if not may_be_read(before.st_mode):
                raise ConfigError(f"{path} is a device, a pipe or a socket. Name a regular file.")
            mark = [before.st_size, before.st_mtime_ns, before.st_ctime_ns, before.st_ino]
            known = self._known.get(key)
            if known and known[:4] == mark and os.access(path, os.R_OK):
                return known[4]
            value = checksum(path)
        except OSError:
            return "unreadable"
        if time.time() - max(before.st_mtime, before.st_ctime) > RACY_SECONDS:
            self._known[key] = [*mark, value]
            self._changed = True
        return value

    def save(self) -> None:
        """Writes the memory beside its old version and renames it."""
        if self._changed:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._memory.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(self._known))
            os.replace(fresh, self._memory)
            self._changed = False
