"""What a page declares about itself: title, language, canonical address, date of publication, structured text.

Reads the markup that a parser wrote out (names in lower case behind one space, values in double quotes), so plain regular
expressions serve.
Every one is linear in its input. Nothing raises for bad declarations: what isn't valid isn't there.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tasks.ingest.extract.page import clip

_BODY = re.compile(rb"</head>\s*<body")
_TAG = re.compile(rb"<(meta|link|title|html)\b([^>]*)")  # a missing ">" would be sought for each of them
_NAME = re.compile(rb'\b(?:property|name|itemprop|http-equiv)="([^"]*)"')
_TIME = re.compile(rb"<time\b([^<>]*)>")
_STRUCTURED = re.compile(rb'<script\b[^<>]*\btype="(?i:application/ld\+json)[^<>]*>')
_PUBLISHED = re.compile(rb'"datePublished"\s*:\s*"([^"]*)"')
_ARTICLE = re.compile(rb'"articleBody"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")', re.DOTALL)
_DAY = re.compile(r"\s*(\d{4})-(\d\d)-(\d\d)(?![\d-])")
# Names of `meta` elements that give the day of publication. Open Graph and schema.org come before structured data, the
# others (Dublin Core and what publishers' systems write) after it.
_SURE_DATES = ("article:published_time", "og:published_time", "datepublished")
_DATES = (
    "parsely-pub-date", "dcterms.created", "dc.date.issued", "dcterms.date", "dc.date", "dc.date.created", "sailthru.date",
    "publishdate", "pubdate", "publication_date", "publish-date", "date",
)  # fmt: skip
_WANTED = frozenset({"og:title", "content-language", "og:description", "description", *_SURE_DATES, *_DATES})


@dataclass(frozen=True, slots=True)
class Declared:
    """published: YYYY-MM-DD. structured: the article's text as structured data repeats it, for comparison only."""

    title: str | None = None
    language: str | None = None
    canonical: str | None = None
    published: str | None = None
    description: str = ""
    structured: str = ""


def declared(markup: bytes) -> Declared:
    """The declarations of a page, from its whole markup or its head's; UTF-8, as a parser writes it."""
    body = _BODY.search(markup)
    head = markup[: body.start()] if body else markup
    named: dict[str, str] = {}
    title, language, canonical = None, None, None
    for tag in _TAG.finditer(head):
        kind, attributes = tag.groups()
        if b"<" in attributes or tag.end() == len(head):  # it isn't closed
            continue
        if kind == b"meta":
            name = _NAME.search(attributes)
            key = name[1].strip().lower().decode("ascii", "replace") if name else ""
            if key in _WANTED:
                named.setdefault(key, _attribute(attributes, b"content"))
        elif kind == b"link":
            if canonical is None and b"canonical" in attributes:
                rel = _attribute(attributes, b"rel").lower().split()
                canonical = clip(_attribute(attributes, b"href"), 2000) if "canonical" in rel else None
        elif kind == b"title":
            title = title or clip(_text(head[tag.end() + 1 : head.find(b"</title", tag.end())]))
        else:
            language = language or clip(_attribute(attributes, b"lang"))
    dates = [named.get(name, "") for name in _SURE_DATES]
    structured = ""
    if b"ld+json" in markup:
        parts = list(_structured(markup))
        dates += [_text(found) for part in parts for found in _PUBLISHED.findall(part)]
        structured = " ".join(_string(found) for part in parts for found in _ARTICLE.findall(part))
    dates += [named.get(name, "") for name in _DATES]
    published = next(filter(None, map(day, dates)), None)
    return Declared(
        title=title or clip(named.get("og:title", "")),
        language=language or clip(named.get("content-language", "")),
        canonical=canonical,
        published=published or _first_time(markup),
        description=named.get("og:description") or named.get("description") or "",
        structured=structured,
    )


def day(value: str) -> str | None:
    """The day that an ISO 8601 date or time begins with.

    >>> day("2020-02-30T10:00Z"), day(" 2020-02-03T04:05:06+01:00"), day("3 February 2020")
    (None, '2020-02-03', None)
    """
    found = _DAY.match(value)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


def _text(value: bytes) -> str:
    return html.unescape(value.decode("utf-8", "replace"))


def _attribute(attributes: bytes, name: bytes) -> str:
    value, end, _ = attributes.partition(b' %b="' % name)[2].partition(b'"')
    return _text(value) if end else ""


def _structured(markup: bytes) -> Iterator[bytes]:
    """The page's JSON-LD. It is searched, not parsed: much of it isn't valid JSON."""
    at = 0
    while start := _STRUCTURED.search(markup, at):
        end = markup.find(b"</script", start.end())
        at = len(markup) if end < 0 else end  # a script may hold thousands of what looks like another's start
        yield markup[start.end() : at]


def _string(value: bytes) -> str:
    """What a JSON string says; "" if it isn't one."""
    try:
        return str(json.loads(value.decode("utf-8", "replace"), strict=False))
    except ValueError:
        return ""


def _first_time(markup: bytes) -> str | None:
    """The day of the `time` element that is marked as the publication's, else of the first one."""
    if b' datetime="' not in markup:  # found sooner than a tag's beginning, which stands everywhere
        return None
    times = [tag[1] for tag in _TIME.finditer(markup)]
    marked = [one for one in times if b"pubdate" in one or _attribute(one, b"itemprop") == "datePublished"]
    found = (day(_attribute(one, b"datetime")) for one in marked or times[:1])
    return next(filter(None, found), None)
