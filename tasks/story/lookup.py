"""Rows of ledgers and tables by id, by the beginning of an id, or by url, without reading the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow.dataset as ds

Rows = list[dict[str, Any]]
MOST = 1000
_ID = re.compile(r"[0-9a-fA-F]{6,64}")


def is_id(key: str) -> bool:
    """Whether a key can be an id or its beginning: six hex digits or more."""
    return _ID.fullmatch(key) is not None


def find(files: Sequence[Path], key: Any, *, column: str = "id", exact: bool = False,
         near: str | None = None) -> Rows:  # fmt: skip
    """The rows whose `column` is `key`, or begins with it where that is hex digits and not `exact`.

    Row groups whose statistics rule the key out are not read. `near`, the name of a file, is asked first: a
    document's rows lie in shards of the same name. Each row also tells its file's name as `_file`.
    """
    import pyarrow.dataset as ds

    field = ds.field(column)
    if column == "id" and not exact:
        low = str(key).lower()
        wanted = (field >= low) & (field < low + "g")  # "g" follows every hex digit
    else:
        wanted = field == key
    first = [path for path in files if path.name == near]
    return (_rows(first, column, wanted) if first else []) or _rows(files, column, wanted)


def find_urls(files: Sequence[Path], url: str, *, contained: bool = False, most: int = MOST) -> Rows:
    """The rows of that url, or (contained) those whose url contains it, whatever the case."""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    field = ds.field("url")
    wanted = pc.match_substring(field, url, ignore_case=True) if contained else field == url
    return _rows(files, "url", wanted, most)


def find_named(files: Sequence[Path], name: str, *, contained: bool = False, most: int = MOST) -> Rows:
    """The documents without a url that have this path or title, or (contained) one that holds it."""
    import json

    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    text = json.dumps(name, ensure_ascii=False)
    pattern = text.strip('"') if contained else text
    field = ds.field("metadata")
    wanted = ds.field("url").is_null() & pc.match_substring(field, pattern, ignore_case=contained)
    return _rows(files, "metadata", wanted, most, ["id", "metadata"])


def _rows(
    files: Sequence[Path],
    column: str,
    wanted: ds.Expression,
    most: int = MOST,
    columns: list[str] | None = None,
) -> Rows:
    """In the order of files; those that can't be read, or have no such column, hold nothing."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    found: Rows = []
    for path in files:
        try:
            table = ds.dataset(path, format="parquet")
            if column in table.schema.names:
                rows = table.scanner(columns=columns, filter=wanted, batch_size=4096).head(most - len(found))
                found += [row | {"_file": path.name} for row in rows.to_pylist()]
        except (OSError, pa.ArrowException):
            continue
        if len(found) >= most:
            break
    return found
