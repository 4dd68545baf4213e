"""Signatures: the table that holds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from tasks.dedup.minhash import band_hashes, sign_words
from tasks.dedup.words import Words, fold_batches

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


def signatures(
    documents: pa.RecordBatch | pa.Table, config: Config, visit: Callable[[Words], None] | None = None
) -> pa.Table:
    """The rows of `SIGNATURES` for documents (id, text; source and date where there are such columns).

    visit: gets the documents' folded words, digits as 0, run by run.
    """
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
        if visit is not None:
            visit(words)
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
