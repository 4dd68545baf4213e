"""The compiled features agree with the plain ones, on pages and on what no one writes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.ingest.extract.blocks import features
from tasks.ingest.extract.blocks.scan import scan
from tasks.ingest.extract.fast import parsed
from tasks.ingest.extract.reference import features as feature_reference
from tasks.ingest.extract.reference import scan as reference

SENTENCE = "A sentence, long enough to be taken for running text, of the kind that articles are made of. "
PAGE = f"""<body><nav class="main-menu"><ul><li><a href=/>Home</a><li><a href=/a>Topics</a></ul></nav>
<main id=content><article class="post"><h2>Kicker</h2><h1>What the article is about</h1>
<p class=byline>By Someone, 3 May 2020</p><p>{SENTENCE * 2}</p><p>{SENTENCE}<b>Bold!</b></p><h2>Part</h2><p>{SENTENCE}</p>
<pre>x = 1</pre><table><tr><td>1<td>2</table></article></main>
<div class="comments"><p>{SENTENCE}</p><p>Nice… “quoted”</p></div><p>日本語の文。</p><p>{SENTENCE}</p>
<footer>© 2020 | Imprint | Privacy</footer></body>"""
TOLD = (SENTENCE, "What the article is about – Site", "By Someone, 3 May 2020, on everything")

PIECES = [
    *(
        "<p>",
        "</p>",
        "<div class='comment'>",
        "<div class=main id=ad>",
        "</div>",
        "<h1>",
        "</h1>",
        "<h3>",
        "</h3>",
        "<td>",
    ),
    *(
        "<a href=x>",
        "</a>",
        "<b>",
        "</b>",
        "<br>",
        "<ul>",
        "<li>",
        "</ul>",
        "<table>",
        "</table>",
        "<img>",
        "<section>",
    ),
    *(
        SENTENCE,
        "Word ",
        "1984",
        "x, y. ",
        "Überall ",
        "。",
        "…",
        "”",
        "#|/",
        "Leave a reply ",
        "!?",
        '."',
        " ",
    ),
]
pages = st.lists(st.sampled_from(PIECES), min_size=1, max_size=30).map("".join)


def compare(html: str, told: tuple[str, str, str] = ("", "", "")) -> None:
    found = features.describe(scan(parsed(html)), *(text.encode() for text in told))
    expected = feature_reference.describe(*reference.walk(html), list(told))
    assert len(found) == len(expected)
    for row, plain in zip(found, expected, strict=True):
        assert set(plain) == set(features.NAMES)
        right = np.array([float(plain[name]) for name in features.NAMES])
        wrong = {
            name: (float(row[n]), right[n])
            for n, name in enumerate(features.NAMES)
            if not np.isclose(row[n], right[n], rtol=1e-4, atol=1e-5)
        }
        assert wrong == {}


def test_features_of_a_page() -> None:
    compare(PAGE, TOLD)


@pytest.mark.parametrize(
    "html", ["", "x", "<p> ", "<h1>a</h1><h1>b</h1>", "<p>" * 30 + "deep", "a<hr>" * 40, SENTENCE]
)
def test_features_of_small_pages(html: str) -> None:
    compare(html)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(pages)
def test_features_of_random_pages(html: str) -> None:
    compare(html, TOLD)


def test_what_the_page_tells_of_itself_marks_the_block() -> None:
    page = scan(parsed(PAGE))
    rows = features.describe(page, *(text.encode() for text in TOLD))
    for hint, text in (("title", "What the article is about"), ("description", "By Someone, 3 May 2020")):
        marked = rows[:, features.NAMES.index(f"hint_{hint}")] > 0
        assert [
            page.text[start:end].tobytes().decode() for start, end in page.blocks[marked, :2].tolist()
        ] == [text]
