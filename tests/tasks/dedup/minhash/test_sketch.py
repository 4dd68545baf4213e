"""Sketches equal those of datasketch 2; bands meet as often as they should."""

import numpy as np
import pytest
import xxhash
from datasketch import LeanMinHash, MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dedup.minhash.sketch import (
    band_hashes,
    from_datasketch,
    permutations,
    shingles,
    sign,
    to_datasketch,
)
from tasks.text.ngram import Ngram


def sketch(text: str, *, num_perm: int = 112, ngram: Ngram = 5, seed: int = 1) -> np.ndarray:
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("?!", []),
        ("ab", [b"ab"]),
        ("a-b\nC 7", [b"abc", b"bc0"]),
        ("日本語。\n入 門", ["日本語".encode(), "本語入".encode(), "語入門".encode()]),
    ],
)
def test_shingles_of_characters_run_over_spaces_and_line_breaks(text: str, expected: list[bytes]):
    assert shingles(text, ngram="3 characters") == expected


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


@pytest.mark.parametrize("ngram", [5, 1, "13 characters", "1 character"])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_sketch_is_datasketchs(text: str, ngram: Ngram):
    assert np.array_equal(sign([text], ngram=ngram)[0], sketch(text, ngram=ngram))


# What folding, decoding and hashing could get wrong: ends of ranges, joiners, case pairs of other lengths, syllables,
# digits of other scripts, unspaced scripts, characters of 1 to 4 bytes, words as long as xxHash's blocks.
ODD = st.sampled_from(
    [
        *"\0 \n\u2028aZ9٣ßẞİﬃ\ufdfaŉς\u0301\u200d\u00ad漢กか한가힣\ud7a4\ue000\ufffd\uffff",
        *"\U00010000\U0001d7ce\U0001e900\U0010ffff",
        *("abcd" * 4, "e" * 15, "é" * 8),
    ]
)
texts = st.one_of(st.text(max_size=200), st.lists(ODD, max_size=60).map("".join))
ngrams = st.one_of(st.integers(1, 7), st.integers(1, 40).map(lambda n: f"{n} characters"))


@settings(max_examples=200)
@given(texts, st.integers(1, 40), ngrams, st.integers(0, 2**32 - 1))
def test_a_sketch_is_datasketchs_for_any_text_size_and_seed(
    text: str, num_perm: int, ngram: Ngram, seed: int
):
    signed = sign([text], num_perm=num_perm, ngram=ngram, seed=seed)
    assert np.array_equal(signed[0], sketch(text, num_perm=num_perm, ngram=ngram, seed=seed))


@settings(deadline=None)
@given(st.lists(texts, max_size=5))
def test_a_text_is_signed_alike_alone_and_among_others(several: list[str]):
    signed = sign(several, num_perm=8)
    assert signed.tolist() == [sign([text], num_perm=8)[0].tolist() for text in several]


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


ONE, OTHER = (" ".join(f"{word}{'abcdefghij'[i % 10] * (i // 10 + 1)}" for i in range(99)) for word in "xy")


def test_a_sketch_goes_on_in_datasketch():
    sketch = to_datasketch(sign([ONE])[0])
    sketch.update_batch(shingles(OTHER))
    whole = MinHash(112, scheme="affine32", hashfunc=xxhash.xxh32_intdigest)
    whole.update_batch(shingles(ONE) + shingles(OTHER))
    assert sketch == whole


def test_sketches_are_found_in_datasketchs_index():
    index = MinHashLSH(threshold=0.75, num_perm=112)
    for name, sketch in zip(("one", "other"), sign([ONE, OTHER]), strict=True):
        index.insert(name, to_datasketch(sketch))
    assert index.query(to_datasketch(sign([ONE.upper()])[0])) == ["one"]


@pytest.mark.parametrize("seed", [1, 7])
def test_sketches_of_datasketch_are_read_back(seed: int):
    signed = sign([ONE], num_perm=16, seed=seed)[0]
    minhash = to_datasketch(signed, seed=seed)
    for there in (minhash, LeanMinHash(minhash)):
        assert np.array_equal(from_datasketch(there, seed=seed), signed)


@pytest.mark.parametrize(
    ("minhash", "message"),
    [
        (MinHash(8, scheme="legacy", hashfunc=xxhash.xxh32_intdigest), "scheme 'legacy', not 'affine32'"),
        (MinHash(8, seed=2, hashfunc=xxhash.xxh32_intdigest), "the seed 2, not 1"),
        (MinHash(8), "another hash function"),
        (
            MinHash(
                8,
                hashfunc=xxhash.xxh32_intdigest,
                scheme="affine32",
                permutations=MinHash(8, seed=3, scheme="affine32").permutations,
            ),
            "permutations of its own",
        ),
    ],
)
def test_a_sketch_that_cannot_be_compared_is_refused(minhash: MinHash, message: str):
    with pytest.raises(ValueError, match=message):
        from_datasketch(minhash)
