"""HTML to text by one of three engines, within bounded time on any input.

- `fast`: our own block model over a Lexbor parse (`extraction`): the main text with little around it;
- `resiliparse`: resiliparse's main content, which keeps more of everything;
- `trafilatura`: the library, ten times slower.

Pages beyond what the web has are simplified first, or their tags are just cut out, whatever the engine
(`extraction.guards`).
"""

from __future__ import annotations

from typing import Literal, get_args

from tasks.errors import ConfigError
from tasks.ingest.charset import decode
from tasks.ingest.extraction import guards
from tasks.ingest.extraction.page import Page, clip, tidy

Engine = Literal["fast", "resiliparse", "trafilatura"]

__all__ = ["Engine", "Page", "extract", "extract_text"]


def extract_text(html: bytes, *, url: str | None = None, engine: Engine = "fast") -> str:
    """The main text of a page; "" if it has none. Never raises for bad HTML."""
    return extract(html, url=url, engine=engine).text


def extract(
    html: bytes, *, charset: str | None = None, url: str | None = None, engine: Engine = "fast"
) -> Page:
    """Text and declarations of a page; `charset` as HTTP declared it (see `charset.decode`).

    `url` matters to the engine trafilatura only. Raises ConfigError for an engine that isn't there.
    """
    if engine not in get_args(Engine):
        raise ConfigError(
            f"ingest: no extraction engine {engine!r}. There are {', '.join(get_args(Engine))}."
        )
    text, _ = decode(html, charset, html=True)
    text = text.replace("\0", "") if "\0" in text else text
    tags = html.count(b"<")
    if guards.is_too_complex(html, tags, linear=engine == "fast"):
        return Page(tidy(guards.cut_tags(text)), title=clip(guards.rough_title(text)))
    if tags > guards.MAX_OPTIONS:
        text = guards.without_options(text)
    if engine == "fast":
        from tasks.ingest.extraction import fast

        return fast.extract(text)
    if engine == "resiliparse":
        from tasks.ingest.extraction import plain

        return plain.extract(text)
    from tasks.ingest.extraction import library

    return library.extract(text, url)
