"""What `prune` does, plainly: the same rules over regular expressions, a tag at a time. For tests; not linear."""

from __future__ import annotations

import re
from collections import Counter

from tasks.ingest.extract import prune

_KIND = {name: kind for kind, names in prune.KINDS.items() for name in names.split()}
_WHOLE = prune.WHOLE.split()
_SPACE = rb"[ \t\n\r\f]"
_OTHER = re.compile(rb"[!?][^>]*>?|/(?![a-zA-Z])[^>]*>?")
_COMMENT = re.compile(rb"!--(?:-?>|.*?--!?>)", re.DOTALL)
_NAME = re.compile(rb"(/?)([a-zA-Z][^ \t\n\r\f/>]*)")
_ATTRIBUTE = re.compile(
    rb"([^ \t\n\r\f/>][^ \t\n\r\f/>=]*)"
    rb"(" + _SPACE + rb"*=" + _SPACE + rb"*(?:\"[^\"]*\"|'[^']*'|(?![\"'>])[^ \t\n\r\f>]*|(?=>)))?"
)
_NAME_END = re.compile(rb"[ \t\n\r\f/>]")
_END_TAG = re.compile(rb"[^>\"']*>")
_STRUCTURED = re.compile(rb"[+;]json", re.IGNORECASE)


def prune_plainly(html: bytes) -> bytes:
    out, at = b"", 0
    foreign = Counter[int]()
    while (begun := html.find(b"<", at)) >= 0:
        out += html[at:begun]
        at = begun
        if html.startswith(b"<!--", at):
            comment = _COMMENT.match(html, at + 1)
            if not comment:
                break
            out, at = out + html[at : comment.end()], comment.end()
            continue
        if html.startswith(b"<![", at):
            break
        if other := _OTHER.match(html, at + 1):
            out, at = out + html[at : other.end()], other.end()
            continue
        found = _NAME.match(html, at + 1)
        if not found:
            out, at = out + b"<", at + 1
            continue
        closing, name = bool(found[1]), found[2].lower().decode("latin-1")
        kind = _KIND.get(name, prune.PLAIN)
        tag = _tag(html, found.end(), not closing and name not in _WHOLE)
        if tag is None:
            break
        written, end, self_closing = tag
        start = html[at : found.end()] + written
        structured = bool(_STRUCTURED.search(html, found.end(), end))
        out, at = out + start, end
        apart = html[begun - 1 : begun] in (b"", *(bytes([byte]) for byte in b"> \t\n\r\f"))
        if foreign:
            if kind in (prune.SVG, prune.MATH):
                change = -1 if closing else 0 if self_closing else 1
                foreign[kind] = max(0, foreign[kind] + change)
                foreign = +foreign
            elif kind == prune.OUTWARD or (closing and kind == prune.AROUND):
                foreign.clear()
            elif kind == prune.GRAPHIC and foreign[prune.SVG] and apart:
                out = out[: -len(start)]
        elif closing:
            continue
        elif kind == prune.STOP:
            break
        elif kind in (prune.SVG, prune.MATH):
            foreign[kind] += not self_closing
            foreign = +foreign
        elif kind in (prune.SCRIPT, prune.STYLE, prune.TEXT):
            stop = _script_end(html, at) if kind == prune.SCRIPT else _raw_end(html, at, name.encode())
            if stop is None:
                break
            end_tag = _END_TAG.match(html, stop)
            if kind == prune.TEXT or (kind == prune.SCRIPT and structured):
                out += html[at:stop]
            elif end_tag and apart:
                out, stop = out[: -len(start)], end_tag.end()
            at = stop
    return out + html[at:]


def _tag(html: bytes, at: int, filtered: bool) -> tuple[bytes, int, bool] | None:
    """A tag from behind its name: what is left of it, where it ends, whether `/` closes it; None without an end."""
    begun, out = at, b""
    while at < len(html):
        if html[at : at + 1] == b">":
            return out + b">", at + 1, html[at - 1 : at] == b"/" and (at - 1 >= begun and out.endswith(b"/"))
        attribute = _ATTRIBUTE.match(html, at)
        if not attribute:
            out, at = out + html[at : at + 1], at + 1
            continue
        if attribute[2] is None and html[attribute.end() :].lstrip(b" \t\n\r\f")[:1] == b"=":
            return None  # a value without an end
        name = attribute[1].lower().decode("latin-1")
        written = attribute[0]
        following = html[attribute.end() :].lstrip(b" \t\n\r\f")[:1]
        joins = following in (b"", b"=") or attribute[1][:1] == b"=" or html[at - 1 : at] == b"/"
        if filtered and not joins:
            if name == "href" and _NAME_END.match(html, attribute.end()):
                written = attribute[1]
            elif name not in (*prune.KEPT.split(), "href"):
                written = b""
        out, at = out + written, attribute.end()
        if html[at : at + 1] == b">" and written.endswith(b"/"):  # the end of an unquoted value
            return out + b">", at + 1, False
    return None


def _raw_end(html: bytes, at: int, name: bytes) -> int | None:
    found = re.compile(rb"</" + name + rb"[ \t\n\r\f/>]", re.IGNORECASE).search(html, at)
    return found.start() if found else None


_STEP = re.compile(
    rb"(?P<open><!--)|(?P<close></script(?=[ \t\n\r\f/>]))|(?P<again><script(?=[ \t\n\r\f/>]))|(?P<dashes>(?<=--)>)",
    re.IGNORECASE,
)


def _script_end(html: bytes, at: int) -> int | None:
    escaped = 0
    while step := _STEP.search(html, at):
        at = step.end()
        kind = step.lastgroup
        if kind == "open" and not escaped:
            escaped = 1
        elif kind == "again" and escaped == 1:
            escaped = 2
        elif kind == "dashes":
            escaped = 0
        elif kind == "close":
            if escaped < 2:
                return step.start()
            escaped = 1
    return None
