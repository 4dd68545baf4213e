from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.io.container import Damage
from tasks.io.streams import TooLong, in_utf8, lines, pieces

PARTS = [b"part %d " % number + bytes(range(256)) * 40 for number in range(3)]
FORMATS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress,
}  # fmt: skip


def output(data: bytes) -> tuple[bytes, list[str]]:
    """All bytes, and the reasons of the damage met."""
    found = list(pieces(io.BytesIO(data)))
    text = b"".join(piece for piece in found if isinstance(piece, bytes))
    return text, [piece.reason for piece in found if isinstance(piece, Damage)]


@pytest.mark.parametrize("name", FORMATS)
def test_concatenated_streams_give_what_went_in(name: str) -> None:
    whole = b"".join(PARTS)
    assert output(FORMATS[name](whole)) == (whole, [])
    assert output(b"".join(map(FORMATS[name], PARTS))) == (whole, [])
    assert output(FORMATS[name](b"")) == (b"", [])


def test_zeros_between_and_behind_xz_streams_are_padding() -> None:
    data = lzma.compress(PARTS[0]) + b"\0" * 4 + lzma.compress(PARTS[1]) + b"\0" * 8
    assert output(data) == (PARTS[0] + PARTS[1], [])


@pytest.mark.parametrize("name", ["bz2", "xz"])
def test_what_comes_before_damage_is_kept(name: str) -> None:
    first, second = (FORMATS[name](part) for part in PARTS[:2])
    text, reasons = output(first + second[:-20])
    assert text.startswith(PARTS[0])
    assert reasons == [f"truncated-{name}"]
    broken = bytearray(second)
    broken[len(broken) // 2] ^= 0xFF
    text, reasons = output(first + bytes(broken))
    assert text.startswith(PARTS[0])
    assert reasons == [f"damaged-{name}"]
    assert output(first + b"something else") == (PARTS[0], [f"not-{name}"])


def test_a_text_that_begins_like_bzip2_is_text() -> None:
    assert output(b"BZh9 is how bzip2 begins") == (b"BZh9 is how bzip2 begins", [])


def test_a_bomb_comes_in_bounded_pieces() -> None:
    for name in ("bz2", "xz"):
        found = pieces(io.BytesIO(FORMATS[name](bytes(8 << 20))))
        assert max(map(len, found)) <= 1 << 20


@given(st.lists(st.binary(max_size=20)), st.integers(0, 12))
def test_lines_are_those_of_split_and_never_longer_than_the_limit(parts: list[bytes], limit: int) -> None:
    found = list(lines(parts, limit))
    expected = b"".join(parts).split(b"\n")
    expected = expected if expected[-1] else expected[:-1]
    assert [number for number, _ in found] == list(range(1, len(expected) + 1))
    for (_, line), whole in zip(found, expected, strict=True):
        assert line == (whole if len(whole) <= limit else TooLong(len(whole)))


def test_other_charsets_become_utf8() -> None:
    text = "Съешь же ещё этих мягких французских булок.\n" * 20
    for charset in ("utf-8", "utf-8-sig", "utf-16", "cp1251"):
        assert b"".join(in_utf8([text.encode(charset)])).decode() == text
