"""Rows with named columns (JSON Lines, Parquet) to documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from tasks.ingest.source import BaseSource
from tasks.node import Config

if TYPE_CHECKING:
    from tasks.document import Document, Loss


class Columns(Config):
    """Which column holds what; a dot goes into nested objects ("meta.url"). Null and absent are the same."""

    text: str = "text"
    id: str | None = "id"
    url: str | None = "url"
    date: str | None = "date"


class RowSource(BaseSource):
    """columns: where text, id, url and date are. document_kind: which rules filter applies later."""

    columns: Columns = Columns()
    document_kind: Literal["web", "book", "code", "text"] = "text"


def document_of(source: RowSource, row: Any, file: str, number: int) -> Document | Loss:
    """The document of a row, or the reason why it is none. number: from 1; the key of rows without id."""
    from tasks.document import Document, Loss, document_id
    from tasks.ingest.charset import clean
    from tasks.ingest.warc import host

    where = f"{file}:{number}"
    if not isinstance(row, Mapping):
        return Loss("not-an-object", where)
    text = _get(row, source.columns.text)
    url = _string(_get(row, source.columns.url))
    if text is None:
        return Loss("no-text", where, url)
    if not isinstance(text, str):
        return Loss("bad-text", where, url)
    text = clean(text)
    if not text.strip():
        return Loss("empty", where, url)
    key = _string(_get(row, source.columns.id))
    key = f":{number}" if key is None else key
    default = (host(url or "") if source.document_kind == "web" else "") or f"{file}#{key}"
    return Document(
        document_id(source.name, file, key),
        text,
        url=url,
        source=source.name,
        kind=source.document_kind,
        date=_string(_get(row, source.columns.date)),
        metadata={"group": source.group_of(url or f"{file}#{key}", default)},
    )


def _get(row: Mapping[str, Any], column: str | None) -> Any:
    if column is None:
        return None
    if column in row or "." not in column:
        return row.get(column)
    first, rest = column.split(".", 1)
    inner = row.get(first)
    return _get(inner, rest) if isinstance(inner, Mapping) else None


def _string(value: Any) -> str | None:
    from tasks.ingest.charset import clean

    if value is None or isinstance(value, (list, dict)):
        return None
    return clean(value if isinstance(value, str) else str(value)) or None
