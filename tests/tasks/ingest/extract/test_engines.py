from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from growth import assert_linear

from tasks.errors import ConfigError
from tasks.ingest.extract.engines import Engine, Page, extract, extract_text

SHARED = Path(__file__).resolve().parents[5] / "shared/data"
PAGES = SHARED / "warc/derived-html/trafilatura-0.warc.gz"
SEGMENTS = SHARED / "extraction/trafilatura-gold-split/evaldata-0.json"

PARAGRAPH = "This is a sentence of the article that is long enough to be taken for its text. " * 5
PAGE = f"""<!doctype html><html lang="en-GB"><head><title> A  title </title>
<link rel="canonical" href="http://example.com/page"><script>var x = "hidden";</script></head>
<body><nav><a href="/">Home</a> <a href="/about">About</a></nav>
<article><h1>Heading</h1><p>{PARAGRAPH}</p><p>Second paragraph &amp; more.</p></article>
<footer>Copyright nobody</footer></body></html>"""

HOSTILE = {  # of a size, up to 100,000
    "nested div": lambda size: b"<div>" * size + b"hello",
    "nested and closed": lambda size: b"<div>hello" * (size // 2) + b"</div>" * (size // 2),
    "nested lists": lambda size: b"<ul><li>hello" * (size // 5),
    "many attributes": lambda size: (
        b"<div " + b" ".join(b"a%d=1" % at for at in range(size)) + b">hello</div>"
    ),
    "nested behind closing tags of nothing": lambda size: b"<div>hello</b>" * (size // 2),
    "many options": lambda size: b"<select>" + b"<OpTion>a" * size + b"</select><p>hello</p>",
    "deep and wide": lambda size: b"<div>" * 350 + b"<p>hello</p>" * (size // 2),
    "open comments": lambda size: b"<p>hello</p>" + b"<!--" * size,
    "open scripts": lambda size: b"<p>hello</p>" + b"<script>" * size,
    "only opening brackets": lambda size: b"hello" + b"<" * (10 * size),
    "one line of 10 MB": lambda size: b"<p>" + b"hello " * (17 * size),
    "no text in 20 MB": lambda size: b"<p>hello</p>" + b"<br>" * (50 * size),
}


def test_the_main_text_title_language_and_canonical_address() -> None:
    page = extract(PAGE.encode())
    assert "Heading" in page.text
    assert "Second paragraph & more." in page.text
    assert "hidden" not in page.text
    assert "About" not in page.text
    assert (page.title, page.language, page.canonical) == ("A title", "en-GB", "http://example.com/page")


@pytest.mark.parametrize("engine", ["fast", "resiliparse", "trafilatura"])
def test_every_engine_gives_the_main_text_and_what_the_page_declares(engine: Engine) -> None:
    if engine == "trafilatura":
        pytest.importorskip("trafilatura")
    head = '<meta property="article:published_time" content="2020-02-03T04:05:06Z">'
    page = extract(PAGE.replace("</head>", f"{head}</head>").encode(), engine=engine)
    assert PARAGRAPH.strip() in page.text
    assert "About" not in page.text
    assert page == Page(page.text, "A title", "en-GB", "http://example.com/page", "2020-02-03")


def test_an_engine_that_is_not_installed_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(ConfigError, match="trafilatura, which isn't installed"):
        extract(PAGE.encode(), engine="trafilatura")


def test_an_unknown_engine_is_a_clear_error() -> None:
    with pytest.raises(ConfigError, match="no extraction engine 'slow'"):
        extract_text(b"<p>x</p>", engine="slow")  # type: ignore[arg-type]


def test_comments_teasers_and_notices_around_an_article_go() -> None:
    html = f"""<body><div class="cookie-notice"><p>We use cookies. {PARAGRAPH[:80]} Accept all.</p></div>
    <main><article><h1>Heading</h1>{"".join(f"<p>{number}. {PARAGRAPH}</p>" for number in range(8))}</article></main>
    <aside class="related"><h3>Read more</h3><ul><li><a href=/1>Another teaser</a><li><a href=/2>One more</a></ul></aside>
    <div id="comments"><h3>Comments</h3><div class="comment"><p>First!</p></div></div>
    <footer>© 2020 Nobody. All rights reserved.</footer></body>"""
    text = extract_text(html.encode())
    assert text.startswith("Heading\n\n0. This is")
    assert text.count("This is a sentence") == 8 * 5
    for gone in ("cookies", "teaser", "Read more", "First!", "rights reserved"):
        assert gone not in text


def test_long_data_in_an_attribute_or_a_script_makes_no_page_too_complex() -> None:
    data = "{'key': 1, " * 3000
    for element in (f'<div data-settings="{data}"></div>', f"<script>if (a<b) {data}</script>"):
        page = PAGE.replace("<nav>", f"{element}<nav>")
        assert extract_text(page.encode()) == extract_text(PAGE.encode())


def test_a_short_page_is_taken_whole() -> None:
    assert extract_text(b"<nav>Home</nav><p>All there is.</p>") == "Home\n\nAll there is."


@pytest.mark.parametrize("engine", ["fast", "resiliparse"])
def test_the_same_page_gives_the_same_text_in_any_charset(engine: Engine) -> None:
    page = PAGE.replace("Heading", "Über Äpfel und “Birnen”")
    assert extract(page.encode(), engine=engine) == extract(page.encode("utf-16"), engine=engine)


def test_a_page_that_is_all_navigation_gives_its_whole_text() -> None:
    links = "".join(f"<a href='/{number}'>Entry {number}</a><br>" for number in range(100))
    assert "Entry 99" in extract_text(f"<html><body><nav>{links}</nav></body></html>".encode())


@pytest.mark.parametrize("html", [b"", b"   ", b"<html></html>", b"\0\0", b"<script>x</script>", b"\xff\xfe"])
def test_pages_without_text_give_none(html: bytes) -> None:
    assert extract_text(html) == ""


def test_text_is_valid_unicode_without_control_characters() -> None:
    text = extract_text(b"<p>a\0b \x01 &#xD800; &#0; \xff caf\xe9</p>")
    text.encode("utf-8")
    assert not set(text) & {"\0", "\x01"}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("engine", ["fast", "resiliparse"])
def test_hostile_pages_take_linear_time_and_keep_their_text(name: str, engine: Engine) -> None:
    def extract_hello(page: bytes) -> None:
        assert "hello" in extract_text(page, engine=engine)

    assert_linear(extract_hello, HOSTILE[name], 100_000)


@pytest.mark.realdata
@pytest.mark.skipif(not PAGES.exists(), reason="../shared/data is not here")
def test_annotated_pages_give_what_they_must_and_little_else() -> None:
    """As trained; what unseen pages give is measured by tests/bench/extraction.py."""
    from tasks.ingest.extract.training.train import check, read_pages

    texts = {url: extract_text(html) for url, html in read_pages(PAGES)}
    found = check(texts, json.loads(SEGMENTS.read_text()))
    assert found["found"] >= 0.92
    assert found["leaked"] <= 0.06
