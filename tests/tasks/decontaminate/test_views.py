"""Markup, hyphens at line ends and line numbers are taken out of what is searched, with the way back."""

import pytest
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.decontaminate.scan import scan
from tasks.decontaminate.views import (
    plain,
    plain_view,
    substituted,
    unwrapped,
    unwrapped_views,
)
from tasks.text.words import utf8_buffers


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a &lt; b &amp;lt; c &amp;amp;#60; d", "a < b < c < d"),
        ("&LT;&NBSP;&eacute;&#xe9;&#233;", "<\xa0ééé"),
        ("one<br>two<BR />three</p>four", "one two three four"),
        ("un<b>believ</b>able H<sub class='x'>2</sub>O", "unbelievable H2O"),
        ("&lt;p&gt;one&amp;lt;br/&amp;gt;two", " one two"),
        ('<a href="?a=1&amp;b=2">here</a>', "here"),
        ("&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;here&lt;/a&gt;", "here"),
        ("<a \nWhich river flows past Vienna\nhref='x'>", "<a \nWhich river flows past Vienna\nhref='x'>"),
        ("if a<b and c&d; x<pp>y", "if a<b and c&d; x<pp>y"),
        ("AT&T; fish & chips &unknownentity;", "AT&T; fish & chips &unknownentity;"),
    ],
)
def test_entities_are_decoded_and_tags_go(text: str, seen: str):
    assert plain(text) == seen


def test_hyphenated_words_are_joined():
    assert unwrapped("a bro-\nken word, a hy\u00ad\n   phen and tw\u2010\r\n> o") == [
        "a broken word, a hyphen and two"
    ]
    assert unwrapped("- a list\n- of things -\nand 7-\n8") == []


def test_numbers_of_lines_go_where_two_follow_each_other():
    assert unwrapped("12. one two\n13. three\n\n14) four") == ["one two\nthree\n\nfour"]
    assert unwrapped("> 7 one\n> 7 two") == ["one\ntwo"]
    assert unwrapped("12. one two\n19. three") == []
    assert unwrapped("1 0.5\n1 0.7") == []


def test_only_what_is_near_is_searched_again():
    text = "far away " * 500 + "a bro-\nken word" + " far away" * 500
    [part] = unwrapped(text)
    assert "a broken word" in part
    assert len(part) < 900


parts = st.lists(
    st.sampled_from(
        ["a", "Wort", " ", "\n", "-\n", "- \r\n", "\u00ad\n", "12. ", "13. ", "13 ", "> ", "&lt;", "&amp;lt;", "&am",
         "<p>", "<br/", "</B >", "<td  />", "<blockquotes>", "<h7>", "<i class=\"é\">", ">", "é", "漢", "\u2010\n", "&#38;#60;", "<b ", "x" * 30, "&", ";", "3", "(", "'"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=300)
@example(["-\n12. a"], "é wide ")  # a long first line with a number, and something before it
@given(st.lists(parts, max_size=4), st.sampled_from(["", "é wide ", "\n", "-\n"]))
def test_a_scan_misses_nothing_that_a_view_changes(texts: list[str], filler: str):
    texts = [part + filler * 500 + text for text in texts for part in texts[:1]]
    data, offsets = utf8_buffers(texts)
    markup, found = scan(data, offsets)
    for number, text in enumerate(texts):
        assert markup[number] or plain(text) == text
        raw = [data[start:end].tobytes().decode() for owner, start, end in found.tolist() if owner == number]
        seen = [part.split() for text in raw for part in unwrapped(text)]
        assert seen == [part.split() for part in unwrapped(text)]  # what is around may begin at another space


@settings(max_examples=500)
@given(parts, st.sampled_from([0, 4090, 4095, 4096]))
def test_tags_and_entities_that_are_found_by_their_signs_are_those_of_the_regular_expression(
    text: str, before: int
):
    text = "." * before + text
    assert plain(text) == substituted(text)


@settings(max_examples=300)
@given(parts)
def test_views_with_the_way_back_are_the_same_and_every_letter_comes_from_where_it_stood(text: str):
    views = [plain_view(text), *unwrapped_views(text)]
    assert [view.text for view in views] == [plain(text), *unwrapped(text)]
    for view in views:
        origins = [view.origin(at) for at in range(len(view.text) + 1)]
        assert origins == sorted(origins)
        same = [
            view.text[at] == text[origins[at]] for at in range(len(view.text)) if view.text[at] in "aWort漢é"
        ]
        assert all(same)


def test_no_texts_need_no_look():
    markup, found = scan(*utf8_buffers([]))
    assert (len(markup), len(found)) == (0, 0)


def test_a_scan_takes_time_in_line_with_a_text_of_hyphenated_lines_after_a_long_one():
    def found(buffers):
        assert len(scan(*buffers)[1]) == 1

    assert_linear(found, lambda lines: utf8_buffers(["x" * (1000 * lines) + "-\nab" * lines]), 4000)
