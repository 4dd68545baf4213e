"""Sketches equal those of datasketch 2; bands meet as often as they should."""

import numpy as np
import pytest
import xxhash
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dedup.minhash import band_hashes, permutations, shingles, sign


def sketch(text: str, *, num_perm: int = 112, ngram: int = 5, seed: int = 1) -> np.ndarray:
    minhash = MinHash(num_perm, seed, scheme="affine32", hashfunc=xxhash.xxh32_intdigest)
    minhash.update_batch(shingles(text, ngram=ngram))
    return minhash.hashvalues


def test_shingles_are_folded_words_joined_by_a_space():
    assert shingles("The quick, BROWN fox — jumps over 42 dogs") == [
        b"the quick brown fox jumps",
        b"quick brown fox jumps over",
        b"brown fox jumps over 00",
        b"fox jumps over 00 dogs",
    ]


@pytest.mark.parametrize(
    ("text", "expected"), [("", []), ("?!", []), ("One", [b"one"]), ("a B c", [b"a b c"])]
)
def test_a_short_text_has_one_shingle_and_one_without_words_none(text: str, expected: list[bytes]):
    assert shingles(text) == expected


TEXTS = [
    "",
    "...",
    "one",
    "one two three four",
    "The quick brown fox jumps over the lazy dog",
    "Straße, naïve Ångström! 12,345.67 € — ﬁn",
    "日本語のテキストは空白がない",
    "x" * 100_000,
    "word " * 20_000,
    " ".join(f"w{i}" for i in range(10_000)),
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_sketch_is_datasketchs(text: str):
    assert np.array_equal(sign([text])[0], sketch(text))


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(1, 40), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_a_sketch_is_datasketchs_for_any_text_size_and_seed(text: str, num_perm: int, ngram: int, seed: int):
    signed = sign([text], num_perm=num_perm, ngram=ngram, seed=seed)
    assert np.array_equal(signed[0], sketch(text, num_perm=num_perm, ngram=ngram, seed=seed))


def test_texts_are_signed_in_their_order_whatever_the_batches():
    texts = [f"text number {'abcdefgh'[i % 8] * (i * 7919 % 40_000)} of many" for i in range(100)]
    signed = sign(texts)
    assert signed.shape == (100, 112)
    assert signed.dtype == np.uint32
    assert all(np.array_equal(signed[i], sign([texts[i]])[0]) for i in (0, 1, 17, 50, 99))


def test_no_texts_give_no_sketches():
    assert sign([]).shape == (0, 112)


def test_permutations_are_datasketchs():
    known = MinHash(64, 7, scheme="affine32").permutations
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(permutations(64, 7), known, strict=True))


def test_bands_are_equal_exactly_where_all_their_rows_are():
    one = np.arange(12, dtype=np.uint32).reshape(1, 12)
    other = one.copy()
    other[0, 5] += 1
    ours, theirs = band_hashes(one, 4, 3)[0], band_hashes(other, 4, 3)[0]
    assert (ours == theirs).tolist() == [True, False, True, True]
    assert len(set(ours.tolist())) == 4


def test_more_bands_than_the_sketch_holds_are_refused():
    with pytest.raises(ValueError, match="15 bands of 8 rows need 120 values, not 112"):
        band_hashes(sign(["a"]), 15, 8)
