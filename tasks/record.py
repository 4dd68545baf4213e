"""What a reader makes of a record: a document or a loss. Without Arrow, so that planning can import it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Document:
    """One document on its way through the pipeline; the fields are the columns of `DOCUMENTS`."""

    id: str
    text: str
    url: str | None = None
    source: str = ""
    kind: str = "text"
    language: str | None = None
    language_score: float | None = None
    date: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Loss:
    """What a reader could not turn into a document.

    reason: a short name in kebab-case, counted in the ledger ("not-html", "truncated").
    where: file and record, or byte offset, for a person who wants to look.
    """

    reason: str
    where: str
    url: str | None = None
    size: int = 0  # bytes lost, where known


def document_id(source: str, path: str, key: str) -> str:
    """A document's id: 32 hex digits of sha256 over source name, path relative to the source's root, record key.

    It doesn't change when the folder moves or another file comes before it.
    """
    return hashlib.sha256("\0".join((source, path, key)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
