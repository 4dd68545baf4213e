"""Folding: what makes no difference between two texts, and the compiled pass against the plain rule."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.dedup.minhash.sketch import shingles
from tasks.text.words import fold_batches, fold_texts, folded, ngram_hashes


def words_of(texts) -> list[str]:
    words = fold_texts(texts)
    return [bytes(words.folded(i)).decode() for i in range(len(words))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Hello,\n\tWORLD! ", "hello world"),
        ("Résumé – naïve façade", "resume naive facade"),
        ("e\u0301 equals \u00e9", "e equals e"),
        ("soft\u00adhyphen and \ufeffmark", "softhyphen and mark"),
        ("ﬁne ＦＵＬＬ width ½", "fine full width 1 2"),
        ("snake_case a.b->c", "snake case a b c"),
        ("٣ and ३ and 3", "3 and 3 and 3"),
        ("漢字かな and 한국어", "漢 字 か な and " + unicodedata.normalize("NFD", "한국어")),
        ("ΣΊΣΥΦΟΣ Σίσυφος", "σισυφοσ σισυφοσ"),
        ("STRASSE Straße", "strasse strasse"),
        ("\U0001f600 ... !?", ""),
        ("", ""),
    ],
)
def test_folding_takes_case_accents_punctuation_and_wrapping_away(text: str, expected: str):
    assert folded(text) == expected
    assert words_of([text]) == [expected]


@given(st.lists(st.text(st.characters(), max_size=30), max_size=5))
def test_the_compiled_pass_folds_as_the_plain_rule_does(texts: list[str]):
    assert words_of(texts) == [folded(text) for text in texts]


def test_every_assigned_code_point_folds_as_the_plain_rule_says():
    for start in (*range(0, 0x34000, 0x1000), 0xE0000, 0xF0000, 0x10F000):
        points = [chr(point) for point in range(start, start + 0x1000)]
        assert words_of(["x".join(points)]) == [folded("x".join(points))], hex(start)


def test_lone_surrogates_are_borders():
    assert words_of(["a\ud800b"]) == ["a b"] == [folded("a\ud800b")]


def test_arrow_strings_slices_and_nulls_are_read_as_lists_are():
    texts = ["One two", None, "", "Größe", "last"]
    plain = ["one two", "", "", "grosse", "last"]
    for kind in (pa.string(), pa.large_string()):
        assert words_of(pa.array(texts, kind)) == plain
        assert words_of(pa.array(texts, kind)[2:4]) == plain[2:4]
        assert words_of(pa.chunked_array([pa.array(texts[:2], kind), pa.array(texts[2:], kind)])) == plain
        assert words_of(pa.array([], kind)) == []


def test_batches_hold_every_text_once_and_a_long_one_alone():
    texts = ["a b", "", "c " * 1000, "d", "e"]
    batches = list(fold_batches(texts, batch_bytes=10))
    assert [len(batch) for batch in batches] == [2, 1, 2]
    assert [bytes(batch.folded(i)).decode() for batch in batches for i in range(len(batch))] == [
        folded(text) for text in texts
    ]


def test_folding_needs_no_more_room_than_it_asks_for():
    widest = "\ufdfa"  # one character that folds to 18, four words of them
    assert words_of([widest * 50, "a " * 100, "漢" * 100]) == [
        folded(widest * 50),
        ("a " * 100).strip(),
        ("漢 " * 100).strip(),
    ]


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "bb", "a longword", "12345678", "123456789"]), max_size=9), max_size=4
    ),
    st.integers(1, 4),
)
def test_equal_ngrams_have_equal_hashes_and_others_not(texts: list[list[str]], ngram: int):
    hashes, firsts = ngram_hashes(fold_texts([" ".join(text) for text in texts]), ngram)
    plain = []
    for i, text in enumerate(texts):
        words = " ".join(text).split()
        grams = (
            [tuple(words[at : at + ngram]) for at in range(max(1, len(words) - ngram + 1))] if words else []
        )
        assert firsts[i + 1] - firsts[i] == len(grams)
        plain += grams
    seen = dict(zip(plain, hashes.tolist(), strict=True))
    assert [seen[gram] for gram in plain] == hashes.tolist()
    assert len(set(seen.values())) == len(seen)


@pytest.mark.parametrize("ngram", [2, "3 characters"])
def test_equal_shingles_have_equal_hashes_whatever_they_are_made_of(ngram):
    texts = ["", "a", "ab c", "a-b C", "日本 語 版", "日本語版", "ab c ab c"]
    hashes, firsts = ngram_hashes(fold_texts(texts), ngram)
    plain = [shingles(text, ngram=ngram) for text in texts]
    assert np.diff(firsts).tolist() == [len(of_text) for of_text in plain]
    flat = [shingle for of_text in plain for shingle in of_text]
    codes = dict(zip(flat, hashes.tolist(), strict=True))
    assert [codes[shingle] for shingle in flat] == hashes.tolist()
    assert len(set(codes.values())) == len(codes)


def test_characters_of_words_are_words_without_spaces():
    characters = fold_texts(["", "Ab, 漢", "é"]).characters()
    assert [bytes(characters.folded(i)).decode() for i in range(3)] == ["", "ab漢", "e"]
    assert characters.texts.tolist() == [0, 0, 3, 4]
    assert (characters.ends - characters.starts).tolist() == [1, 1, 3, 1]
