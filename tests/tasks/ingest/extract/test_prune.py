from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree, NodeType

from tasks.ingest.extract import prune as rules
from tasks.ingest.extract.prune import prune
from tasks.ingest.extract.reference.prune import prune_plainly

# What pages are made of, and what could mislead a reader of tags.
PIECES = [
    *("<", ">", "/", "=", '"', "'", " ", "\n", "-", "--", "!", "a", "x=1", " hidden ", " =a", "text", "ä", "<li", "<br/ >"),
    *("&", "amp", ";", "<!--", "-->", "--!>", "<!-->", "<![CDATA[", "]]>", "<!doctype html>", "<?x>", "</", "</>"),
    *("<p>", "</p>", "<a href=\"x\" title=y>", "<a href=x/>", "</a>", "<table>", "<td nowrap>", "<noscript>", "<template>"),
    *('<div class=a data-x="1" href=\'b\'id=c>', "</div>", "<b data-a=1>", "<meta charset=x data-b=2>", "<option>"),
    *("<script>", "</script>", "<SCRIPT src=a>", "</sCript >", "<script type=application/ld+json>"),
    *("<style>", "</style>", "</style/>", "<title>", "</title>", "<textarea>", "</textarea>", "<iframe>", "</iframe>"),
    *("<svg>", "<svg/>", "</svg>", "<math>", "</math>", '<path d="a"/>', "<g data-a=1/>", "<plaintext>", "<frameset>"),
    *('<input type=a value="b">', "<select>", "</select>", "</template>", "<button data-a>", "</button>"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>a <script>b</script><style>d</style>c", "<p>a c"),
        ("<SCRIPT>a</scriptx></Script\n>b", "b"),
        ("<script>a<!--<script></script>b--></script>c", "c"),
        ("<script>a<!--></script>b</script>c", "b</script>c"),
        ('<script type="application/ld+json">{"a": 1}</script>', '<script type="application/ld+json">{"a": 1}</script>'),
        ("<script type=application/ld&#x2b;json>a</script>", "<script type=application/ld&#x2b;json>a</script>"),
        ("<title><style>a</title>b</style>", "<title><style>a</title>b</style>"),
        ("<!-- <style>a</style> -->", "<!-- <style>a</style> -->"),
        ("<p id='<style>'>a</style>", "<p id='<style>'>a</style>"),
        ("<svg><style>a<b>c</style></svg><style>d</style>", "<svg><style>a<b>c</style></svg>"),
        ("<svg><style>a<p>b</style><style>c</style>", "<svg><style>a<p>b</style>"),
        ("<script>no end", "<script>no end"),
        ("<script>a</script b=\">\">c", "<script></script b=\">\">c"),
        ('<svg><title>a</title><g><path d="b"/> c </g></svg><g>', "<svg><title>a</title> c </svg><g>"),
        ("<plaintext><style>a</style>", "<plaintext><style>a</style>"),
        ("<<script>a</script>!-- b", "<<script></script>!-- b"),  # `<!--` would begin a comment
        ("&l<script>a</script><style>b</style>t; ", "&l<script></script>t; "),
        ("<svg><text>a <<g>b</g>!</text>", "<svg><text>a <<g>b</g>!</text>"),
    ],
)  # fmt: skip
def test_scripts_style_sheets_and_shapes_go(html: str, left: str) -> None:
    assert prune(html.encode()).decode() == left


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<div data-x=\"1\" CLASS=a onclick='b>c' hidden>", "<div  CLASS=a  hidden>"),
        ('<a href="x" title="y">', "<a href >"),
        ('<a href="x"class="y">', '<a href="x"class="y">'),  # `hrefclass` would be another name
        ("<meta data-x=1><time data-x=1><font data-x=1>", "<meta data-x=1><time data-x=1><font data-x=1>"),
        ('<p hidden data-x=1 ="a>b">', '<p hidden data-x=1 ="a>b">'),  # `hidden =` would begin a value
        ("<g/data-x=1>", "<g/data-x=1>"),  # `/>` would close it
        ('<p data-x="1" class="', '<p data-x="1" class="'),
    ],
)
def test_elements_lose_attributes_that_nobody_reads(html: str, left: str) -> None:
    assert prune(html.encode()).decode() == left


