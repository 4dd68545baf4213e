"""Digests of what a text says, or of the text itself where it says nothing."""

import pyarrow as pa
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from tasks.dedup.config import Config
from tasks.dedup.minhash.sketch import shingles
from tasks.dedup.minhash.table import signatures
from tasks.text.words import fold_texts, folded


def digests_of(texts: list[str | None]) -> list[tuple[bytes, bytes]]:
    rows = signatures(pa.table({"id": [str(i) for i in range(len(texts))], "text": texts}), Config())
    return list(zip(rows["exact"].to_pylist(), rows["normal"].to_pylist(), strict=True))


def digest(text: str) -> bytes:
    return xxhash.xxh3_128_digest(text.encode())


def test_the_exact_digest_is_of_the_folded_text_and_the_normal_one_of_digits_as_zeros():
    texts = ["Page 12 of 30", "no digits; here", "000"]
    assert digests_of(texts) == [
        (digest("page 12 of 30"), digest("page 00 of 00")),
        (digest("no digits here"), digest("no digits here")),
        (digest("000"), digest("000")),
    ]


def test_a_table_without_any_text_has_digests_too():
    assert digests_of([]) == []
    assert digests_of([None]) == [(digest(""), digest(""))]


def test_texts_without_a_word_are_equal_only_if_they_are_the_same():
    texts = ["", "?!", "?!", "!?", "\0", "\0\0", None]
    assert [one for one, _ in digests_of(texts)] == [digest(text or "") for text in texts]
    assert all(one == other for one, other in digests_of(texts))


@given(st.lists(st.text("aB1 20.é漢\n", max_size=12), max_size=6))
def test_digests_are_those_of_the_plain_rule(texts: list[str]):
    zeros = str.maketrans("123456789", "0" * 9)
    assert digests_of(texts) == [
        (digest(folded(text) or text), digest(folded(text).translate(zeros) or text)) for text in texts
    ]


@given(st.lists(st.text("aB1 20.é漢\n", max_size=12), max_size=6))
def test_zeroing_digits_says_which_texts_had_others(texts: list[str]):
    words = fold_texts(texts)
    assert words.zero_digits().tolist() == [any(digit in text for digit in "12") for text in texts]
    assert [bytes(words.folded(i)) for i in range(len(texts))] == [
        b" ".join(shingles(text, ngram=1)) for text in texts
    ]
