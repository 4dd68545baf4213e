"""Signatures: the table that holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.dedup.minhash.exact import as_column, digests
from tasks.dedup.minhash.scheme import metadata
from tasks.dedup.minhash.sketch import band_hashes, sign_words
from tasks.text import Words, fold_batches, units

if TYPE_CHECKING:
    from tasks.dedup.config import Config

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
    documents: pa.RecordBatch | pa.Table,
    config: Config,
    visit: Callable[[Words], None] | None = None,
    keep: Callable[[np.ndarray], None] | None = None,
) -> pa.Table:
    """The rows of `SIGNATURES` for documents (id, text; source and date where there are such columns).

    visit: gets what the documents' shingles are made of (`tasks.text.words.units`), digits as 0, run by run.
    keep: gets their sketches, uint32 (documents, permutations), likewise.
    """
    texts = documents["text"]
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if pa.types.is_null(texts.type):  # no text at all
        texts = texts.cast(pa.string())
    exact, normal, counts, bands = [], [], [], []
    done = 0
    for words in fold_batches(texts):
        raw = texts[done : done + len(words)]
        done += len(words)
        exact.append(digests(words, raw))
        changed = words.zero_digits()
        normal.append(exact[-1])
        if changed.any():
            normal[-1] = np.where(changed, digests(words, raw), exact[-1])
        if visit is not None:
            visit(units(words, config.ngram))
        counts.append(np.diff(words.texts))
        sketches = sign_words(
            words, num_perm=config.bands * config.rows, ngram=config.ngram, seed=config.seed
        )
        if keep is not None:
            keep(sketches)
        bands.append(band_hashes(sketches, config.bands, config.rows))
    values = np.concatenate(bands) if bands else np.empty((0, config.bands), np.uint64)
    nulls = pa.nulls(done, pa.string())
    columns = {
        "id": documents["id"],
        "exact": as_column(exact),
        "normal": as_column(normal),
        "words": pa.array(np.concatenate(counts) if counts else [], pa.int64()),
        "bands": pa.ListArray.from_arrays(
            pa.array(np.arange(done + 1) * config.bands, pa.int32()), values.reshape(-1)
        ),
        "length": pc.binary_length(texts).cast(pa.int64()).fill_null(0),
        "source": documents["source"] if "source" in documents.schema.names else nulls,
        "date": documents["date"] if "date" in documents.schema.names else nulls,
    }
    return pa.table(columns).cast(SIGNATURES)


def sketch_table(ids: pa.ChunkedArray, sketches: Sequence[np.ndarray], config: Config) -> pa.Table:
    """id and sketch, a list of so many uint32 as there are permutations; its metadata names the scheme.

    A row's sketch is what `tasks.dedup.minhash.sketch.to_datasketch` takes.
    """
    size = config.bands * config.rows
    values = np.concatenate([np.empty((0, size), np.uint32), *sketches]).reshape(-1)
    column = pa.FixedSizeListArray.from_arrays(pa.array(values), size)
    return pa.table({"id": ids, "sketch": column}).replace_schema_metadata(metadata(config))