@settings(max_examples=300)
@given(html=st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_the_pass_agrees_with_the_plain_reference(html: str) -> None:
    assert prune(html.encode()) == prune_plainly(html.encode())


@given(html=st.binary(max_size=60))
def test_any_bytes_are_read_like_the_plain_reference(html: bytes) -> None:
    assert prune(html) == prune_plainly(html)


# Whole, as `svg` and `math` stand in pages: open ones end by rules that need the tree (13.2.6.5), and only the parser has it.
WHOLE = ['<svg a="b"><path d="a"/><style>b</style></svg>', "<math><mi data-a=1>c</mi></math>"]
OPEN = ("<svg", "<math", "</svg", "</math")


@settings(max_examples=300)
@given(
    html=st.lists(
        st.sampled_from([piece for piece in PIECES if not piece.startswith(OPEN)] + WHOLE), max_size=14
    ).map("".join)
)
def test_a_parser_sees_the_same_page(html: str) -> None:
    page = (
        f"<!doctype html><body>{html}".encode()
    )  # before that a parser asks what came before a comment or `noscript`
    assert list(_seen(prune(page))) == list(_seen(page))


def _seen(html: bytes) -> Iterator[Any]:
    """Everything in a page's tree that is read; text that has come together is one, white space aside."""
    nodes: list[Any] = [HTMLTree.parse_from_bytes(html).document]
    text = ""
    while nodes:
        node = nodes.pop()
        names = list(node.attrs or ()) if node.type == NodeType.ELEMENT else []
        kept = names if node.tag in rules.WHOLE.split() else [*rules.KEPT.split(), "href"]
        values = {name: node.getattr(name) if name != "href" else "" for name in names if name in kept}
        if node.tag in ("script", "style") and "json" not in str(values):
            continue
        nodes += reversed(node.child_nodes)
        if node.type == NodeType.TEXT:
            text += node.value
        elif node.type == NodeType.ELEMENT and node.tag not in rules.KINDS[rules.GRAPHIC].split():
            yield text.split()
            yield node.tag, values
            text = ""
    yield text.split()


ATTRIBUTES = [
    *('class="nav"', 'class="article-body"', 'id="footer"', 'role="main"', "role=banner", 'style="display: none"', "hidden"),
    *('rel="author"', 'itemprop="author"', 'aria-hidden="true"', 'aria-expanded="false"', "data-ad", "data-text-ad=1"),
    *('alt="picture"', 'href="x"', 'title="y"', 'data-z="1"', "data-advertisement", 'type="text"', 'value="v"', "width=1"),
]  # fmt: skip


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "div",
                    "p",
                    "a",
                    "span",
                    "img",
                    "section",
                    "ul",
                    "td",
                    "article",
                    "footer",
                    "input",
                    "aside",
                    "h2",
                ]
            ),
            st.lists(st.sampled_from(ATTRIBUTES), max_size=3).map(" ".join),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_resiliparse_gives_the_same_main_content(elements: list[tuple[str, str, bool]]) -> None:
    html = "<body>" + "".join(
        f"<{name} {attributes}>some text {number}" + f"</{name}>" * closed
        for number, (name, attributes, closed) in enumerate(elements)
    )
    options: dict[str, Any] = {"main_content": True, "comments": False}
    found = extract_plain_text(HTMLTree.parse_from_bytes(prune(html.encode())), **options)
    assert found == extract_plain_text(HTMLTree.parse(html), **options)


HOSTILE = {  # the part that comes again, after a beginning
    "open scripts": (b"", b"<script>"),
    "open comments": (b"", b"<!--"),
    "open values": (b"", b'<p class="'),
    "closed scripts": (b"", b"<script></script>"),
    "scripts in comments in scripts": (b"", b"<script><!--<script>"),
    "attributes": (b"<p ", b"a=b "),
    "white space": (b"<p a", b" "),
    "ends of other elements": (b"<style>", b"</stylex"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear(name: str) -> None:
    beginning, part = HOSTILE[name]
    assert_linear(prune, lambda size: beginning + part * (size // len(part)), 4_000_000)
