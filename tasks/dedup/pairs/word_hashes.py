"""Words as numbers: 32 bits of a hash for every word of every document, where a document's are found at once.

What verification reads instead of texts. Any document's n-grams are made from its slice, so that a pair costs
two reads of its own, never a pass over the files that it joins. A file needs 4 bytes a word (some 0.6 of the text).

Layout of words.bin, little-endian: the codes, uint32; zeros up to a multiple of 8; where each document's codes
begin and the last one's end, uint64 (documents + 1); the number of documents, uint64.

Two n-grams count as equal where their codes are. Texts that differ in d places are seen as more alike than they
are with a chance of d / 2^32, by one word, when two different words in the same place have one code.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tasks.text import Words, word_hashes

_CODE = np.dtype("<u4")
_PLACE = np.dtype("<u8")


def word_codes(words: Words) -> np.ndarray:
    """uint32 (words,)."""
    return (word_hashes(words) >> np.uint64(32)).astype(_CODE)


class CodeWriter:
    """Writes words.bin, documents in order, with bounded memory. A context manager."""

    def __init__(self, path: Path):
        self._file = open(path, "wb")  # noqa: SIM115 - closed by __exit__
        self._counts: list[np.ndarray] = []

    def add(self, words: Words) -> None:
        """Some documents' folded words, digits as 0."""
        self._file.write(word_codes(words).data)
        self._counts.append(np.diff(words.texts))

    def __enter__(self) -> CodeWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file:
            if kind is None:
                places = _places(self._counts)
                self._file.write(bytes(-int(places[-1]) * _CODE.itemsize % _PLACE.itemsize))
                self._file.write(places.data)
                self._file.write(np.array([len(places) - 1], _PLACE).data)


def _places(counts: list[np.ndarray]) -> np.ndarray:
    every = np.concatenate([[0], *counts])
    return np.cumsum(every).astype(_PLACE)


class Codes:
    """The codes of a file's documents."""

    def __init__(self, codes: np.ndarray, places: np.ndarray):
        self.codes, self.places = codes, places

    @classmethod
    def joined(cls, parts: list[tuple[np.ndarray, np.ndarray]]) -> Codes:
        """Of texts in memory: codes and words of each document, run by run."""
        codes = np.concatenate([np.empty(0, _CODE), *(part for part, _ in parts)])
        return cls(codes, _places([counts for _, counts in parts]))

    @classmethod
    def open(cls, path: str | Path) -> Codes:
        """Of a words.bin, mapped: only what is asked for is read."""
        mapped = np.memmap(path, np.uint8, "r")
        documents = int(mapped[-8:].view(_PLACE)[0])
        places = mapped[-8 * (documents + 2) : -8].view(_PLACE)
        return cls(mapped[: int(places[-1]) * _CODE.itemsize].view(_CODE), places.view(np.ndarray))

    def __len__(self) -> int:
        return len(self.places) - 1

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """Words of the documents in these rows, int64."""
        return (self.places[rows + 1] - self.places[rows]).astype(np.int64)

    def gather(self, rows: np.ndarray) -> list[np.ndarray]:
        """The codes of the documents in these rows."""
        codes = self.codes.view(np.ndarray)
        begins, ends = self.places[rows].tolist(), self.places[rows + 1].tolist()
        return [codes[begin:end] for begin, end in zip(begins, ends, strict=True)]
