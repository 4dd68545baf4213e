"""HTML that can't be broken out of: everything is text and escaped unless it was made here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from tasks.render.text import printable

_VOID = {"meta", "br", "wbr"}


class Markup(str):
    """A string that is HTML already. Only `tag`, `join` and `raw` make one."""

    __slots__ = ()


Content = Any  # Markup, or a str, number or None (nothing), or an iterable of them


def raw(text: str) -> Markup:
    """Text of our own that needs no escaping: a style sheet, an entity. Never for anything read."""
    return Markup(text)


def join(*content: Content) -> Markup:
    """Contents one after the other; what isn't `Markup` is made printable and escaped.

    >>> join("<b>", None, [1, tag("i", "&")])
    '&lt;b&gt;1<i>&amp;</i>'
    """
    return Markup("".join(_pieces(content)))


def _pieces(content: Iterable[Content]) -> Iterable[str]:
    for item in content:
        if item is None:
            continue
        if isinstance(item, Markup):
            yield item
        elif isinstance(item, str):
            yield escape(printable(item))
        elif isinstance(item, Iterable):
            yield from _pieces(item)
        else:
            yield escape(printable(item))


def tag(name: str, /, *content: Content, **attributes: object) -> Markup:
    """An element. In attributes `_` becomes `-`, a trailing one goes; None and False leave one out.

    >>> tag("a", "x", class_="y", aria_label='"', hidden=None)
    '<a class="y" aria-label="&quot;">x</a>'
    """
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_attribute(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    inner = "".join(_pieces(content))
    return Markup(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{inner}</{name}>")


def _attribute(value: object) -> str:
    """Floats with two digits: coordinates need no more."""
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else printable(value)
    return escape(text.replace("\n", " ")) if isinstance(value, str) else text


def table(head: Iterable[Content], rows: Iterable[Iterable[Content]], numeric: Iterable[int] = (),
          class_: str | None = None) -> Markup:  # fmt: skip
    """A table that scrolls sideways inside its own box; `numeric` columns are aligned to the right."""
    right = set(numeric)

    def cells(kind: str, items: Iterable[Content]) -> list[Markup]:
        return [tag(kind, item, class_="n" if at in right else None) for at, item in enumerate(items)]

    body = [tag("tr", cells("td", row)) for row in rows]
    return tag(
        "div",
        tag("table", tag("thead", tag("tr", cells("th", head))), tag("tbody", body), class_=class_),
        class_="wide",
    )
