"""Words that edits took: counted around the edits, and the same as counted over the whole text."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tasks.filter.editing.removed_words import lost_words, words_in


def test_a_line_that_goes_takes_its_words():
    text = b"One line stays.\nShare this: 3 likes\nAnother stays."
    assert lost_words(text, [(16, 36, b"", "edits.boilerplate")]) == {"edits.boilerplate": 4}


def test_a_mark_inside_a_word_takes_none_and_a_token_is_a_word_less():
    text = b"built in 1867.[3] Write to jane@mail.org or not"
    edits = [(14, 17, b"", "edits.citations"), (27, 40, b"<EMAIL>", "pii.email")]
    assert lost_words(text, edits) == {
        "edits.citations": 0,
        "pii.email": 1,
    }  # "<EMAIL>" starts with a bracket


def test_of_edits_that_cut_one_word_the_first_has_the_difference():
    assert lost_words(b"one_two_three", [(3, 4, b" ", "a"), (7, 8, b" ", "b")]) == {"a": -2, "b": 0}


PIECES = ["a", "bc", "(d", "3", "<E>", "é", " ", "  ", "\n", "\t", "\u00a0", "-", "\x00"]


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.integers(0, 2**32))
def test_the_sum_is_that_of_the_whole_text(pieces, seed):
    rng, text, edits, after = random.Random(seed), b"", [], b""
    for piece in pieces:
        data = piece.encode()
        if rng.random() < 0.3:
            new = rng.choice([b"", b"<X>", b" ", b"w"])
            edits.append((len(text), len(text) + len(data), new, rng.choice("xyz")))
            after += new
        else:
            after += data
        text += data
    assert sum(lost_words(text, edits).values()) == words_in(text) - words_in(after)
