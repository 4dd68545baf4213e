"""Token shards: the Megatron indexed dataset, pairs of files that Megatron-LM, NeMo and GPT-NeoX read.

`<name>.bin` is the tokens of all documents, end to end. `<name>.idx`, little-endian throughout, is

    9 bytes   "MMIDIDX\\0\\0"
    uint64    version, 1
    uint8     dtype of the tokens (`DTYPE_CODES`)
    uint64    sequences, s
    uint64    document indices, d + 1
    int32     [s]      tokens of each sequence
    int64     [s]      where each begins in .bin, in bytes
    int64     [d + 1]  the first sequence of each document, and s

Here every document is one sequence, its last token the separator `<|endoftext|>`.
"""

from __future__ import annotations

import re
import struct
from array import array
from pathlib import Path

import numpy as np

from tasks.errors import StageError

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
DTYPE_CODES: dict[int, np.dtype] = {
    1: np.dtype("<u1"),
    2: np.dtype("<i1"),
    3: np.dtype("<i2"),
    4: np.dtype("<i4"),
    5: np.dtype("<i8"),
    6: np.dtype("<f8"),
    7: np.dtype("<f4"),
    8: np.dtype("<u2"),
}
_HEADER = struct.Struct("<9sQBQQ")
_MOST_UINT16 = 65500  # ids; the readers above choose uint16 below this number


def token_dtype(vocab_size: int) -> np.dtype:
    """uint16 where the vocabulary allows, otherwise int32."""
    return np.dtype("<u2") if vocab_size < _MOST_UINT16 else np.dtype("<i4")


class ShardWriter:
    """Writes one shard, document by document: `<stem>.bin` and `<stem>.idx`. A context manager.

    Without documents no file is left: the readers can't map an empty one. An exception inside leaves no
    index.
    """

    def __init__(self, stem: Path, dtype: np.dtype):
        self.stem, self.dtype = Path(stem), np.dtype(dtype)
        self.tokens = 0  # written so far: the next document's offset
        self._lengths = array("i")
        self._bin = open(f"{self.stem}.bin", "wb")  # noqa: SIM115

    def add(self, tokens: np.ndarray) -> int:
        """Writes a document of at least one token; returns its offset in tokens from the shard's start."""
        if not len(tokens):
            raise ValueError("a document without tokens has no place in a token shard")
        offset = self.tokens
        self._bin.write(np.ascontiguousarray(tokens, dtype=self.dtype).tobytes())
        self._lengths.append(len(tokens))
        self.tokens += len(tokens)
        return offset

    @property
    def documents(self) -> int:
        """Documents written so far."""
        return len(self._lengths)

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bin.close()
        if kind is None and self._lengths:
            self._write_index()
        elif kind is None:
            Path(self._bin.name).unlink()

    def _write_index(self) -> None:
        lengths = np.frombuffer(self._lengths, dtype="<i4")
        ends = np.cumsum(lengths, dtype=np.int64) * self.dtype.itemsize
        code = next(code for code, dtype in DTYPE_CODES.items() if dtype == self.dtype)
        with open(f"{self.stem}.idx", "wb") as file:
            file.write(_HEADER.pack(MAGIC, VERSION, code, len(lengths), len(lengths) + 1))
            file.write(lengths.tobytes())
            file.write(np.concatenate([[0], ends[:-1]]).astype("<i8").tobytes())
            file.write(np.arange(len(lengths) + 1, dtype="<i8").tobytes())


