"""What the sections of a report are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.render import Content, Markup, excerpt, join, one_line, tag


@dataclass(frozen=True)
class Section:
    """One section of the page: `key` is its anchor, `lead` one sentence under its title.

    present: whether there is anything; where not, `lead` says why.
    """

    key: str
    title: str
    lead: Content
    content: Content = None
    present: bool = True

    def markup(self) -> Markup:
        return tag(
            "section",
            tag("h2", self.title),
            tag("p", self.lead, class_="lead" if self.present else "lead absent") if self.lead else None,
            self.content,
            id=self.key,
        )


def absent(key: str, title: str, why: str) -> Section:
    """A section that this run has nothing for."""
    return Section(key, title, why, present=False)


def sub(title: Content, *content: Content, note: Content = None) -> Markup:
    """A part of a section under a smaller title."""
    return tag("div", tag("h3", title, tag("small", note) if note else None), content, class_="part")


def fold(items: Sequence[Markup]) -> Content:
    """More of the same, shown when it is asked for."""
    return tag("details", tag("summary", f"and {len(items)} more"), items) if items else None


def grid(*content: Content, class_: str = "two") -> Markup:
    """Things side by side where there is room."""
    return tag("div", content, class_=f"grid {class_}")


def document(id: str, text: str, facts: Content, place: str | None, *, short: tuple[int, int],
             long: int = 0) -> Markup:  # fmt: skip
    """A document as a card: what is to be said of it, where it is from, how it begins.

    short: the most characters and lines. long: the characters that are shown when asked for.
    """
    beginning = excerpt(text, short[0], lines=short[1])
    more = excerpt(text, long) if long else beginning
    shown: Content = beginning
    if more != beginning:
        shown = tag("details", tag("summary", tag("span", beginning)), more)
    return tag(
        "article",
        tag("p", facts, class_="score") if facts else None,
        tag("p", one_line(place, 140), class_="url") if place is not None else None,
        tag("div", shown, class_="text", dir="auto"),
        tag("code", one_line(id, 64)[:12], title=one_line(id, 64)),
    )


def stat(value: Content, name: Content, note: Content = None) -> Markup:
    """A figure with its name under it."""
    return tag("div", tag("b", value), tag("span", name), tag("small", note) if note else None, class_="stat")


def stats(*items: Markup | None) -> Markup:
    return tag("div", [item for item in items if item is not None], class_="stats")


def card(name: str, value: str, note: str) -> Markup:
    """One of the figures at the top of the page."""
    return tag("div", tag("span", name, class_="name"), tag("b", value), tag("small", note), class_="card")


def name(text: object, limit: int = 80) -> Markup:
    """A dotted, dashed or slashed name, which may be broken after its parts."""
    parts = re.split(r"(?<=[._/-])", one_line(text, limit))
    return tag("code", [[tag("wbr") if at else None, part] for at, part in enumerate(parts)], class_="name")


def code(text: object, limit: int = 12) -> Markup:
    """The beginning of a digest, the whole of it on hover."""
    whole = str(text or "")
    return tag("code", whole[:limit], title=whole if len(whole) > limit else None) if whole else join("–")
