"""The compiled scan finds the same blocks as a plain walk over the parser's tree, on pages and on what no one writes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.ingest.extract.blocks import cues, scan, tags
from tasks.ingest.extract.fast import parsed
from tasks.ingest.extract.reference import scan as reference

PAGE = """<html><head><title>Not text</title><script>if (a < b) "</div>"</script></head><body class="home">
<nav id="mainMenu"><a href="/">Home</a> <a href="/x">More</a></nav>
<div class="article-body" role="main"><h1>Title</h1>
<p>One <b>bold</b> line,<br>and <a href="y">a link</a> &amp; more.<br><br>A second paragraph.</p>
<pre>
 kept  as
   it is</pre><img src=a><ul><li>first<li>second</ul><p hidden>unseen</p></div></body></html>"""

ADVERSARIAL = {
    "attributes with brackets and quotes": "<p title='a>b<c' a\"b=\"x\" class='nav'>text</p>",
    "no closing tags": "<ul><li>one<li>two<table><td>a<td>b<tr><td>c",
    "misnested": "<b>bold <p>both</b> neither</p><a href=x>in <div>card <p>deep</a> out</div>",
    "links across blocks": "<a href=x>before <p>inside</p> after</a> outside",
    "escapes": "<p>1 &lt; 2 &amp;amp; &gt; &nbsp; &quot;x&quot; &copy; &#x10FFFF; &unknown;",
    "line breaks": "<br>a<br> <br>b<br>c<br><br><br>d<pre>e<br><br>f</pre>",
    "white space": "<p> a \n\t b&nbsp;&nbsp;c </p><p> </p><p>&nbsp;</p><p>\u3000d\u200b</p>",
    "invisible": "a<script>b</script><style>c</style><template><p>d</template><noscript><p>e</p>f</noscript><svg><p>f</svg>g",
    "select and textarea": "<select><option>a<option>b</select><textarea>c</textarea><button>d</button>",
    "comments": "a<!-- b --><!--><p>c--><!-- <div> --!>d<!doctype html><?php e ?>f",
    "raw text": "a<xmp><b>not bold</b> & <</xmp>b<iframe><p>c</iframe>d",
    "plaintext": "a<p>b<plaintext></p><b>c",
    "scripts in scripts": "a<script><!-- w('<script>b</script>') c --></script>d<script><!--<SCRIPT/x </Script >e</script>f",
    "scripts that seem to": "a<script><!--><script></script>b<script><!-- --><script></script>c<script><!--<scripts></script>d",
    "scripts without an end": "a<script><!--<script>b</script>c<p>d",
    "scripts without an end in scripts": "a<b>b<script><!--<script>",
    "names with controls": "a<html\x0b>b<p\x0b>c<p\x1c>d</p\x0b>e<script></scripts>f</script>g",
    "attributes with controls": "<p><a href\x07=x>a</a> b<p hidden\x0b>c<p><a\x0chref=x>d</a> e",
    "white space as it stands": "a<xmp>\u00a0 b\u00a0\u00ad\n\n</xmp><xmp> \n</xmp><xmp>\u00a0</xmp>c<plaintext>\u00a0&nbsp;",
    "foreign": "<math><mi>x</mi></math><svg><style><p>a</style><title>b</title></svg>c",
    "hidden": "<div style='DISPLAY : None'>a<span hidden>b</span></div><div style='display:block'>c</div>",
    "lone surrogates and controls": "a\ud800b\x01c<p>d\x7f",
    "quotes in attribute names": "<link href='x'\"><img alt=''\"><p>text <i lang='de'\">more</i></p>",
    "soft hyphens": "<p>Wirt&shy;schaft &shy; x<pre>a&shy;b</pre>&shy;",
    "unknown elements": "<my-card class=teaser><x>a</x><p>b</p></my-card><constructor>c",
    "headings in order": "".join(f"<h{level}>{level}</h{level}>" for level in range(1, 7)),
}

FRAGMENTS = [
    *(
        "<p>",
        "</p>",
        "<div class='sidebar ad'>",
        "</div>",
        "<b>",
        "</b>",
        "<a href=x>",
        "<a>",
        "</a>",
        "<br>",
        "<hr>",
    ),
    *(
        "<ul>",
        "<li>",
        "</ul>",
        "<table>",
        "<tr>",
        "<td id=Comment1>",
        "</table>",
        "<pre>",
        "</pre>",
        "<span hidden>",
    ),
    *(
        "<script>",
        "</script>",
        "<svg>",
        "</svg>",
        "<img>",
        "<h1>",
        "</h1>",
        "<button>",
        "<form>",
        "</form>",
        "<!--",
    ),
    *(
        "-->",
        "text",
        " ",
        "\n",
        "&nbsp;",
        "&amp;lt;",
        "é",
        "漢",
        "<",
        ">",
        '"',
        "'",
        "=",
        "/",
        "<p style='display:none'>",
    ),
]
random_pages = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)


def scanned(html: str) -> list[tuple[object, ...]]:
    page = scan.scan(parsed(html.encode("utf-8", "replace").decode()))
    assert page.complete
    found = []
    for block, inline in zip(page.blocks.tolist(), page.inline_cues.tolist(), strict=True):
        node = block[scan.NODE]
        text = page.text[block[scan.START] : block[scan.END]].tobytes()
        first, last = page.nodes[node, scan.FIRST], page.nodes[node, scan.LAST]
        facts = [int(page.nodes[node, column]) for column in (scan.TAG, scan.DEPTH)]
        found.append(
            (text, *facts, int(last - first), int(page.node_bits[node]), int(page.node_cues[node]),
             *block[scan.LINKED :], inline)
        )  # fmt: skip
    return found


def walked(html: str) -> list[tuple[object, ...]]:
    blocks, _ = reference.walk(html.encode("utf-8", "replace").decode())
    return [
        (block.text, block.element.tag, block.element.depth, len(block.element.blocks), block.element.bits,
         block.element.cues, block.linked, block.bolded, block.links, block.images, block.breaks,
         int(block.preformatted), block.cues)
        for block in blocks
    ]  # fmt: skip


def test_a_page_in_blocks() -> None:
    page = scan.scan(parsed(PAGE))
    texts = [page.text[start:end].tobytes().decode() for start, end in page.blocks[:, :2].tolist()]
    assert texts == [
        "Home More", "Title", "One bold line,\nand a link & more.", "A second paragraph.", " kept  as\n   it is", "first",
        "second", "unseen",
    ]  # fmt: skip
    assert page.blocks[0, scan.LINKED] == len("Home More")  # the space is written when the link has begun
    assert page.blocks[2, scan.BOLDED] == len(" bold")
    assert page.blocks[5, scan.IMAGES] == 1
    assert page.node_bits[page.blocks[7, scan.NODE]] & tags.HIDDEN


def test_the_scan_agrees_with_the_walk_on_a_page() -> None:
    assert scanned(PAGE) == walked(PAGE)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_the_scan_agrees_with_the_walk_on_odd_markup(name: str) -> None:
    assert scanned(ADVERSARIAL[name]) == walked(ADVERSARIAL[name])


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_pages)
def test_the_scan_agrees_with_the_walk_on_random_markup(html: str) -> None:
    assert scanned(html) == walked(html)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.binary(max_size=60), random_pages.map(str.encode)))
def test_markup_that_no_parser_wrote_gives_no_error(markup: bytes) -> None:
    page = scan.scan(markup)
    assert len(page.text) <= len(markup)
    assert (page.blocks[:, scan.START] < page.blocks[:, scan.END]).all()


@pytest.mark.parametrize(
    "markup", [b"<", b"</", b"<a", b"<!", b"<!--", b"<p a", b'<p a="', b"&", b"&am", b"<xmp>&"]
)
def test_markup_may_end_anywhere(markup: bytes) -> None:
    assert scan.scan(markup).complete


def test_a_page_of_too_many_blocks_is_not_complete() -> None:
    assert not scan.scan(b"<p>a</p>" * (scan.MAX_BLOCKS + 1)).complete


def test_element_names_are_told_apart() -> None:
    assert len({tags.packed(name.encode()) for name in tags.NAMES}) == len(tags.NAMES)
    assert not any(effect & tags.SKIP and effect & tags.BLOCK for effect in tags.EFFECTS.tolist())


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from(["nav", "sub", "menu", "-", "_", " ", "Ad", "ads", "é", "©", "1"]), max_size=8
    ).map("".join)
)
def test_class_names_have_the_cues_that_a_plain_search_finds(name: str) -> None:
    name = f"x{name}"
    page = scan.scan(parsed(f'<p class="{name}">text'))
    expected = cues.groups_of(name.encode()) & cues.CLASS_GROUPS & ~cues.UNDISPLAYED
    assert page.node_cues[page.blocks[0, scan.NODE]] == expected


def test_cues_name_what_they_are_for() -> None:
    names = [
        name for bit, name in enumerate(cues.NAMES) if cues.groups_of(b"mainNav sidebar-left") >> bit & 1
    ]
    assert names == ["main", "nav", "sidebar"]
