"""Signatures: the table that holds them, and all of them in memory in an order that no file decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from tasks.dedup.minhash import band_hashes, sign_words
from tasks.dedup.words import fold_batches
from tasks.errors import StageError

if TYPE_CHECKING:
    from tasks.dedup.signatures import Config

SIGNATURES = pa.schema(
    [
        ("id", pa.string()),
        ("exact", pa.binary()),  # XXH3-128 of the folded text; of the text as it stands where it has no word
        ("normal", pa.binary()),  # the same with digits as 0: equal ones have equal shingles
        ("words", pa.int64()),
        ("bands", pa.list_(pa.uint64())),
        ("length", pa.int64()),  # UTF-8 bytes of text
        ("source", pa.string()),
        ("date", pa.string()),
    ]
)


def signatures(documents: pa.RecordBatch | pa.Table, config: Config) -> pa.Table:
    """The rows of `SIGNATURES` for documents (id, text; source and date where there are such columns)."""
    texts = documents["text"]
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    exact: list[bytes] = []
    normal: list[bytes] = []
    counts, bands = [], []
    for words in fold_batches(texts):
        raw = texts[len(exact) : len(exact) + len(words)]
        exact += [_digest(words.folded(i) or (raw[i].as_buffer() or b"")) for i in range(len(words))]
        words.zero_digits()
        normal += [
            _digest(words.folded(i)) if words.folded(i) else exact[len(normal) + i] for i in range(len(words))
        ]
        counts.append(np.diff(words.texts))
        sketches = sign_words(
            words, num_perm=config.bands * config.rows, ngram=config.ngram, seed=config.seed
        )
        bands.append(band_hashes(sketches, config.bands, config.rows))
    values = np.concatenate(bands) if bands else np.empty((0, config.bands), np.uint64)
    nulls = pa.nulls(len(exact), pa.string())
    columns = {
        "id": documents["id"],
        "exact": pa.array(exact, pa.binary()),
        "normal": pa.array(normal, pa.binary()),
        "words": pa.array(np.concatenate(counts) if counts else [], pa.int64()),
        "bands": pa.ListArray.from_arrays(
            pa.array(np.arange(len(exact) + 1) * config.bands, pa.int32()), values.reshape(-1)
        ),
        "length": pc.binary_length(texts).cast(pa.int64()).fill_null(0),
        "source": documents["source"] if "source" in documents.schema.names else nulls,
        "date": documents["date"] if "date" in documents.schema.names else nulls,
    }
    return pa.table(columns).cast(SIGNATURES)


def _digest(data: bytes | memoryview | pa.Buffer) -> bytes:
    return xxhash.xxh3_128_digest(data)


@dataclass(frozen=True)
class Index:
    """Signatures ordered by id. A document's position in that order stands for it from here on, so that
    neither files nor their order can decide anything.

    signatures: the columns that were asked for, ordered by id.
    positions: int64, the position of each row as it was read.
    originals: int64, for each position the first one with the same normal text, which may be itself.
    """

    signatures: pa.Table
    positions: np.ndarray
    originals: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)


def load(tables: Iterable[pa.RecordBatch | pa.Table], columns: list[str]) -> Index:
    """The index of all documents' signatures; `columns` must hold id and normal.

    Memory: the columns twice while they are put in order. Raises StageError for ids that repeat.
    """
    schema = pa.schema([SIGNATURES.field(name) for name in columns])
    parts = [
        pa.table(table) if isinstance(table, pa.Table) else pa.Table.from_batches([table]) for table in tables
    ]
    rows = (
        pa.concat_tables([part.select(columns).cast(schema) for part in parts])
        if parts
        else schema.empty_table()
    )
    order = pc.sort_indices(rows["id"]).to_numpy()
    ordered = rows.take(order).combine_chunks()
    _refuse_repeated(ordered["id"])
    positions = np.empty(len(order), np.int64)
    positions[order] = np.arange(len(order))
    return Index(ordered, positions, _originals(ordered["normal"]))


def _refuse_repeated(ids: pa.ChunkedArray) -> None:
    if len(ids) < 2:
        return
    repeated = pc.unique(ids[1:].filter(pc.equal(ids[1:], ids[:-1]))).to_pylist()
    if repeated:
        named = ", ".join(repeated[:5]) + (", ..." if len(repeated) > 5 else "")
        raise StageError(
            f"dedup: {len(repeated)} document ids stand for more than one document: {named}. An id must be "
            "unique: look for two sources of the same name, or for a file that is read twice."
        )


def _originals(normal: pa.ChunkedArray) -> np.ndarray:
    halves = np.frombuffer(b"".join(normal.to_pylist()), np.uint64).reshape(-1, 2)
    order = np.lexsort((np.arange(len(halves)), halves[:, 1], halves[:, 0]))
    ordered = halves[order]
    starts = np.ones(len(order), bool)
    starts[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    originals = np.empty(len(order), np.int64)
    originals[order] = order[starts][np.cumsum(starts) - 1]
    return originals
