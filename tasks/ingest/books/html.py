"""The whole text of a book's markup (XHTML or HTML), by one scan over its tags.

Not main content: a book has no boilerplate around it, and what extraction takes for a list of links or a caption may
be a chapter. Not a parser either: XHTML (`<title/>`, `<a id="p1"/>`, CDATA) means other things to an HTML parser, and
a scan takes linear time whatever the nesting. Left out: scripts, styles, page numbers, readings beside ruby.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

MAX_BYTES = 12 << 20  # of one file of markup
_FRAGMENTS = 50_000

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)"
    # A quote counts only behind "=", and only if it is closed soon.
    r"(?P<attributes>(?:[^>=]++|=\s*+\"[^\"]{0,2000}+\"|=\s*+'[^']{0,2000}+'|=)*+)>?"
    r"|<[!?][^>]*>?",
    re.DOTALL,
)
_SKIPPED = frozenset({"script", "style", "title", "template", "svg", "nav", "iframe", "object"})
_READINGS = frozenset({"rt", "rp"})
_CLOSE = frozenset({
    "div", "li", "tr", "dt", "dd", "br", "caption", "option", "header", "footer", "body", "head", "html", "meta",
    "link", "figcaption", "legend",
})  # fmt: skip
_APART = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "dl", "table", "pre", "hr", "section",
    "article", "aside", "figure", "address", "main",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
_PAGE_NUMBER = re.compile(
    r"(?:class\s*=\s*[\"']?[^\"'>]*\b(?:pagenum|pageno|pagenumber|pgnum)\b|"
    r"(?:epub:type|role)\s*=\s*[\"'](?:doc-)?pagebreak\b)",
    re.IGNORECASE,
)
_HREF = re.compile(r"\bhref\s*=", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_CELL = "\x01"
_BLANKS = re.compile(r"\n{3,}")


@dataclass(slots=True)
class Page:
    """Text of a file; characters outside blanks, and those and the number of its links; what it says of itself.

    attributes: of the elements html and body. metas: `name` -> `content`, names in lower case.
    """

    text: str
    characters: int = 0
    links: int = 0
    link_characters: int = 0
    title: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    metas: dict[str, str] = field(default_factory=dict)

    @property
    def link_share(self) -> float:
        return self.link_characters / max(1, self.characters)


def read_page(markup: str) -> Page:
    """The page of a file of markup; never raises, takes linear time."""
    scan = _Scan(markup)
    scan.run()
    page = scan.page
    page.text = _BLANKS.sub("\n\n", "".join(scan.out)).strip("\n")
    return page


class _Scan:
    def __init__(self, markup: str):
        self.markup = markup
        self.page = Page("")
        self.out: list[str] = []
        self.line: list[str] = []
        self.gap = 0  # line ends that must stand before the next text
        self.preformatted = self.link = False
        self.muted: str | None = None  # the element whose text doesn't count
        self.depth = 0
        self.unclosed: set[str] = set()  # elements that are never closed from here on

    def run(self) -> None:
        markup, at = self.markup, 0
        while token := _TOKEN.search(markup, at):
            if token.start() > at:
                self.add(markup[at : token.start()])
            at = token.end()
            name = token["name"]
            if name:
                name = name.lower().rpartition(":")[2]
                at = self.tag(name, bool(token["end"]), token["attributes"], at)
            elif token["cdata"]:
                self.add(html.escape(token["cdata"], quote=False))
        self.add(markup[at:])
        self.flush(0)

    def add(self, text: str) -> None:
        if self.muted:
            return
        if "&" in text:
            text = html.unescape(text)
        self.line.append(text)
        size = len(text) - text.count(" ") - text.count("\n")
        self.page.characters += size
        if self.link:
            self.page.link_characters += size
        if len(self.line) > _FRAGMENTS:
            self.line = ["".join(self.line)]

    def tag(self, name: str, end: bool, attributes: str, at: int) -> int:
        """Acts on a tag and returns where to read on."""
        apart, block = name in _APART, name in _CLOSE
        if self.muted:
            self.unmute(name, end, apart or block)
        if apart or block:
            self.flush(2 if apart else 1)
            if name == "pre":
                self.preformatted = not end
            elif name in ("html", "body", "meta") and not end:
                self.declared(name, attributes)
        elif name in _CELLS:
            if end:
                self.line.append(_CELL)
        elif name == "a":
            self.link = not end and bool(_HREF.search(attributes)) and not attributes.endswith("/")
            self.page.links += self.link
        elif end or attributes.endswith("/"):
            pass
        elif name in _SKIPPED:
            return self.skip(name, at)
        elif name in _READINGS or (attributes and _PAGE_NUMBER.search(attributes)):
            self.muted, self.depth = self.muted or name, 1
        return at

    def unmute(self, name: str, end: bool, block: bool) -> None:
        if block or (name in ("ruby", "rb") and self.muted in _READINGS):
            self.muted = None
        elif name == self.muted:
            self.depth += -1 if end else 1
            if self.depth == 0 or self.muted in _READINGS:
                self.muted = None

    def skip(self, name: str, at: int) -> int:
        """The place behind an element's end; `at` if it has none."""
        if name in self.unclosed:
            return at
        found = re.compile(rf"</{name}\s*+>", re.IGNORECASE).search(self.markup, at)
        if not found:
            self.unclosed.add(name)
            return at
        if name == "title" and self.page.title is None:
            self.page.title = html.unescape(self.markup[at : min(found.start(), at + 2000)])
        return found.end()

    def declared(self, name: str, text: str) -> None:
        found = {key.lower(): html.unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(text[:4000])}
        if name != "meta":
            self.page.attributes.update(found)
        elif "name" in found and "content" in found and len(self.page.metas) < 200:
            self.page.metas.setdefault(found["name"].lower(), found["content"])

    def flush(self, gap: int) -> None:
        """Ends a line; `gap` line ends must follow it."""
        if self.line:
            text = "".join(self.line)
            self.line = []
            text = text.strip("\n") if self.preformatted else " ".join(text.split())
            if _CELL in text:
                text = re.sub(rf" *{_CELL} *", "\t", text).strip("\t")
            if text:
                self.out.append("\n" * self.gap + text if self.out else text)
                self.gap = 0
        self.gap = max(self.gap, gap)
