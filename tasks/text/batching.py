"""Texts in batches, so that memory is bounded by characters and not by the number of documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def batches(texts: Iterable[str], characters: int) -> Iterator[list[str]]:
    """Consecutive texts, a batch as soon as it holds this many characters; the last one may hold fewer.

    >>> list(batches(["ab", "c", "d"], 3))
    [['ab', 'c'], ['d']]
    """
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
