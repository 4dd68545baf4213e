"""Engine `fast`: parse, scan into blocks, score them, keep the main text.

What happens where the block model can't say much is a rule, not an accident:

- a page with less than `SHORT_PAGE` bytes of text is taken whole: there is nothing to choose from;
- where the chosen text is under `MIN_MAIN` bytes and the page has more than five times as much, the page is taken
  whole (index pages, galleries of short captions), without what it doesn't display;
- a page that has more blocks than `scan` takes has its tags cut out, as pages have that are too complex to parse.
"""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract import guards
from tasks.ingest.extract.blocks import assemble, model, scan, select, tags
from tasks.ingest.extract.depth import counts
from tasks.ingest.extract.metadata import Declared, declared
from tasks.ingest.extract.page import Page, tidy
from tasks.ingest.extract.prune import prune
from tasks.text import as_utf8

SHORT_PAGE = 300
MIN_MAIN = 250


def extract(html: bytes) -> Page:
    """The main content of a page (UTF-8, pruned) that the guards have let pass."""
    markup = parsed(html)
    told = declared(markup)
    page = scan.scan(markup)
    chosen = main_blocks(page, told)
    body = assemble(page, chosen) if page.complete else guards.cut_tags(html.decode("utf-8", "replace"))
    return Page(tidy(body), told.title, told.language, told.canonical, told.published)


def main_blocks(page: scan.Scan, told: Declared) -> list[int]:
    """The numbers of the blocks that are kept, in order."""
    sizes = page.blocks[:, scan.END] - page.blocks[:, scan.START]
    whole = int(sizes.sum())
    if whole < SHORT_PAGE or not page.complete:
        return list(range(len(sizes)))
    kept = select.choose(page, model.shipped().chances(page, select.describe(page, told)))
    if sizes[kept].sum() < MIN_MAIN and whole > 5 * int(sizes[kept].sum()):
        kept = page.node_bits[page.blocks[:, scan.NODE]] & tags.HIDDEN == 0
    return np.flatnonzero(kept).tolist()


def parsed(html: bytes | str) -> bytes:
    """A page's markup as Lexbor's parser (by resiliparse) writes it out again: well-formed, UTF-8."""
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(html) if isinstance(html, str) else HTMLTree.parse_from_bytes(html)
    markup = str(tree)
    del tree  # the largest thing there is
    return markup.encode("utf-8", "replace")


def markup_of(html: bytes) -> bytes:
    """`parsed` from the bytes of a page: what the model is taught on."""
    markup = prune(as_utf8(html, html=True).replace(b"\0", b""))
    return parsed(guards.without_options(markup, counts(markup)[1]))
