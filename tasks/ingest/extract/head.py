"""Which tags of a page's head may declare something that is wanted: a search before anything is read.

A head has dozens of `meta` and `link` elements, and a few of them matter. Those that are given hold a wanted name as
a value, or the word `canonical`; whether they really declare it, `metadata` finds out.
"""

from __future__ import annotations

import re

META, LINK, TITLE, HTML = range(4)
_KINDS = {b"meta": META, b"link": LINK, b"title": TITLE, b"html": HTML}
_TAG = re.compile(rb"<(meta|link|title|html)(?![0-9A-Za-z_])([^<>]*)(?=>)")
_VALUE = re.compile(rb'="([^"]*)"')


def wanted_tags(head: bytes, names: frozenset[bytes]) -> list[tuple[int, int, int]]:
    """Kind (META, ...), start and end of the attributes of the tags that may matter, in order.

    head: as a parser writes it. A `meta` is given if one of its values is one of `names` (lower case), in either case
    and with white space around it; a `link` if it says `canonical`; every `title` and `html`.
    """
    return [
        (_KINDS[tag[1]], *tag.span(2)) for tag in _TAG.finditer(head) if _may_matter(tag[1], tag[2], names)
    ]


def _may_matter(tag: bytes, attributes: bytes, names: frozenset[bytes]) -> bool:
    if tag == b"meta":
        return any(value.strip().lower() in names for value in _VALUE.findall(attributes))
    return tag != b"link" or b"canonical" in attributes
