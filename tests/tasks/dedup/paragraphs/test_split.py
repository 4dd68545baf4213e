"""Paragraphs of texts against a plain rule, and what is cut out of texts."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.dedup.paragraphs.cut import without
from tasks.dedup.paragraphs.duplicates import CUT
from tasks.dedup.paragraphs.split import split
from tasks.text.words import utf8_buffers


def paragraphs(texts: list[str], empty_line: bool) -> list[list[str]]:
    column = pa.array(texts, pa.large_string())
    data, offsets = utf8_buffers(column)
    starts, owners = split(data, offsets, empty_line)
    ends = [*starts[1:].tolist(), len(data)][: len(starts)]
    found: list[list[str]] = [[] for _ in texts]
    for start, end, owner in zip(starts.tolist(), ends, owners.tolist(), strict=True):
        found[owner].append(data[start:end].tobytes().decode())
    return found


@pytest.mark.parametrize(
    ("text", "lines", "blocks"),
    [
        ("", [], []),
        ("one", ["one"], ["one"]),
        ("one\ntwo\n", ["one\n", "two\n"], ["one\ntwo\n"]),
        ("one\n\n  two", ["one\n\n", "  two"], ["one\n\n", "  two"]),
        ("one\r\n \t\r\ntwo", ["one\r\n \t\r\n", "two"], ["one\r\n \t\r\n", "two"]),
        ("\n\n one\n\n", ["\n\n one\n\n"], ["\n\n one\n\n"]),
        (" \n ", [" \n "], [" \n "]),
    ],
)
def test_a_paragraph_ends_at_a_line_end_or_at_an_empty_line(text: str, lines: list[str], blocks: list[str]):
    assert paragraphs([text], False) == [lines]
    assert paragraphs([text], True) == [blocks]


@given(st.lists(st.text("a\n \té", max_size=12), max_size=5), st.booleans())
def test_paragraphs_are_those_of_the_plain_rule(texts: list[str], empty_line: bool):
    border = r"(?<=\n)(?=[ \t]*[^ \t\n])"  # a line begins that has something on it
    plain = []
    for text in texts:
        parts = [part for part in re.split(border, text) if part]
        if empty_line:  # lines belong together until one is followed by an empty one
            joined: list[str] = []
            for part in parts:
                if joined and not re.search(r"\n[ \t]*\n[ \t]*$", joined[-1]):
                    joined[-1] += part
                else:
                    joined.append(part)
            parts = joined
        if len(parts) > 1 and not parts[0].strip():
            parts[:2] = [parts[0] + parts[1]]
        plain.append(parts)
    assert paragraphs(texts, empty_line) == plain


def cut(texts: list[str], *spans: tuple[int, int, int]) -> tuple[list[str], list[int]]:
    column = pa.array(["before", *texts], pa.large_string())[1:]
    left, removed = without(column, np.array(list(spans), CUT))
    return left.to_pylist(), removed.tolist()


def test_what_is_cut_leaves_the_rest_as_it_was():
    texts = ["", "one\ntwo\nthree", "é\n漢", "last\n\n"]
    assert cut(texts) == (texts, [0, 0, 0, 0])
    assert cut(texts, (1, 0, 4), (2, 0, 3)) == (["", "two\nthree", "漢", "last\n\n"], [0, 4, 3, 0])
    assert cut(texts, (1, 4, 8), (3, 0, 6)) == (["", "one\nthree", "é\n漢", ""], [0, 4, 0, 6])


def test_line_ends_before_the_last_paragraph_go_with_it():
    assert cut(["one\n\ntwo", "a\nb\nc"], (0, 5, 8), (1, 0, 2), (1, 2, 4)) == (["one", "c"], [5, 4])
    assert cut(["one \r\ntwo"], (0, 6, 9)) == (["one"], [6])
