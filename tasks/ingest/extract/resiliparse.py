"""Engine `resiliparse`: its main content, or the whole page's text where that is next to nothing."""

from __future__ import annotations

from tasks.ingest.extract.metadata import declared
from tasks.ingest.extract.page import Page, tidy

MIN_MAIN = 250  # characters of main content under which the whole page may stand in


def extract(html: bytes) -> Page:
    """The main content of a page (UTF-8, pruned) that the guards have let pass.

    Where that is under `MIN_MAIN` characters and the whole page has more than five times as much, the whole
    page's (index pages, galleries of short captions). Declarations are read from the page's head.
    """
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse_from_bytes(html)
    main = tidy(extract_plain_text(tree, main_content=True, preserve_formatting=True, comments=False))
    if len(main) < MIN_MAIN:
        whole = tidy(extract_plain_text(tree, main_content=False, preserve_formatting=True))
        if len(whole) > 5 * len(main):
            main = whole
    document, head = tree.document, tree.head
    told = declared(head.html.encode("utf-8", "replace") if head else b"")
    root = document.document_element if document else None
    language = root.getattr("lang") if root else None
    return Page(main, told.title, language, told.canonical, told.published)
