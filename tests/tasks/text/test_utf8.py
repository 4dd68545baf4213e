from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.utf8 import is_utf8

STRETCH = 64  # of ASCII, which a checker may pass over at once


def plainly(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# The first and the last byte of every class.
BORDERS = [
    0,
    0x7F,
    0x80,
    0x8F,
    0x90,
    0x9F,
    0xA0,
    0xBF,
    0xC0,
    0xC1,
    0xC2,
    0xDF,
    0xE0,
    0xE1,
    0xEC,
    0xED,
    0xEE,
    0xEF,
    0xF0,
]
BORDERS += [0xF1, 0xF3, 0xF4, 0xF5, 0xFF]


@pytest.mark.parametrize("before", [0, STRETCH - 2])
def test_every_sequence_of_border_bytes_is_judged_like_the_decoder_does(before: int) -> None:
    for first, second, third in product([byte for byte in BORDERS if byte > 0x7F], BORDERS, BORDERS):
        for rest in (b"", b"a", b"\x80", b"\x80" * 2):
            data = b"a" * before + bytes((first, second, third)) + rest
            assert is_utf8(data) == plainly(data), data


@given(
    st.lists(st.one_of(st.text().map(str.encode), st.binary(max_size=3), st.just(b"a" * STRETCH))).map(
        b"".join
    )
)
def test_any_bytes_are_judged_like_the_decoder_does(data: bytes) -> None:
    assert is_utf8(data) == plainly(data)
