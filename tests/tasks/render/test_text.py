"""What crawled text may do to a terminal or a page: nothing."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.render.text import excerpt, one_line, printable

TEXTS = st.text(
    st.characters(codec=None) | st.sampled_from("\x1b\x9b[]m;0\x07\x00\r\n\u202e\u2066\x9d\\\ud800")
)


@given(TEXTS)
@example("\x1b\x1b[0m[31m")
@example("\x9d0;title\x9c\x1bP\x1b\\")
def test_nothing_is_left_that_a_terminal_acts_on(text):
    found = printable(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in found)
    assert not any(
        unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for c in found
    )
    assert printable(found) == found
    found.encode()


@given(st.text(st.characters(exclude_categories=["C"], exclude_characters="\u2028\u2029") | st.just("\n")))
def test_plain_text_is_left_alone(text):
    assert printable(text) == text


def test_whole_escape_sequences_go_and_the_text_between_stays():
    assert (
        printable("\x1b[31;1mred\x1b[0m \x1b]0;title\x07after \x1b]8;;http://x\x1b\\link \x9b2Jend\x1bc")
        == "red after link end"
    )


def test_an_unterminated_sequence_swallows_its_introducer_only():
    assert printable("\x1b]0;a long page without an end") == "0;a long page without an end"


@given(TEXTS, st.integers(2, 50))
def test_cut_texts_keep_to_their_limit(text, limit):
    assert len(one_line(text, limit)) <= limit
    assert "\n" not in one_line(text, limit)
    assert len(excerpt(text, limit)) <= limit


def test_an_excerpt_keeps_to_its_lines():
    assert excerpt("a\nb\nc", 100, lines=2) == "a\nb…"
    assert excerpt("a\nb\nc", 100, lines=3) == "a\nb\nc"


def test_line_ends_become_newlines():
    assert printable("a\r\nb\rc\u2028d\x0ce") == "a\nb\nc\nd\ne"
