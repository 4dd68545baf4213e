from __future__ import annotations

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.books.html import read_page


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One  <i>two</i>\nthree</p><p>Four</p>", "One two three\n\nFour"),
        ("<h1>A</h1><div>b<br/>c</div>", "A\n\nb\nc"),
        ("<pre>  a\n    b</pre>", "  a\n    b"),
        ("<ul><li>a</li><li>b</li></ul>after", "a\nb\n\nafter"),
        ("<table><tr><td>a</td><td> b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
        ("<head><title/></head><body><p>kept</p></body>", "kept"),
        ("<head><title>T</title><style>p{}</style></head><p>a &amp; b&nbsp;&#233;</p>", "a & b é"),
        ("<p>a<!-- > hidden -->b<![CDATA[<c> &amp;]]></p>", "ab<c> &amp;"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>字", "漢字"),
        ('<p>end of<span class="pagenum">[Pg 12]</span> page</p>', "end of page"),
        ('<p>a<span epub:type="pagebreak" id="p1"/>b</p>', "ab"),
        ('<p title="a > b">x</p><p class=don\'t>y</p>', "x\n\ny"),
        ("<P>UPPER</P><xhtml:p>prefixed</xhtml:p>", "UPPER\n\nprefixed"),
        ("2 < 3 and <> and a<b", "2 < 3 and <> and a"),
        ("<script>var a = '<p>no</p>';</script>yes", "yes"),
        ("<script>never closed <p>kept", "never closed\n\nkept"),
    ],
)
def test_the_text_of(markup: str, text: str) -> None:
    assert read_page(markup).text == text


def test_a_page_knows_its_links_and_what_it_says_of_itself() -> None:
    page = read_page(
        '<html lang="en"><head><title>A &amp; B</title><meta name="Author" content="Me"></head>'
        '<body epub:type="toc"><a href="#1">1234</a><a id="x"/>5678</body></html>'
    )
    assert (page.links, page.link_share) == (1, 0.5)
    assert page.title == "A & B"
    assert page.metas == {"author": "Me"}
    assert page.attributes == {"lang": "en", "epub:type": "toc"}


@pytest.mark.parametrize(
    "piece",
    ["<div>", "<a ", '<p a="', "<p a='", "<script>", "<!--", "<![CDATA[", "<", "a<b>", '="', "&", "<rt>"],
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    assert_linear(read_page, lambda count: piece * count, 40_000)


@given(st.text(st.sampled_from("<>/!-[]=\"'& abpre\n")))
def test_it_never_raises(markup: str) -> None:
    read_page(markup)
