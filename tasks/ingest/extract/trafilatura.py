"""Engine `trafilatura`: the library of that name, where it is installed."""

from __future__ import annotations

from tasks.errors import ConfigError
from tasks.ingest.extract.fast import parsed
from tasks.ingest.extract.metadata import declared
from tasks.ingest.extract.page import Page, tidy


def extract(text: str, url: str | None) -> Page:
    """trafilatura's main text, without comments, of a page that the guards have let pass.

    Raises ConfigError if trafilatura isn't installed. Pages in which it finds nothing have no text.
    """
    try:
        import trafilatura
    except ImportError:
        raise ConfigError(
            "ingest: engine trafilatura needs the package trafilatura, which isn't installed. "
            "Install it (pip install trafilatura), or choose engine: fast."
        ) from None
    told = declared(parsed(text))
    main = trafilatura.extract(text, url=url, include_comments=False) if text.strip() else None
    return Page(tidy(main or ""), told.title, told.language, told.canonical, told.published)
