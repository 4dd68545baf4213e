"""Rows with named columns (JSON Lines, Parquet, CSV) to documents."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from tasks.ingest.source import BaseSource
from tasks.node import Config
from tasks.record import Document, Loss, document_id
from tasks.text import clean, unreadable

MISSING = "missing-column"  # a file without the column of the text
FEW_CONTROLS = 8  # NULs, other controls and lone surrogates that any text may have: they are cut out
MAX_CONTROLS = 0.05  # and the share of its characters beyond those


class Columns(Config):
    """Which column holds what. Null and absent are the same.

    A dot goes into nested objects ("meta.url"), a number into lists ("messages.0.content"); the columns of a
    CSV file without header are numbers from 1.
    metadata: further columns that are kept, under their names, in the documents' metadata.
    """

    text: str = "text"
    id: str | None = "id"
    url: str | None = "url"
    date: str | None = "date"
    metadata: list[str] = Field(default_factory=list)

    @field_validator("text", "id", "url", "date", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return str(value) if type(value) is int else value


class RowSource(BaseSource):
    """columns: where text, id, url and date are. document_kind: which rules filter applies later."""

    columns: Columns = Columns()
    document_kind: Literal["web", "book", "code", "text"] = "text"


def document_of(source: RowSource, row: Any, file: str, number: int) -> Document | Loss:
    """The document of a row, or the reason why it is none. number: from 1; the key of rows without id."""
    from tasks.ingest.warc import host

    where = f"{file}:{number}"
    if not isinstance(row, Mapping):
        return Loss("not-an-object", where)
    columns = source.columns
    try:
        url = _string(row, columns.url, "bad-url")
        text = _text(_get(row, columns.text))
        key = _string(row, columns.id, "bad-id")
        date = _string(row, columns.date, "bad-date")
    except _Rejected as error:
        return Loss(error.reason, where, _address(row, columns.url), error.size)
    if unreadable(text):
        return Loss("bad-charset", where, url, len(text))
    key = f":{number}" if key is None else key
    default = (host(url or "") if source.document_kind == "web" else "") or f"{file}#{key}"
    metadata = {name: _plain(_get(row, name)) for name in columns.metadata}
    metadata = {name: value for name, value in metadata.items() if value is not None}
    return Document(
        document_id(source.name, file, key),
        text,
        url=url,
        source=source.name,
        kind=source.document_kind,
        date=date,
        metadata={**metadata, "group": source.group_of(url or f"{file}#{key}", default)},
    )


class _Rejected(Exception):
    def __init__(self, reason: str, size: int = 0):
        self.reason, self.size = reason, size


def _text(value: Any) -> str:

    if value is None:
        raise _Rejected("no-text")
    if isinstance(value, bytes):  # Parquet without the UTF-8 annotation
        try:
            value = value.decode()
        except UnicodeDecodeError:
            raise _Rejected("bad-utf8", len(value)) from None
    if not isinstance(value, str):
        raise _Rejected("bad-text")
    text = clean(value)
    if not text.strip():
        raise _Rejected("empty", len(value))
    removed = len(value) - len(text)
    if removed > FEW_CONTROLS and removed - value.count("\r\n") > FEW_CONTROLS + MAX_CONTROLS * len(value):
        raise _Rejected("control-characters", len(value))
    return text


def _get(row: Mapping[str, Any], column: str | None) -> Any:
    """The value of a column. A column whose own name has a dot comes before one within another.

    >>> _get({"a": {"b": [{"c": 1}]}}, "a.b.0.c"), _get({"a.b": 2}, "a.b"), _get({"a": 3}, "a.b")
    (1, 2, None)
    """
    if column is None:
        return None
    if column in row or "." not in column:
        return row.get(column)
    first, rest = column.split(".", 1)
    inner = row.get(first)
    if isinstance(inner, list):
        inner = {str(number): item for number, item in enumerate(inner)}
    return _get(inner, rest) if isinstance(inner, Mapping) else None


def _string(row: Mapping[str, Any], column: str | None, reason: str) -> str | None:
    """A scalar as text; `_Rejected` for a truth value, a list, an object."""

    value = _get(row, column)
    if value is None:
        return None
    if isinstance(value, datetime.date | datetime.time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, bool) or not isinstance(value, str | int | float | decimal.Decimal):
        raise _Rejected(reason)
    return clean(str(value)) or None


def _address(row: Mapping[str, Any], column: str | None) -> str | None:
    """The address of a row that is lost for another reason."""
    try:
        return _string(row, column, "bad-url")
    except _Rejected:
        return None


def _plain(value: Any) -> Any:
    """A value that JSON can hold, without lone surrogates; what it can't hold becomes text."""

    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None  # neither NaN nor infinite: JSON has no such numbers
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else clean(str(value))
