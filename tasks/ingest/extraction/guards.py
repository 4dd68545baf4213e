"""Which pages are beyond what the web has, and what is done with them instead of parsing.

Measured on resiliparse 2.0: main-content extraction takes time in depth x nodes (20,000 nested `div`: 11 s),
parsing in the square of the options of one `select` and of the attributes of one tag, and nested lists give
output in the square of their depth. So pages beyond what the web has are simplified first, or their tags are
just cut out; both depend on the bytes alone, never on a clock.
"""

from __future__ import annotations

import html as html_module
import re

MAX_HTML = 16 << 20  # bytes; above, tags are cut out without parsing
MAX_DEPTH = 400  # nested elements; browsers stop at 512
MAX_WORK = 5_000_000  # depth x tags
MAX_OPTIONS = 2000
MAX_TAG = 16 << 10

_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_VOID = (b"br", b"im", b"me", b"hr")  # how the names of the most frequent elements without content begin
_OPTION = re.compile(rb"<opt(?:ion|group)\b[^<]*", re.IGNORECASE)
_INVISIBLE = re.compile(r"<(script|style|template|noscript)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"<[a-zA-Z/!?][^<>]*>?")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,2000})", re.IGNORECASE)
# Elements without content, and those that the next of their kind closes: they don't nest by themselves.
_FLAT = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li dt dd tr td th "
    b"option thead tbody tfoot".split()
)


def is_too_complex(html: bytes) -> bool:
    """Whether a page may take a parser more than time in proportion to its size."""
    if len(html) > MAX_HTML or _has_giant_tag(html):
        return True
    tags = html.count(b"<")
    # Cheap upper bounds first: hardly any page needs the walk.
    if tags <= MAX_DEPTH or (tags * min(tags, MAX_DEPTH) <= MAX_WORK and _depth_bound(html) <= MAX_DEPTH):
        return False
    depth = _depth(html)
    return depth > MAX_DEPTH or depth * tags > MAX_WORK


def _depth_bound(html: bytes) -> int:
    """An upper bound of the nesting depth, where closing tags match opening ones: most void elements apart, all open."""
    import numpy as np

    data = np.frombuffer(html, dtype=np.uint8)
    at = np.flatnonzero(data[:-2] == ord("<"))
    first, second = data[at + 1], data[at + 2]
    lower = first | 32
    opens = (lower >= ord("a")) & (lower <= ord("z"))
    for one, two in _VOID:
        opens &= (lower != one) | ((second | 32) != two)
    depth = np.cumsum(opens.astype(np.int64) - (first == ord("/")))
    return int((depth - np.minimum(np.minimum.accumulate(depth), 0)).max(initial=0))


def _depth(html: bytes) -> int:
    """The nesting depth by a walk over the tags; void and self-closing kinds don't count."""
    depth = deepest = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() not in _FLAT:
            depth += -1 if tag[1] else 1
            depth = max(depth, 0)
            deepest = max(deepest, depth)
    return deepest


def _has_giant_tag(html: bytes) -> bool:
    """Whether there is a tag of over `MAX_TAG` bytes with more than a thousand attributes."""
    at = 0
    while at + MAX_TAG < len(html):
        end = html.rfind(b">", at, at + MAX_TAG)
        if end >= 0:
            at = end + 1
            continue
        following = html.find(b">", at + MAX_TAG)
        following = len(html) if following < 0 else following
        start = html.find(b"<", at, following)
        tag = html[start : min(following, start + MAX_TAG)] if start >= 0 else b""
        if len(tag.split()) + tag.count(b"/") + tag.count(b'"') // 2 > 1000:
            return True
        at = following + 1
    return False


def cut_tags(text: str) -> str:
    """Text with everything in angle brackets cut out; linear in its length."""
    return html_module.unescape(_MARKUP.sub("\n", _INVISIBLE.sub("\n", text)))


def rough_title(text: str) -> str:
    """The title of a page that isn't parsed."""
    found = _TITLE.search(text, 0, 1 << 16)
    return html_module.unescape(found[1]) if found else ""


def without_options(text: str) -> str:
    """A page, its `option` elements cut out if it has more than `MAX_OPTIONS`."""
    if text.count("<") <= MAX_OPTIONS:
        return text
    html = text.encode("utf-8", "replace")
    if html.lower().count(b"<opt") <= MAX_OPTIONS:
        return text
    return _OPTION.sub(b"", html).decode("utf-8", "replace")
