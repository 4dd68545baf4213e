"""Which pages are beyond what the web has, and what is done with them instead of parsing.

Measured on resiliparse 2.0: main-content extraction takes time in depth x nodes (20,000 nested `div`: 11 s),
parsing in the square of the options of one `select` and of the attributes of one tag, and nested lists give
output in the square of their depth. So pages beyond what the web has are simplified first, or their tags are
just cut out; both depend on the bytes alone, never on a clock. The bytes are those that the parser would get: without
scripts (`prune`).
"""

from __future__ import annotations

import html as html_module
import re

MAX_HTML = 16 << 20  # bytes; above, tags are cut out without parsing
MAX_DEPTH = 400  # nested elements; browsers stop at 512
MAX_WORK = 5_000_000  # depth x tags
MAX_PARSER_WORK = 100_000_000  # the same, for the parser alone
MAX_OPTIONS = 2000
MAX_TAG = 16 << 10
MAX_ATTRIBUTES = 1000
MAX_SCRIPT = 1 << 20  # bytes before a place in which the script that it may be in begins

_OPTION = re.compile(rb"<opt(?:ion|group)\b[^<]*", re.IGNORECASE)
_VALUE = re.compile(rb"=\s*(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))")
_INVISIBLE = re.compile(r"<(script|style|template|noscript)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"<[a-zA-Z/!?][^<>]*>?")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,2000})", re.IGNORECASE)


def is_too_complex(html: bytes, tags: int, *, linear: bool = False) -> bool:
    """Whether a page may take far more time than its size allows for.

    tags: how many `<` it has (`depth.counts`). linear: for an engine that takes linear time once a page is parsed, so
    that depth counts for the parser only.
    """
    if len(html) > MAX_HTML or _has_giant_tag(html):
        return True
    if tags <= MAX_DEPTH or (linear and tags * tags <= MAX_PARSER_WORK):
        return False
    from tasks.ingest.extract.depth import depth_of

    depth = depth_of(html)
    return depth * tags > MAX_PARSER_WORK if linear else depth > MAX_DEPTH or depth * tags > MAX_WORK


def _has_giant_tag(html: bytes) -> bool:
    """Whether there is a tag of over `MAX_TAG` bytes with more than `MAX_ATTRIBUTES` in the first of them.

    Long values (data in JSON) and long scripts are none.
    """
    at = 0
    while at + MAX_TAG < len(html):
        end = html.rfind(b">", at, at + MAX_TAG)
        if end >= 0:
            at = end + 1
            continue
        following = html.find(b">", at + MAX_TAG)
        following = len(html) if following < 0 else following
        start = html.find(b"<", at, following)
        if start >= 0 and html[start + 1 : start + 2].isalpha() and not _in_script(html, start):
            tag = _VALUE.sub(b"= ", html[start : min(following, start + MAX_TAG)])
            if len(tag.split()) + tag.count(b"/") > MAX_ATTRIBUTES:
                return True
        at = following + 1
    return False


def _in_script(html: bytes, at: int) -> bool:
    since = max(0, at - MAX_SCRIPT)
    return any(
        html.rfind(b"<" + name, since, at) > html.rfind(b"</" + name, since, at)
        for name in (b"script", b"style")
    )


def cut_tags(text: str) -> str:
    """Text with everything in angle brackets cut out; linear in its length."""
    return html_module.unescape(_MARKUP.sub("\n", _INVISIBLE.sub("\n", text)))


def rough_title(text: str) -> str:
    """The title of a page that isn't parsed."""
    found = _TITLE.search(text, 0, 1 << 16)
    return html_module.unescape(found[1]) if found else ""


def without_options(html: bytes, options: int) -> bytes:
    """A page, its `option` elements cut out if it has more than `MAX_OPTIONS`."""
    return html if options <= MAX_OPTIONS else _OPTION.sub(b"", html)
