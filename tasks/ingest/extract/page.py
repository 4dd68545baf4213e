"""What every engine gives for a page."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.text import clean

MAX_FIELD = 300  # characters of a declaration


@dataclass(frozen=True, slots=True)
class Page:
    """A page's main content, and the title, language, canonical address and day (YYYY-MM-DD) that it declares."""

    text: str
    title: str | None = None
    language: str | None = None
    canonical: str | None = None
    published: str | None = None


def tidy(text: str) -> str:
    """Lines without trailing space, at most one empty line between two, valid Unicode."""
    from tasks.ingest.extract.lines import tidied

    try:
        return tidied(text)
    except UnicodeEncodeError:
        return tidied(clean(text))


def clip(text: str, limit: int = MAX_FIELD) -> str | None:
    """One line of at most `limit` characters of valid Unicode, None if nothing is left."""
    return " ".join(clean(text).split())[:limit] or None
