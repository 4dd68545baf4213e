"""Bits per byte of held-out documents, beside what gzip and xz make of the same bytes.

Each document is scored on its own: `<|endoftext|>`, then all its tokens, through a window that advances by
`stride`. Bits are summed over documents and divided by their UTF-8 bytes; the end of a document is not
charged. gzip -9 and xz -9 get the same documents concatenated, so they may use one document's text in the
next; the model may not.
"""

from __future__ import annotations

import hashlib
import lzma
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import StageError

if TYPE_CHECKING:
    from model import Transformer
    from tasks.tokenize import Encoder

BATCH_BYTES = 1 << 18  # of text whose windows are batched together


@dataclass(frozen=True)
class Scored:
    """One document: its cost under the model in bits, its size in UTF-8 bytes and in tokens."""

    id: str
    bits: float
    bytes: int
    tokens: int


def choose(paths: Iterable[str | Path], max_bytes: int | None, seed: int) -> list[tuple[str, str]]:
    """(id, text) of documents drawn at random, up to max_bytes of text; the last is cut to fit.

    The order is that of a hash of seed and id: it doesn't depend on the files' order. Empty documents are
    left out.
    """
    from tasks.document import read_batches

    def rank(id: str) -> str:
        return hashlib.sha256(f"{seed}\0{id}".encode()).hexdigest()

    paths = list(paths)
    sizes = []
    for batch in read_batches(paths, ["id", "text"], rows=256):
        for row in batch.to_pylist():
            sizes.append((rank(row["id"]), row["id"], len((row["text"] or "").encode())))
    room: dict[str, int] = {}
    left = math.inf if max_bytes is None else max_bytes
    for _, id, size in sorted(sizes):
        if size and left > 0:
            room[id] = int(min(size, left))
            left -= room[id]
    chosen = {}
    for batch in read_batches(paths, ["id", "text"], rows=256):
        for row in batch.to_pylist():
            if row["id"] in room:
                cut = row["text"].encode()[: room[row["id"]]]
                chosen[row["id"]] = cut.decode("utf-8", "ignore")
    return [(id, chosen[id]) for id in room if chosen[id]]


def score_documents(
    model: Transformer,
    encoder: Encoder,
    documents: Sequence[tuple[str, str]],
    *,
    stride: int | None = None,
    batch_tokens: int = 8192,
) -> list[Scored]:
    """The cost of each (id, text), in the order given. stride: tokens, half the model's window by default."""
    from tasks.evaluate.logprobs import score
    from tasks.evaluate.windows import rolling_rows

    window = model.config.max_sequence_length
    stride = window // 2 if stride is None else stride
    if not 1 <= stride <= window:
        raise StageError(
            f"bits_per_byte.stride is {stride}: it must lie between 1 and the model's window of {window}"
        )
    found = []
    for batch in _parts(documents):
        encoded = [ids.tolist() for ids in encoder.encode_batch([text for _, text in batch])]
        rows = [rolling_rows(tokens, encoder.end, window, stride) for tokens in encoded]
        logs = iter(score(model, [row for part in rows for row in part], batch_tokens))
        for (id, text), tokens, part in zip(batch, encoded, rows, strict=True):
            nats = sum(float(next(logs)[0].sum()) for _ in part)
            found.append(Scored(id, -nats / math.log(2), len(text.encode()), len(tokens)))
    return found


def _parts(documents: Sequence[tuple[str, str]]) -> Iterable[list[tuple[str, str]]]:
    part: list[tuple[str, str]] = []
    size = 0
    for document in documents:
        part.append(document)
        size += len(document[1])
        if size >= BATCH_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def compressed(texts: Iterable[str]) -> dict[str, int]:
    """Bytes of the texts' concatenation as a file of `gzip -9` and of `xz -9`."""
    gzip = zlib.compressobj(9, zlib.DEFLATED, 31)
    xz = lzma.LZMACompressor(format=lzma.FORMAT_XZ, preset=9)
    sizes = {"gzip": 0, "xz": 0}
    for text in texts:
        data = text.encode()
        sizes["gzip"] += len(gzip.compress(data))
        sizes["xz"] += len(xz.compress(data))
    sizes["gzip"] += len(gzip.flush())
    sizes["xz"] += len(xz.flush())
    return sizes


def summarise(scored: Sequence[Scored], sizes: dict[str, int], seed: int) -> dict[str, Any]:
    """The record of scores.json: bits per byte of model, xz and gzip, the model's with its interval."""
    from tasks.evaluate.confidence_intervals import bootstrap_ratio

    total = sum(item.bytes for item in scored)
    low, high = bootstrap_ratio([item.bits for item in scored], [item.bytes for item in scored], seed)
    return {
        "model": sum(item.bits for item in scored) / total,
        "low": low,
        "high": high,
        "xz": 8 * sizes["xz"] / total,
        "gzip": 8 * sizes["gzip"] / total,
        "documents": len(scored),
        "bytes": total,
        "tokens": sum(item.tokens for item in scored),
    }
