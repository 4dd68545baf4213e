"""fastText's binary classifiers (.bin, and quantised .ftz), read into the arrays that `fasttext_kernel` works on.

The format is that of fastText 0.9 (Joulin et al. 2016, 2017): a header, the dictionary with the n-gram buckets
that pruning has left, the input matrix (dense, or product-quantised) and the output matrix. Little-endian.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from tasks.errors import StageError
from tasks.filter.language.fasttext_words import LANES, index_words

MAGIC, VERSION = 793712314, 12
HIERARCHICAL, SOFTMAX = 1, 3  # losses; the others, 2 and 4, give each label a sigmoid of its own
SUPERVISED = 3
LABEL = "__label__"
CENTROIDS = 256


@dataclass(frozen=True)
class FastTextModel:
    """A classifier.

    labels: without their prefix, in the order of `output`'s columns.
    vectors: float32 (words + n-gram buckets, dim); output: float32 (dim, labels; internal nodes where the
    loss is hierarchical, of which there is one fewer). Both are filled up with columns of zeros to a multiple of LANES, and
    `output` with rows.
    words: uint8, UTF-8 of all words; word_offsets: int64 (words + 1).
    index: int32, an open-addressed table from a word's hash to its number, -1 where free.
    buckets: (uint64, a bit for each n-gram bucket that has a row; int32, the row that the first of each 64
    would have; how many buckets there are; 2^32 - 1 over that).
    tree: int32 (labels - 1, 2), the children of the nodes of a hierarchical softmax; empty for other losses.
    """

    labels: tuple[str, ...]
    vectors: np.ndarray
    output: np.ndarray
    words: np.ndarray
    word_offsets: np.ndarray
    index: np.ndarray
    buckets: tuple[np.ndarray, np.ndarray, int, np.uint64]
    tree: np.ndarray
    loss: int
    min_n: int
    max_n: int
    word_ngrams: int


def read_model(path: str | Path) -> FastTextModel:
    """Reads a classifier. Raises StageError where the file is none."""
    try:
        return _parse(_Bytes(Path(path).read_bytes()))
    except (ValueError, IndexError) as error:
        raise StageError(f"{path} is not a fastText model ({error}).") from error
    except OSError as error:
        raise StageError(f"{path}: the fastText model can't be read: {error.strerror}.") from error


class _Bytes:
    """Takes values from the front of a buffer."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def array(self, dtype: str, count: int) -> np.ndarray:
        size = np.dtype(dtype).itemsize * count
        if count < 0 or self.at + size > len(self.data):
            raise ValueError("it is cut short")
        self.at += size
        return np.frombuffer(self.data, dtype=dtype, count=count, offset=self.at - size)

    def take(self, *dtypes: str) -> list[int]:
        return [int(self.array(dtype, 1)[0]) for dtype in dtypes]

    def word(self) -> bytes:
        end = self.data.index(b"\0", self.at)
        found = self.data[self.at : end]
        self.at = end + 1
        return found


