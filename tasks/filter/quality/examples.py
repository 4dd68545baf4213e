"""The quality classifier's examples: read from what the user named, drawn and split by hash.

Which texts are drawn, which of them are held out, and the order in which they are learned from depend on the texts
and the seed alone; not on files, their order, or how often a text stands in them.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tasks.errors import StageError
from tasks.filter.quality.model import NEGATIVE, POSITIVE, PREFIX, line_of

if TYPE_CHECKING:
    from tasks.document import Loss
    from tasks.io import Damage
    from tasks.node import Input

LEAST = 20  # examples to learn from, of each side
FORMATS = {"jsonl": "jsonl", "json": "jsonl", "ndjson": "jsonl", "parquet": "parquet"}
MOST_TEXT = 256 << 20  # bytes of one plain text file's example


def format_of(path: Path) -> str:
    """ "jsonl", "parquet" or "text", by the name without what compresses it.

    >>> format_of(Path("a/b.jsonl.gz")), format_of(Path("notes.txt"))
    ('jsonl', 'text')
    """
    parts = path.name.lower().split(".")
    while len(parts) > 2 and parts[-1] in ("gz", "zst", "lz4"):
        parts.pop()
    return FORMATS.get(parts[-1], "text")


def read_texts(file: Input, column: str, sample_by: str) -> Iterator[str | Loss]:
    """The texts of a file, whose `name` says its format, and what could not be read."""
    from tasks.document import Document
    from tasks.ingest.tables import Columns, jsonl, parquet

    if file.name == "text":
        yield from _plain(Path(file.path), sample_by)
        return
    reader: Any = jsonl if file.name == "jsonl" else parquet
    columns = Columns(text=column, id=None, url=None, date=None)
    for row in reader.read(reader.Source(name="examples", paths=["."], columns=columns), file, {}):
        yield row.text if isinstance(row, Document) else row


def _plain(path: Path, sample_by: str) -> Iterator[str | Loss]:
    from tasks.document import Loss
    from tasks.io import Damage, chunks
    from tasks.text import clean

    def text_of(data: bytes) -> str:
        return clean(data.decode("utf-8-sig", "replace"))

    held: list[bytes] = []
    size = 0
    with path.open("rb") as stream:
        for line in _lines(chunks(stream)):
            if isinstance(line, Damage):
                yield Loss(line.reason, str(path), size=line.size)
                continue
            if sample_by == "line":
                yield text_of(line)
                continue
            if sample_by == "paragraph" and not line.strip() and held:
                yield text_of(b"\n".join(held))
                held, size = [], 0
            size += len(line)
            if size <= MOST_TEXT:
                held.append(line)
    if held:
        yield text_of(b"\n".join(held))


def _lines(chunks: Iterator[bytes | Damage]) -> Iterator[bytes | Damage]:
    rest = b""
    for chunk in chunks:
        if not isinstance(chunk, bytes):
            yield chunk
            continue
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


@dataclass(frozen=True, slots=True)
class Example:
    """A drawn text: its place in the order of learning, whether it is held out, where its line lies."""

    key: int
    held_out: bool
    offset: int
    length: int


class Draw:
    """The `most` distinct texts of a side with the smallest keyed hashes, their lines kept on disk. A context manager."""

    def __init__(self, path: Path, *, most: int, seed: int, prefix: int, held_out: float):
        self.read: Counter[str] = Counter()
        self._file: IO[bytes] = path.open("w+b")
        self._most, self._prefix, self._limit = most, prefix, int(held_out * 2**64)
        self._secret = seed.to_bytes(16, "big", signed=True)
        self._found: dict[int, Example] = {}
        self._largest: list[int] = []  # a heap of -key

    def __enter__(self) -> Draw:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, text: str) -> None:
        """Takes a text in, if its hash is small enough and it is not there already."""
        line = line_of(text, self._prefix)
        if not line or line.isspace():
            self.read["empty"] += 1
            return
        self.read["texts"] += 1
        data = line.encode("utf-8")
        digest = hashlib.blake2b(data, digest_size=16, key=self._secret).digest()
        key, chance = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")
        if key in self._found:
            self.read["repeated"] += 1
            return
        if len(self._found) >= self._most:
            if key > -self._largest[0]:
                return
            del self._found[-heapq.heapreplace(self._largest, -key)]
        else:
            heapq.heappush(self._largest, -key)
        offset = self._file.seek(0, 2)
        self._file.write(data)
        self._found[key] = Example(key, chance < self._limit, offset, len(data))

    def __len__(self) -> int:
        return len(self._found)

    def without(self, other: Draw) -> list[Example]:
        """The drawn texts that the other side doesn't have, in the order of their hashes."""
        return [self._found[key] for key in sorted(self._found.keys() - other._found.keys())]

    def line(self, example: Example) -> bytes:
        """The example's text, as the classifier is shown it."""
        self._file.seek(example.offset)
        return self._file.read(example.length)


@dataclass(frozen=True)
class Split:
    """Equally many examples of both sides, apart: to learn from, and held out."""

    train: dict[str, list[Example]]
    held_out: dict[str, list[Example]]
    ambiguous: int  # texts that both sides have: left out

    def __len__(self) -> int:
        """How many examples there are to learn from."""
        return sum(map(len, self.train.values()))


def split(positives: Draw, negatives: Draw) -> Split:
    """Balances the sides by hash. Raises StageError where too few are left to learn from or to test on."""
    sides = {POSITIVE: positives.without(negatives), NEGATIVE: negatives.without(positives)}
    count = min(map(len, sides.values()))
    chosen = {label: examples[:count] for label, examples in sides.items()}
    train = {label: [item for item in items if not item.held_out] for label, items in chosen.items()}
    held = {label: [item for item in items if item.held_out] for label, items in chosen.items()}
    for label, place in ((POSITIVE, "positives"), (NEGATIVE, "negatives")):
        if len(train[label]) < LEAST or not held[label]:
            raise StageError(
                f"filter.quality: {len(sides[POSITIVE])} different positives and {len(sides[NEGATIVE])} negatives "
                f"leave {len(train[label])} {place} to learn from (at least {LEAST}) and {len(held[label])} to test "
                f"on (at least 1): give more, or change filter.quality.held_out"
            )
    return Split(train, held, len(positives) - len(sides[POSITIVE]))


def write_training_file(path: Path, examples: Split, draws: dict[str, Draw]) -> None:
    """fastText's input, a labelled line each, both sides mixed in the order of their hashes."""
    mixed = sorted((item.key, label) for label, items in examples.train.items() for item in items)
    by_key = {item.key: item for items in examples.train.values() for item in items}
    with path.open("wb") as file:
        for key, label in mixed:
            file.write(f"{PREFIX}{label} ".encode() + draws[label].line(by_key[key]) + b"\n")
