"""The compiled pass misses no place: edits found with it are those found by looking everywhere."""

import re

import numpy as np
import pyarrow as pa
import pytest
from growth import assert_linear
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.filter.editing import candidates, scan
from tasks.filter.editing import editor as editing
from tasks.filter.editing.config import Edits
from tasks.filter.editing.editor import Editor, edit_texts
from tasks.filter.editing.lines import RULES
from tasks.filter.edits import Config

FRAGMENTS = [
    *" \n\t.,:;-+/()[]@_#%0123456789aAzZ…•’»é漢😀\0\x1b\x80\x85\ufeff\xa0\xad",
    *[
        "\n\n",
        "\r\n",
        "a@b.cc",
        "jane.doe@mail.org",
        "@mail.org",
        "x" * 70,
        "195.234.74.142",
        "1.2.3.4",
        "2a02:",
        "::",
    ],
    *["2606:4700::6810:84e5", "2a02:8109:9a40:1234:5c3f:1111:2222:3333", "+49 561 9804848", "(612) 439-4474"],
    *[
        "Tel. ",
        "call ",
        "030/226 343-0",
        "4111 1111 1111 1111",
        "5500005555555559",
        "DE89 3704 0044 0532 0130 00",
    ],
    *[
        "DE89",
        "\u00c2\xa0",
        "[1]",
        ".[2]",
        "word.[3]",
        "[edit]",
        "[citation needed]",
        "[",
        "\x1b[31m",
        "Version ",
    ],
    *[
        "Read more",
        "Share this",
        "Tweet",
        "ANZEIGE",
        "Évènement",
        "Cookie settings",
        "cookies",
        "JavaScript ",
    ],
    *["please enable JavaScript in your browser", "This site uses cookies to improve your experience"],
    *["you agree to our terms of use", "Privacy Policy", "coo\u212aies", "3 words here", "\nShort\n"],
    *["12", "SHORT ", "3 likes", "items in cart", " Read more...", "\nSign-in "],
]
EVERYTHING = Edits(citations="all", javascript="all", policies="all", terminal_punctuation=True, min_words=3)
DCLM = Edits(max_uppercase=0.5, digits=True, counters=True, prompts=True, min_words=2)
LINE_RULES = [f"edits.{rule}" for rule in RULES]
EDITORS = [Editor(edits, Config().pii) for edits in (Config().edits, EVERYTHING, DCLM)]


def everywhere(text):
    """All places there are, without the pass."""
    lines, start = [], 0
    for line in text.split(b"\n"):
        if line:
            lines.append((start, start + len(line)))
        start += len(line) + 1
    points = [(at, at + 1) for at in range(len(text))]
    chains = {kind: [(0, len(text))] for kind in (candidates.PHONE, candidates.CARD, candidates.IPV4)}
    return dict.fromkeys(range(9), points) | {candidates.LINE: lines} | chains


def slowly(editor, text):
    data = text.encode()
    edits = editor.edits_of(data, everywhere(data))
    last_line_goes = bool(edits) and edits[-1][1] == len(data) and edits[-1][3] in LINE_RULES
    for start, end, replacement, _ in reversed(edits):
        data = data[:start] + replacement + data[end:]
    if last_line_goes and not text.endswith("\n"):
        data = data.rstrip(b"\n")
    return data.decode()


def agree(texts):
    column = pa.array(texts, pa.large_string())
    for editor in EDITORS:
        edited = edit_texts(column, ["web"] * len(texts), editor)
        assert edited.texts.to_pylist() == [slowly(editor, text) for text in texts]
        edited.texts.validate(full=True)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join), min_size=1, max_size=4))
def test_random_texts_of_what_matters(texts):
    agree(texts)


@settings(max_examples=40)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), min_size=1, max_size=4))
def test_random_unicode(texts):
    agree(texts)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join), min_size=1, max_size=4),
    st.integers(16, 400),
)
def test_texts_in_pieces_are_edited_as_whole_ones(texts, size):
    texts = [re.sub(f"[^\n]{{{size // 4 - 1}}}", r"\g<0>\n", text) for text in texts]  # no line fills a piece
    agree_in_pieces(texts, size)


def agree_in_pieces(texts, size):
    column = pa.array(texts, pa.large_string())
    for editor in EDITORS:
        whole = edit_texts(column, ["web"] * len(texts), editor)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(editing, "PIECE", size)
            cut = edit_texts(column, ["web"] * len(texts), editor)
        cut.texts.validate(full=True)
        assert cut.texts.equals(whole.texts)
        assert cut.changed == whole.changed


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40), st.integers(300, 800))
def test_a_line_longer_than_a_piece_is_cut_between_words(fragments, size):
    agree_in_pieces([" and so it goes on from here to there ".join(["", *fragments, ""])], size)


@pytest.mark.parametrize(
    "piece", ["1 ", "a@b.cc", "[1].", "+49 561 9804848", "\x1b[31m", "漢", "Read more ", "😀."]
)
def test_a_line_without_a_word_to_cut_at_is_still_edited_to_sound_text(piece):
    column = pa.array([piece * 300], pa.large_string())
    for size in (61, 62, 63, 64):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(editing, "PIECE", size)
            edited = edit_texts(column, ["web"], EDITORS[0])
        edited.texts.validate(full=True)
        taken = sum(size for change in edited.changed.values() for _, size, _ in change.counts.values())
        assert len(edited.texts[0].as_py().encode()) >= len(piece.encode()) * 300 - taken


def test_a_text_ends_where_it_ends_whatever_follows_in_the_column():
    agree(
        ["Read more", "than [1", "] a@b", "@c.org +49", " 561 9804848", "", "\x1b[3", "1m", "2a02:", "DE89"]
    )


def test_slices_and_nulls_of_a_column_are_edited_like_whole_ones():
    column = pa.array(["x@y.org", None, "Read more", "to z@y.org"], pa.large_string())
    edited = edit_texts(column.slice(1), ["web"] * 3, EDITORS[0])
    assert edited.texts.to_pylist() == ["", "", "to <EMAIL>"]


@pytest.mark.parametrize(
    "piece",
    ["@", "1", "1 ", "a@", "a@a.", "a@b.cc ", "+1 ", "(1)", "1.", "4111 ", "2a02:", "[1]", "x.[1]", "\0", "\ufeff", "k",
     "\n", "Read more\n", "cookie ", "1.2.3.4 ", "+49-"],
)  # fmt: skip
def test_one_huge_line_of_anything_takes_linear_time(piece):
    assert_linear(
        lambda text: edit_texts(pa.array([text], pa.large_string()), ["web"], EDITORS[0]),
        lambda size: piece * (size // len(piece.encode())),
        400_000,
    )


def test_the_first_word_of_the_pass_is_that_of_the_plain_rule():
    words = scan.word_table([b"read", "évènement".encode(), "Évènement".encode()])
    lines = ["Read", "  • READ on", "«Évènement» x", "ready", "re ad", "reád", "12 read", "", "’s read", "…"]
    known = {b"read", "évènement".encode(), "Évènement".encode()}
    for line in lines:
        data = np.frombuffer(line.encode(), dtype=np.uint8)
        asked = np.array([1 << candidates.LINE])
        places = scan.find_places(data, np.array([0, len(data)]), asked, words)
        assert len(places) == (candidates.first_word(line.encode()) in known), line
