"""The validation split: whole groups (a module, a site, a book), so that what repeats stays on one side."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from tasks.document import read_batches
from tasks.errors import StageError

LARGEST_SHARE = 3  # no group has more than a third of the wanted bytes: one book must not be the whole split


def group_of(id: str, url: str | None, metadata: Mapping[str, Any]) -> str:
    """What a document may not be separated from: metadata's "group", else its URL's host, else only itself.

    >>> group_of("7f", "https://docs.example.org/a.html", {})
    'docs.example.org'
    """
    if group := metadata.get("group"):
        return str(group)
    try:
        host = urlsplit(url or "").hostname
    except ValueError:  # a bracket out of place
        host = None
    return host or id


def grouped(
    paths: Iterable[str], columns: Sequence[str] = ("id", "text", "url", "source", "metadata")
) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Batches of documents, and the group of each row; columns: id, url and metadata among them."""
    for batch in read_batches(paths, columns, rows=256):
        rows = zip(*(batch.column(name).to_pylist() for name in ("id", "url", "metadata")), strict=True)
        yield batch, [group_of(id, url, json.loads(metadata or "{}")) for id, url, metadata in rows]


@dataclass
class Group:
    """A group's documents, and its bytes by source."""

    documents: int = 0
    sources: Counter[str] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """UTF-8 bytes of text."""
        return sum(self.sources.values())


def choose_validation(groups: Mapping[str, Group], fraction: float, most: int, seed: int) -> list[str]:
    """Names of the groups to hold out, sorted: about `fraction` of all bytes, at most `most`.

    Groups are tried in an order that the seed decides. First each source fills its share of the wanted
    bytes (a group that would overfill any of its sources is passed over), then, if less than nine tenths
    are together, whatever still fits. Raises StageError if nothing does, or nothing would be left to
    train on.
    """
    total = sum(group.size for group in groups.values())
    wanted = int(min(fraction * total, most))
    small = {name: group for name, group in groups.items() if 0 < group.size <= wanted / LARGEST_SHARE}
    order = sorted(small, key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode()).digest())
    room: Counter[str] = Counter()
    for group in groups.values():
        room.update(group.sources)
    room = Counter({source: size * wanted / total for source, size in room.items()})
    chosen: list[str] = []
    for name in order:
        if all(size <= room[source] for source, size in small[name].sources.items()):
            room.subtract(small[name].sources)
            chosen.append(name)
    left = wanted - sum(small[name].size for name in chosen)
    for name in (name for name in order if name not in set(chosen)):
        if left <= wanted / 10:
            break
        if small[name].size <= left:
            left -= small[name].size
            chosen.append(name)
    if not chosen or len(chosen) == len(groups):
        raise StageError(_no_split(groups, total, wanted, len(small)))
    return sorted(chosen)


def _no_split(groups: Mapping[str, Group], total: int, wanted: int, small: int) -> str:
    smallest = min((group.size for group in groups.values()), default=0)
    return (
        f"tokenize: no validation split: {total} bytes in {len(groups)} groups (modules, sites, books), of "
        f"which {wanted} bytes are wanted; {small} groups are no larger than a third of that, the smallest "
        f"has {smallest} bytes. Raise tokenize.validation_fraction or tokenize.validation_max_bytes, or give "
        "the corpus more groups."
    )
