"""MinHash sketches of n-grams of words or characters, exchangeable with datasketch 2.

A sketch's value k is the minimum over a text's shingles of a[k] * mix(xxh32(shingle)) + b[k] modulo 2^32,
where mix is MurmurHash3's 32-bit finaliser and a (odd) and b come from numpy's RandomState(seed): the scheme
"affine32" of datasketch.MinHash with hashfunc=xxhash.xxh32_intdigest. A text without words has the empty
sketch, all ones.

Broder, On the resemblance and containment of documents, 1997; Leskovec, Rajaraman, Ullman, Mining of Massive
Datasets, chapter 3 (banding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tasks.dedup.minhash.scheme import SCHEME
from tasks.jit import compiled
from tasks.text import (
    Ngram,
    Texts,
    Words,
    chained,
    fold_batches,
    folded,
    murmur_mixed32,
    parsed,
    units,
    xxh32,
)

if TYPE_CHECKING:
    from datasketch import LeanMinHash, MinHash

_ZERO_DIGITS = str.maketrans("123456789", "0" * 9)
_BLOCK = 4096  # shingle hashes that are permuted together; they stay in the first-level cache


def shingles(text: str, *, ngram: Ngram = 5) -> list[bytes]:
    """The shingles of a text in order, folded, digits as 0: the plain reference.

    Of words, joined by a space, or, with `ngram` as "13 characters", of characters, with nothing between words. A
    text of fewer than `ngram` words (characters) has one shingle, all of it; a text without a word has none.

    >>> shingles("The year 1984: a Résumé!", ngram=4)
    [b'the year 0000 a', b'year 0000 a resume']
    >>> shingles("no way", ngram="4 characters")
    [b'nowa', b'oway']
    """
    size, characters = parsed(ngram)
    words = folded(text).translate(_ZERO_DIGITS).split(" ")
    between = "" if characters else " "
    parts = list("".join(words)) if characters else [word for word in words if word]
    count = max(1, len(parts) - size + 1) if parts else 0
    return [between.join(parts[i : i + size]).encode() for i in range(count)]


def sign(texts: Texts, *, num_perm: int = 112, ngram: Ngram = 5, seed: int = 1) -> np.ndarray:
    """The MinHash sketches of texts: uint32 (texts, num_perm).

    Equal to datasketch.MinHash(num_perm, seed, scheme="affine32", hashfunc=xxhash.xxh32_intdigest) updated
    with `shingles(text, ngram=ngram)`.
    """
    parts = []
    for words in fold_batches(texts):
        words.zero_digits()
        parts.append(sign_words(words, num_perm=num_perm, ngram=ngram, seed=seed))
    return np.concatenate(parts) if parts else np.empty((0, num_perm), np.uint32)


def sign_words(words: Words, *, num_perm: int, ngram: Ngram, seed: int) -> np.ndarray:
    """The sketches of folded texts whose digits are zero: uint32 (texts, num_perm)."""
    a, b = permutations(num_perm, seed)
    words = units(words, ngram)
    sketches = np.full((len(words), num_perm), 0xFFFFFFFF, np.uint32)
    _sign(words.data, words.starts, words.ends, words.texts, parsed(ngram)[0], a, b, sketches)
    return sketches


def to_datasketch(sketch: np.ndarray, *, seed: int = 1) -> MinHash:
    """A sketch (uint32, one text's) as a datasketch.MinHash that goes on from it: compare, merge, update, index."""
    import xxhash
    from datasketch import MinHash

    return MinHash(seed=seed, scheme=SCHEME, hashfunc=xxhash.xxh32_intdigest, hashvalues=sketch)


def from_datasketch(minhash: MinHash | LeanMinHash, *, seed: int = 1) -> np.ndarray:
    """The sketch that a datasketch.MinHash or LeanMinHash holds: uint32 (num_perm,).

    Raises ValueError where it can't be compared with `sign`'s of that seed: another scheme, seed, set of
    permutations or hash function (which a LeanMinHash doesn't know).
    """
    import xxhash

    if minhash.scheme != SCHEME:
        raise ValueError(f"the sketch has the scheme {minhash.scheme!r}, not {SCHEME!r}")
    if minhash.seed != seed:
        raise ValueError(f"the sketch has the seed {minhash.seed}, not {seed}")
    hashfunc = getattr(minhash, "hashfunc", xxhash.xxh32_intdigest)
    if hashfunc(b"smelt") != xxhash.xxh32_intdigest(b"smelt"):
        raise ValueError("the sketch was made with another hash function than xxhash.xxh32_intdigest")
    drawn = getattr(minhash, "permutations", None)
    if drawn is not None and not np.array_equal(drawn, permutations(len(minhash.hashvalues), seed)):
        raise ValueError("the sketch has permutations of its own, not those drawn from its seed")
    return np.array(minhash.hashvalues, np.uint32)


def permutations(num_perm: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors (odd) and summands of the permutations, uint32 (num_perm,) each, drawn as datasketch does."""
    generator = np.random.RandomState(seed)
    halves = generator.randint(0, 1 << 31, num_perm, dtype=np.uint32)
    return halves * np.uint32(2) + np.uint32(1), generator.randint(0, 1 << 32, num_perm, dtype=np.uint32)


def band_hashes(sketches: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """One 64-bit hash for each band of `rows` successive values of a sketch: uint64 (texts, bands).

    Two texts of Jaccard similarity s share a given band with probability s^rows.
    """
    if sketches.shape[1] < bands * rows:
        raise ValueError(f"{bands} bands of {rows} rows need {bands * rows} values, not {sketches.shape[1]}")
    return _band_hashes(sketches, bands, rows)


@compiled
def _band_hashes(sketches, bands, rows):
    hashes = np.empty((len(sketches), bands), np.uint64)
    for text in range(len(sketches)):
        for band in range(bands):
            value = np.uint64(band + 1)
            for row in range(band * rows, (band + 1) * rows):
                value = chained(value, sketches[text, row])
            hashes[text, band] = value
    return hashes


@compiled
def _sign(data, starts, ends, texts, ngram, a, b, sketches):
    hashes = np.empty(_BLOCK, np.uint32)
    for text in range(len(texts) - 1):
        first = texts[text]
        last = texts[text + 1]
        shingle = first
        while shingle < last:
            count = 0
            while shingle < last and count < _BLOCK:
                end = min(shingle + ngram, last)
                hashes[count] = murmur_mixed32(xxh32(data, starts[shingle], ends[end - 1]))
                count += 1
                shingle = last if end == last else shingle + 1
            for k in range(len(a)):
                factor = a[k]
                summand = b[k]
                least = sketches[text, k]
                for i in range(count):
                    least = min(least, np.uint32(hashes[i] * factor + summand))
                sketches[text, k] = least
