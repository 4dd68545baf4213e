from __future__ import annotations

import pytest

from tasks.ingest.extract.depth import ENDLESS, depth_of


@pytest.mark.parametrize(
    ("html", "depth"),
    [
        (b"", 0),
        (b"text < 3 <", 0),
        (b"<DIV><b>x</B></div><div>", 2),
        (b"<ul><li>a<li>b<li>c</ul><p>d<p>e<br><img>", 1),
        (b"<div>x</b>" * 1000, 1000),
        (b"</div>" * 10 + b"<div>" * 3, 3),
        (b"<my-element a=b><div/></my-element>", 2),
        (b"".join(b"<x%d></x%d>" % (number, number) for number in range(3000)), ENDLESS),
    ],
)
def test_depth_of_elements(html: bytes, depth: int) -> None:
    assert depth_of(html) == depth
