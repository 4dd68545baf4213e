"""HTML to text by one of three engines, within bounded time on any input.

- `fast`: our own block model over a Lexbor parse (`extraction`): the main text with little around it;
- `resiliparse`: resiliparse's main content, which keeps more of everything;
- `trafilatura`: the library, ten times slower.

Scripts, style sheets and attributes that nothing reads are cut out before a page is parsed (`extraction.prune`), but for trafilatura.
Pages beyond what the web has are simplified first, or their tags are just cut out, whatever the engine
(`extraction.guards`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from tasks.errors import ConfigError
from tasks.ingest.extract import guards
from tasks.ingest.extract.page import Page, clip, tidy
from tasks.text import as_utf8

Engine = Literal["fast", "resiliparse", "trafilatura"]


class Code(NamedTuple):
    """An engine's VERSION, raised when it gives another text, and the distributions whose version can change that."""

    version: int
    packages: tuple[str, ...]


ENGINES: dict[Engine, Code] = {
    "fast": Code(1, ("resiliparse",)),
    "resiliparse": Code(1, ("resiliparse",)),
    "trafilatura": Code(1, ("lxml", "trafilatura")),
}

__all__ = ["ENGINES", "Engine", "Page", "extract", "extract_text"]


def extract_text(html: bytes, *, url: str | None = None, engine: Engine = "fast") -> str:
    """The main text of a page; "" if it has none. Never raises for bad HTML."""
    return extract(html, url=url, engine=engine).text


def extract(
    html: bytes, *, charset: str | None = None, url: str | None = None, engine: Engine = "fast"
) -> Page:
    """Text and declarations of a page; `charset` as HTTP declared it (see `charset.decode`).

    `url` matters to the engine trafilatura only. Raises ConfigError for an engine that isn't there.
    """
    if engine not in ENGINES:
        raise ConfigError(f"ingest: no extraction engine {engine!r}. There are {', '.join(ENGINES)}.")
    from tasks.ingest.extract.depth import counts
    from tasks.ingest.extract.prune import prune

    markup = as_utf8(html, charset, html=True)
    markup = markup.replace(b"\0", b"") if b"\0" in markup else markup
    if engine != "trafilatura":
        markup = prune(markup)
    tags, options = counts(markup)
    if guards.is_too_complex(markup, tags, linear=engine == "fast"):
        text = markup.decode("utf-8", "replace")
        return Page(tidy(guards.cut_tags(text)), title=clip(guards.rough_title(text)))
    markup = guards.without_options(markup, options)
    if engine == "fast":
        from tasks.ingest.extract import fast

        return fast.extract(markup)
    if engine == "resiliparse":
        from tasks.ingest.extract import resiliparse

        return resiliparse.extract(markup)
    from tasks.ingest.extract import trafilatura

    return trafilatura.extract(markup.decode("utf-8", "replace"), url)
