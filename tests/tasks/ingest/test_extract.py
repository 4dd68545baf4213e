from __future__ import annotations

import time

import pytest

from tasks.ingest.extract import extract, extract_text

PARAGRAPH = "This is a sentence of the article that is long enough to be taken for its text. " * 5
PAGE = f"""<!doctype html><html lang="en-GB"><head><title> A  title </title>
<link rel="canonical" href="http://example.com/page"><script>var x = "hidden";</script></head>
<body><nav><a href="/">Home</a> <a href="/about">About</a></nav>
<article><h1>Heading</h1><p>{PARAGRAPH}</p><p>Second paragraph &amp; more.</p></article>
<footer>Copyright nobody</footer></body></html>"""

HOSTILE = {
    "100,000 nested div": b"<div>" * 100_000 + b"hello",
    "nested and closed": b"<div>hello" * 50_000 + b"</div>" * 50_000,
    "nested lists": b"<ul><li>hello" * 20_000,
    "many attributes": b"<div " + b" ".join(b"a%d=1" % number for number in range(100_000)) + b">hello</div>",
    "many options": b"<select>" + b"<OpTion>a" * 100_000 + b"</select><p>hello</p>",
    "deep and wide": b"<div>" * 350 + b"<p>hello</p>" * 50_000,
    "open comments": b"<p>hello</p>" + b"<!--" * 100_000,
    "open scripts": b"<p>hello</p>" + b"<script>" * 100_000,
    "only opening brackets": b"hello" + b"<" * 1_000_000,
    "one line of 10 MB": b"<p>" + b"hello " * 1_700_000,
    "no text in 20 MB": b"<p>hello</p>" + b"<br>" * 5_000_000,
}


def test_the_main_text_title_language_and_canonical_address() -> None:
    page = extract(PAGE.encode())
    assert "Heading" in page.text
    assert "Second paragraph & more." in page.text
    assert "hidden" not in page.text
    assert "About" not in page.text
    assert (page.title, page.language, page.canonical) == ("A title", "en-GB", "http://example.com/page")


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
def test_hostile_pages_take_bounded_time_and_keep_their_text(name: str) -> None:
    start = time.process_time()
    text = extract_text(HOSTILE[name])
    assert time.process_time() - start < 10
    assert "hello" in text
