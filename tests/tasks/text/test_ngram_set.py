"""NgramSet says what share of a text stands word for word in a set of texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.ngram_set import NgramSet
from tasks.text.words import folded


def plain_share(texts: list[str], text: str, ngram: int) -> float:
    def grams(text: str) -> list[tuple[str, ...]]:
        words = folded(text).split()
        return [tuple(words[i : i + ngram]) for i in range(max(1, len(words) - ngram + 1))] if words else []

    known = {gram for text in texts for gram in grams(text)}
    found = grams(text)
    return sum(gram in known for gram in found) / len(found) if found else 0.0


def test_a_share_is_of_the_texts_ngrams_whatever_their_case_and_line_breaks():
    held_out = NgramSet(["the quick brown fox jumps over the lazy dog"], ngram=3)
    assert held_out.contained_share("See how the\nquick, brown FOX sleeps") == 2 / 5


def test_texts_shorter_than_an_ngram_match_only_their_equals():
    held_out = NgramSet(["one two", "one two three four"], ngram=4)
    assert list(held_out.contained_shares(["one two", "two three", "one two three", ""])) == [1, 0, 0, 0]


def test_an_empty_set_contains_nothing():
    assert NgramSet([], ngram=2).contained_share("a b c") == 0.0
    assert len(NgramSet(["", "..."], ngram=2)) == 0


def test_an_ngram_of_no_words_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        NgramSet(["a"], ngram=0)


few_words = st.lists(st.sampled_from(["a", "B", "c-d", "é", "漢字"]), max_size=12).map(" ".join)


@given(st.lists(few_words, max_size=4), few_words, st.integers(1, 5))
def test_shares_are_those_of_a_plain_set(texts: list[str], text: str, ngram: int):
    assert NgramSet(texts, ngram).contained_share(text) == plain_share(texts, text, ngram)