def _parse(data: _Bytes) -> FastTextModel:
    if data.take("<i4", "<i4") != [MAGIC, VERSION]:
        raise ValueError("its first bytes are not those of a model of fastText 0.9")
    _dim, _, _, _, _, word_ngrams, loss, kind, bucket, min_n, max_n, _ = data.take(*["<i4"] * 12)
    data.array("<f8", 1)
    if kind != SUPERVISED:
        raise ValueError("it holds word vectors, not a classifier")
    _, words, labels, _, pruned = data.take("<i4", "<i4", "<i4", "<i8", "<i8")
    entries, counts = [], []
    for _ in range(words + labels):
        entries.append(data.word())
        counts += data.take("<i8")
        data.take("i1")
    pairs = data.array("<i4", 2 * max(pruned, 0)).reshape(-1, 2)
    (quantised,) = data.take("i1")
    vectors = _quantised(data) if quantised else _dense(data)
    (quantised_output,) = data.take("i1")
    output = _quantised(data) if quantised and quantised_output else _dense(data)
    if len(vectors) != words + (bucket if pruned < 0 else pruned) or len(output) != labels:
        raise ValueError("its matrices don't fit its dictionary")
    if pruned > 0:
        pairs = pairs[np.argsort(pairs[:, 0])]
        vectors = np.vstack([vectors[:words], vectors[words:][pairs[:, 1]]])
    offsets = np.cumsum([0] + [len(entry) for entry in entries[:words]]).astype(np.int64)
    joined = np.frombuffer(b"".join(entries[:words]) or b"\0", dtype=np.uint8)
    index = np.full(1 << max(4, (2 * words - 1).bit_length()), -1, dtype=np.int32)
    index_words(joined, offsets, index)
    return FastTextModel(
        labels=tuple(entry.decode("utf-8", "replace").removeprefix(LABEL) for entry in entries[words:]),
        vectors=_filled(vectors),
        output=_filled(_filled(output).T),
        words=joined,
        word_offsets=offsets,
        index=index,
        buckets=_buckets(words, bucket, pairs[:, 0] if pruned >= 0 else np.arange(bucket)),
        tree=_tree(counts[words:]) if loss == HIERARCHICAL else np.zeros((0, 2), dtype=np.int32),
        loss=loss,
        min_n=min_n,
        max_n=max_n,
        word_ngrams=word_ngrams,
    )


def _buckets(words: int, size: int, present: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, np.uint64]:
    if not len(present):
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int32), 1, np.uint64((1 << 32) - 1)
    flags = np.zeros(-(-size // 64) * 64, dtype=np.uint8)
    flags[present] = 1
    counts = flags.reshape(-1, 64).sum(axis=1, dtype=np.int64)
    bits = np.packbits(flags, bitorder="little").view(np.uint64)
    return (
        bits,
        (words + np.cumsum(counts) - counts).astype(np.int32),
        size,
        np.uint64(((1 << 32) - 1) // size),
    )


def _filled(matrix: np.ndarray) -> np.ndarray:
    """With columns of zeros up to a multiple of LANES."""
    return np.ascontiguousarray(np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % LANES))))


def _dense(data: _Bytes) -> np.ndarray:
    rows, columns = data.take("<i8", "<i8")
    return data.array("<f4", rows * columns).reshape(rows, columns).astype(np.float32)


def _quantised(data: _Bytes) -> np.ndarray:
    """Rows from their codes: each stretch of a row is one of 256 centroids, times the row's norm."""
    (with_norm,) = data.take("i1")
    rows, _columns, size = data.take("<i8", "<i8", "<i4")
    codes = data.array("u1", size).reshape(rows, -1)
    vectors = np.hstack([part[code] for part, code in zip(_centroids(data), codes.T, strict=True)])
    if with_norm:
        codes = data.array("u1", rows)
        (norms,) = _centroids(data)
        vectors *= norms[codes]
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _centroids(data: _Bytes) -> list[np.ndarray]:
    """For each stretch of a row its 256 centroids, float32 (256, width); the last may be narrower."""
    dim, stretches, width, last = data.take(*["<i4"] * 4)
    flat = data.array("<f4", dim * CENTROIDS)
    widths = [width] * (stretches - 1) + [last]
    cuts = np.cumsum([0, *widths]) * CENTROIDS
    return [flat[a:b].reshape(CENTROIDS, -1) for a, b in pairwise(cuts)]


def _tree(counts: list[int]) -> np.ndarray:
    """The Huffman tree over labels that stand sorted by falling count; fastText's order of ties."""
    leaves = len(counts)
    weights = [*counts, *[10**15] * (leaves - 1)]
    children = []
    leaf, node = leaves - 1, leaves
    for at in range(leaves, 2 * leaves - 1):
        pair = []
        for _ in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(node)
                node += 1
        weights[at] = weights[pair[0]] + weights[pair[1]]
        children.append(pair)
    return np.array(children, dtype=np.int32).reshape(-1, 2)
