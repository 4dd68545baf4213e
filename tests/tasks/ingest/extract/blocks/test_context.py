"""The compiled second look agrees with the plain one, on pages and on what no one writes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.ingest.extract.blocks import context
from tasks.ingest.extract.blocks.scan import scan
from tasks.ingest.extract.fast import parsed
from tasks.ingest.extract.reference import context as context_reference
from tasks.ingest.extract.reference import scan as reference

PIECES = [
    "<p>", "</p>", "<div class=a>", "<div class=b>", "</div>", "<ul><li>", "</ul>", "<td>", "<br><br>",
    "Word ", "Words of a longer text, ", "x",
]  # fmt: skip
pages = st.lists(st.sampled_from(PIECES), min_size=1, max_size=40).map("".join)
chances = st.sampled_from([0.0, -0.1, 0.05, 0.11, 0.3, 0.5, 0.7, 0.95, 1.2])


def compare(html: str, given_chances: list[float]) -> None:
    page, (blocks, _) = scan(parsed(html)), reference.walk(html)
    likely = np.resize(np.array(given_chances, dtype=np.float32), len(blocks))
    features = np.arange(2 * len(blocks), dtype=np.float32).reshape(-1, 2)
    chosen, rows = context.surround(page, features, likely)
    expected = context_reference.surround(blocks, likely.tolist())
    assert chosen.tolist() == list(expected)
    assert (rows[:, :2] == features[chosen]).all()
    for row, plain in zip(rows[:, 2:], expected.values(), strict=True):
        assert set(plain) == set(context.NAMES)
        assert row == pytest.approx([float(plain[name]) for name in context.NAMES], rel=1e-4, abs=1e-5)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(pages, st.lists(chances, min_size=1, max_size=12))
def test_context_of_random_pages(html: str, given_chances: list[float]) -> None:
    compare(html, given_chances)


@pytest.mark.parametrize("html", ["", "x", "<p>" * 30 + "deep", "a<hr>" * 200])
def test_context_of_small_and_long_pages(html: str) -> None:
    compare(html, [0.9] + [0.2] * 99)


def test_a_doubtful_block_between_sure_ones_has_them_in_its_row() -> None:
    page = scan(parsed("<p>Sure.</p><p>Doubtful.</p><p>Sure.</p><p>Out.</p>"))
    chosen, rows = context.surround(
        page, np.empty((4, 0), dtype=np.float32), np.array([0.9, 0.3, 0.8, 0.01], dtype=np.float32)
    )
    assert chosen.tolist() == [0, 1, 2]
    row = dict(zip(context.NAMES, rows[1].tolist(), strict=True))
    assert row["first_next-1"] == pytest.approx(0.9)
    assert row["first_next+1"] == pytest.approx(0.8)
    assert (row["first_since_sure"], row["first_until_sure"]) == (1, 1)
