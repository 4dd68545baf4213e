from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.extract.head import HTML, LINK, META, TITLE, wanted_tags

NAMES = frozenset({b"date", b"og:title"})
KINDS = {b"meta": META, b"link": LINK, b"title": TITLE, b"html": HTML}
PIECES = [
    *("<meta", "<link", "<title", "<html", "<metadata", "<", ">", " ", '="', '"', "=", "a", "date", " DATE\n", "og:title"),
    *("canonical", "canonica", ' name="', ' content="', "</title>", "ä"),
]  # fmt: skip


def plainly(head: bytes) -> list[tuple[int, int, int]]:
    found = []
    for tag in re.finditer(rb"<(meta|link|title|html)\b([^<>]*)>", head):
        kind = KINDS[tag[1]]
        values = [value.strip().lower() for value in re.findall(rb'(?:(?<==)"([^"]*)")', tag[2])]
        if (
            kind in (TITLE, HTML)
            or (kind == LINK and b"canonical" in tag[2])
            or (kind == META and any(value in NAMES for value in values))
        ):
            found.append((kind, tag.start(2), tag.end(2)))
    return found


def test_the_tags_that_may_matter_are_given() -> None:
    head = (
        b'<html lang="a"><meta name=" Date " content="b"><meta name="c"><link rel="canonical"><link><title>d'
    )
    assert [(kind, head[start:end]) for kind, start, end in wanted_tags(head, NAMES)] == [
        (HTML, b' lang="a"'),
        (META, b' name=" Date " content="b"'),
        (LINK, b' rel="canonical"'),
        (TITLE, b""),
    ]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(lambda pieces: "".join(pieces).encode()))
def test_the_search_agrees_with_a_plain_one(head: bytes) -> None:
    assert wanted_tags(head, NAMES) == plainly(head)


def test_there_may_be_any_number_of_them() -> None:
    assert len(wanted_tags(b'<meta name="date">' * 1000, NAMES)) == 1000
