"""Signals that aren't measured from a document's text: what edits took from it, and the language of source code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def schema() -> list[tuple[str, pa.DataType]]:
    """Name and type of each signal.

    removed_word_ratio: share of the words before the edits that they took; 0 where there was none.
    code_language: linguist's name of the language of source code; null of other kinds of documents.
    """
    import pyarrow as pa

    return [("removed_word_ratio", pa.float64()), ("code_language", pa.string())]


def measure(documents: pa.RecordBatch, words: pa.Array, lost: Mapping[str, int]) -> list[pa.Array]:
    """The signals in the order of `schema`.

    documents: with id, kind and metadata; words: the signal `dclm_words` of each text after the edits; lost: id ->
    words that the edits took, of the documents that they changed.
    """
    import pyarrow as pa

    taken = [max(lost.get(id, 0), 0) for id in documents.column("id").to_pylist()]
    shares = [
        round(gone / max(gone + left, 1), 4) for gone, left in zip(taken, words.to_pylist(), strict=True)
    ]
    kinds, metadata = (documents.column(name).to_pylist() for name in ("kind", "metadata"))
    languages = [
        code_language(text) if kind == "code" else None for kind, text in zip(kinds, metadata, strict=True)
    ]
    return [pa.array(shares, pa.float64()), pa.array(languages, pa.string())]


def code_language(metadata: str | None) -> str | None:
    """`language` of a document's metadata, a JSON object; None where it has none.

    >>> code_language('{"path": "a.html", "language": "HTML"}')
    'HTML'
    """
    found = json.loads(metadata) if metadata else None
    language = found.get("language") if isinstance(found, dict) else None
    return language if isinstance(language, str) else None


def lost_by_document(batches: Iterable[pa.RecordBatch]) -> dict[str, int]:
    """id -> words, from the table of edits (id, words)."""
    lost: dict[str, int] = {}
    for batch in batches:
        for id, words in zip(batch.column("id").to_pylist(), batch.column("words").to_pylist(), strict=True):
            lost[id] = lost.get(id, 0) + words
    return lost