class TokenShards:
    """The shards of a folder, in the order of their names, as one sequence of tokens and of documents.

    names: a name per shard; streams: its tokens, a read-only memmap each, all of one dtype;
    document_starts: int64 (documents + 1,), where each document begins in the sequence of all tokens, and its
    end; groups: name -> streams, where a shard's group is its name without leading and trailing numbers
    (`00003-web-docs` is of group `web-docs`).
    """

    def __init__(self, names: list[str], streams: list[np.ndarray], lengths: list[np.ndarray]):
        self.names, self.streams = names, streams
        self.starts = np.cumsum([0, *map(len, streams)], dtype=np.int64)  # of each shard, and the end
        self.document_starts = np.concatenate([[0], np.cumsum(np.concatenate(lengths), dtype=np.int64)])

    def __len__(self) -> int:
        """Tokens."""
        return int(self.starts[-1])

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len(self.document_starts) - 1

    @property
    def dtype(self) -> np.dtype:
        """The tokens' dtype."""
        return self.streams[0].dtype

    @property
    def groups(self) -> dict[str, list[np.ndarray]]:
        """The streams by group."""
        found: dict[str, list[np.ndarray]] = {}
        for name, stream in zip(self.names, self.streams, strict=True):
            found.setdefault(re.sub(r"^\d+-|-\d+$", "", name), []).append(stream)
        return found

    def tokens(self, start: int, stop: int) -> np.ndarray:
        """Tokens start .. stop - 1 of the whole; a view where they lie in one shard, otherwise a copy.

        Raises IndexError outside 0 .. len(self).
        """
        if not 0 <= start <= stop <= len(self):
            raise IndexError(f"tokens {start} .. {stop} of {len(self)}")
        pieces = []
        shard = int(np.searchsorted(self.starts, start, side="right")) - 1
        while start < stop:
            begin, end = int(self.starts[shard]), min(stop, int(self.starts[shard + 1]))
            pieces.append(self.streams[shard][start - begin : end - begin])
            start, shard = end, shard + 1
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, self.dtype), *pieces])

    def document(self, index: int) -> np.ndarray:
        """The tokens of a document, its separator last."""
        if not 0 <= index < self.documents:
            raise IndexError(f"document {index} of {self.documents}")
        return self.tokens(int(self.document_starts[index]), int(self.document_starts[index + 1]))


def open_shards(folder: str | Path) -> TokenShards:
    """Maps all shards of a folder; reads their indices, no tokens.

    Raises StageError, with the file's name, if there is none, if a file is missing, truncated or no
    index, or if dtypes differ.
    """
    folder = Path(folder)
    paths = sorted(folder.glob("*.idx"))
    if not paths:
        raise StageError(f"{folder}: there are no token shards (.idx) here")
    opened = [_open(path) for path in paths]
    dtypes = {stream.dtype for stream, _ in opened}
    if len(dtypes) > 1:
        found = ", ".join(sorted(map(str, dtypes)))
        raise StageError(f"{folder}: its shards differ in dtype ({found}): they are of several tokenizers")
    return TokenShards(
        [path.stem for path in paths], [item[0] for item in opened], [item[1] for item in opened]
    )


def _open(index: Path) -> tuple[np.ndarray, np.ndarray]:
    """The tokens (memmap) and the documents' lengths (int64) of a shard."""
    raw = index.read_bytes()
    if len(raw) < _HEADER.size:
        raise StageError(f"{index}: {len(raw)} bytes, too short for an index of token shards")
    magic, version, code, sequences, indices = _HEADER.unpack_from(raw)
    if magic != MAGIC or version != VERSION or code not in DTYPE_CODES:
        raise StageError(f"{index}: not an index of token shards (Megatron's MMIDIDX, version 1)")
    expected = _HEADER.size + sequences * 12 + indices * 8
    if len(raw) != expected:
        raise StageError(
            f"{index}: {len(raw)} bytes where its header promises {expected}: damaged or truncated"
        )
    lengths = np.frombuffer(raw, "<i4", sequences, _HEADER.size).astype(np.int64)
    documents = np.frombuffer(raw, "<i8", indices, _HEADER.size + sequences * 12)
    if not indices or documents[0] != 0 or documents[-1] != sequences or (np.diff(documents) < 0).any():
        raise StageError(f"{index}: its document indices don't cover its {sequences} sequences: damaged")
    ends = np.concatenate([[0], np.cumsum(lengths)])
    tokens = index.with_suffix(".bin")
    size = tokens.stat().st_size if tokens.exists() else None
    if size != ends[-1] * DTYPE_CODES[code].itemsize or not size:
        promised = f"{ends[-1]} tokens of {DTYPE_CODES[code].itemsize} bytes"
        is_there = "is missing" if size is None else f"has {size} bytes"
        raise StageError(f"{tokens}: {is_there} where {index.name} promises {promised}: run tokenize again")
    return np.memmap(tokens, DTYPE_CODES[code], mode="r"), np.diff(ends[documents])
