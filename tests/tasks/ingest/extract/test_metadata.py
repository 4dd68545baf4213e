from __future__ import annotations

import pytest
from growth import assert_linear

from tasks.ingest.extract.fast import parsed
from tasks.ingest.extract.metadata import Declared, day, declared


def told(html: str) -> Declared:
    return declared(parsed(html))


def test_a_page_that_declares_everything() -> None:
    page = told(
        "<html lang=en-GB><head><title> A &amp;\n title </title><link rel='nofollow canonical' href='/a?b=1&amp;c=2'>"
        "<meta property=article:published_time content=2021-05-06T07:08:09Z><meta name=description content='What'></head>"
    )
    assert page == Declared("A & title", "en-GB", "/a?b=1&c=2", "2021-05-06", "What", "")


def test_what_stands_in_for_a_missing_title_and_language() -> None:
    page = told("<meta property=og:title content='Open'><meta http-equiv=Content-Language content=de>")
    assert (page.title, page.language) == ("Open", "de")


@pytest.mark.parametrize(
    "html",
    [
        "<meta itemprop=datePublished content=2020-01-02>",
        '<script type=application/ld+json>{\'invalid\', "datePublished" : "2020-01-02T10:00"}</script>',
        "<meta name=DC.date content=2020-01-02>",
        "<body><time datetime=2020-01-02>2 January</time><time datetime=2021-01-01>",
        "<body><time datetime=2021-01-01></time><time pubdate datetime=2020-01-02>",
        "<meta property=article:published_time content=soon><meta name=date content=2020-01-02>",
    ],
)
def test_the_day_of_publication(html: str) -> None:
    assert told(html).published == "2020-01-02"


def test_what_is_surest_comes_first() -> None:
    html = (
        '<meta name=date content=2019-01-01><script type=application/ld+json>{"datePublished": "2018-01-01"}</script>'
        "<meta property=article:published_time content=2020-01-02>"
    )
    assert told(html).published == "2020-01-02"


@pytest.mark.parametrize(
    "value", ["", "2020", "2020-13-01", "2020-02-30", "20200101", "2020-01-011", "1 May 2020"]
)
def test_what_is_no_day(value: str) -> None:
    assert day(value) is None


def test_the_article_in_structured_data() -> None:
    html = '<script type="application/ld+json">{"articleBody": "A \\"quoted\\"\\nline \\u00e9", "x": [1, }</script>'
    assert told(html).structured == 'A "quoted"\nline é'


def test_a_body_is_not_searched_for_meta_elements() -> None:
    page = told(
        "<head><script>'<body'</script><title>Right</title></head><body><p>x</p><svg><title>Wrong</title></svg>"
    )
    assert page.title == "Right"


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b'<script type="application/ld+json">"articleBody": "', b"\\"),
        (b'<script type="application/ld+json">', b'"articleBody": "'),
        (b"", b"<meta "),
        (b"", b"<title>"),
        (b"", b"<time datetime="),
        (b'<meta name="date" content="', b"9"),
    ],
)
def test_hostile_declarations_take_linear_time(start: bytes, piece: bytes) -> None:
    assert_linear(declared, lambda size: start + piece * (size // len(piece) | 1), 1_000_000)


@pytest.mark.parametrize("end", ["", "</script>"])
def test_structured_data_full_of_its_own_beginnings_takes_linear_time(end: str) -> None:
    piece = '<script type="application/ld+json">{"articleBody": "text'
    assert_linear(declared, lambda count: parsed(piece * count + end), 40_000)
