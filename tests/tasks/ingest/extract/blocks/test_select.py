"""Which blocks are kept, from chances that stand in the test."""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract.blocks.scan import scan
from tasks.ingest.extract.blocks.select import choose
from tasks.ingest.extract.fast import parsed

TEXT = "Text of some length, as paragraphs have it."


def kept(html: str, *chances: float) -> list[int]:
    return np.flatnonzero(choose(scan(parsed(html)), np.array(chances, dtype=np.float32))).tolist()


def test_what_is_likely_depends_on_the_page() -> None:
    html = f"<p>{TEXT}<p>{TEXT}<p>{TEXT}"
    assert kept(html, 0.9, 0.9, 0.4) == [0, 1]
    assert kept(html, 0.5, 0.5, 0.4) == [0, 1, 2]
    assert kept(html, 0.0, 0.0, -0.1) == []


def test_a_main_heading_comes_with_the_text_below_it_in_its_element() -> None:
    assert kept(f"<div><h1>Title</h1><p>By X</p><p>{TEXT}</p></div>", 0.1, 0.1, 0.9) == [0, 2]
    assert kept(f"<header><h1>Site</h1></header><p>{TEXT}</p>", 0.1, 0.9) == [1]
    assert kept(f"<div><h2>Part</h2><p>{TEXT}</p></div>", 0.1, 0.9) == [1]


def test_what_is_not_displayed_goes_if_there_is_enough_without_it() -> None:
    for hidden in ("hidden", 'style="display: none"', 'style="color: red; visibility:hidden"'):
        assert kept(f"<p>{TEXT}<div {hidden}>{TEXT}</div>", 0.9, 0.9) == [0]


def test_a_page_that_hides_its_text_keeps_it() -> None:
    assert kept(f"<p>Loading<div style='display:none'><p>{TEXT}<p>{TEXT}</div>", 0.9, 0.9, 0.9) == [0, 1, 2]
