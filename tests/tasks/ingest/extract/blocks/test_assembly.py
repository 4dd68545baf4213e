from __future__ import annotations

import pytest

from tasks.ingest.extract.blocks.assembly import assemble
from tasks.ingest.extract.blocks.scan import scan
from tasks.ingest.extract.fast import parsed


def text_of(html: str) -> str:
    page = scan(parsed(html))
    return assemble(page, range(len(page.blocks)))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Title</h1><p>One<br>two.</p><p>Three</p>", "Title\n\nOne\ntwo.\n\nThree"),
        ("a<br><br>b", "a\n\nb"),
        (
            "<p>Before</p><ul><li>one<li><p>two</p><p>more</p></ul><p>After",
            "Before\n\n- one\n- two\nmore\n\nAfter",
        ),
        ("<ol><li>one<li>two<ul><li>inner</ul><li>three</ol>", "1. one\n2. two\n  - inner\n3. three"),
        ("<ul><li>a</ul><ul><li>b</ul>", "- a\n\n- b"),
        (
            "<table><tr><th>Name<th>Size<tr><td>a<td><p>1</p><p>2</p></table><p>After",
            "Name | Size\na | 1 2\n\nAfter",
        ),
        (
            "<table><tr><td><a href=/>Home</a><td><h2>Head</h2><p>One</p><p>Two</p><ul><li>a<li>b</ul></table>",
            "Home\n\nHead\n\nOne\n\nTwo\n\n- a\n- b",
        ),
        ("<dl><dt>Term<dd>One<br><br>Two</dl>", "Term\nOne\n\nTwo"),
        ("<dl><dt>Term<dd>Meaning<dt>Other<dd>More</dl>", "Term\nMeaning\nOther\nMore"),
        ("<p>Code:</p><pre>\ndef f():\n    return 1\n</pre><p>End", "Code:\n\ndef f():\n    return 1\n\nEnd"),
        ("<blockquote><p>Quoted</p></blockquote><p>Plain", "Quoted\n\nPlain"),
    ],
)
def test_text_reads_like_the_page(html: str, text: str) -> None:
    assert text_of(html) == text


def test_only_the_chosen_blocks_are_written() -> None:
    page = scan(parsed("<p>a</p><ol><li>b<li>c</ol><p>d"))
    assert assemble(page, [0, 2]) == "a\n\n2. c"
    assert assemble(page, []) == ""


def test_deep_lists_are_indented_no_further_than_is_readable() -> None:
    lines = text_of("<ul><li>a" * 200).split("\n")
    assert len(lines) == 200
    assert max(map(len, lines)) < 30
