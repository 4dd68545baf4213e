from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.ingest.extract.lines import tidied
from tasks.ingest.extract.page import tidy
from tasks.text.charset import clean

SPACES = [chr(code) for code in range(0x110000) if chr(code).isspace()]
PIECES = [
    "\n",
    "\r",
    "\r\n",
    "\n\n\n",
    "a",
    "  b",
    "ä",
    "€",
    "😀",
    "\0",
    "\x7f",
    "\x1b",
    "\ufeff",
    "\ufffd",
    "\u200b",
    *SPACES,
]


def plainly(text: str) -> str:
    lines = "\n".join([line.rstrip() for line in clean(text).split("\n")])
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


@settings(deadline=None)  # the first call may compile
@example("\ufeff".join(SPACES))
@example("a\r\0\nb \r\n \x00 \r\n\r\n c")
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))).map("".join))
def test_any_text_is_put_in_order_as_line_by_line(text: str) -> None:
    assert tidied(text.encode("utf-8", "ignore").decode()) == plainly(text.encode("utf-8", "ignore").decode())
    assert tidy(text) == plainly(text)


def test_every_white_space_character_goes_from_the_end_of_a_line_and_stays_within() -> None:
    for space in set(SPACES) - set("\n\r\x0b\x0c\x1c\x1d\x1e\x1f"):
        assert tidy(f"{space}a{space}b{space}\nc{space}") == f"{space}a{space}b\nc"


def test_lone_surrogates_go_and_the_rest_is_put_in_order() -> None:
    assert tidy("a \ud800 \n\n\n\nb\udc80") == "a\n\nb"


def test_every_character_at_a_line_end_stays_or_goes_as_line_by_line() -> None:
    text = "".join(f"x{chr(code)}\n" for code in range(0xD800)) + "".join(
        f"x{chr(code)}\n" for code in range(0xE000, 0x11000)
    )
    assert tidied(text) == plainly(text)
