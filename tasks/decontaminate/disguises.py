"""How a benchmark item may stand in a text: the kinds that the self-test injects (`tasks.decontaminate.selftest`)."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable, Sequence


def shown(texts: Sequence[str]) -> str:
    """An item as it is usually printed: its texts on lines of their own, choices with their letters."""
    if len(texts) < 4:
        return "\n".join(texts)
    choices = [f"{letter}. {text}" for letter, text in zip("ABCDEFGHIJ", texts[1:], strict=False)]
    return "\n".join([texts[0], *choices, *texts[11:]])


def rewrapped(text: str) -> str:
    """Lines of at most 34 characters, instead of its own."""
    return textwrap.fill(text, 34)


def recased(text: str) -> str:
    return text.upper()


def repunctuated(text: str) -> str:
    """Punctuation deleted, and commas and dashes that weren't there."""
    words = re.sub(r"[^\w\s]|_", "", text).split(" ")
    return "".join(word + (", ", " ", " \u2013 ", " ")[n % 4] for n, word in enumerate(words))


def escaped(text: str) -> str:
    """HTML entities for markup, for all that isn't ASCII, and for some spaces; half of the text escaped twice."""
    once = html.escape(text).encode("ascii", "xmlcharrefreplace").decode()
    once = re.sub(r"(\w) (\w)", r"\1&nbsp;\2", once)
    lines = once.splitlines()
    return "\n".join(html.escape(line) if n % 2 else line for n, line in enumerate(lines))


def marked_up(text: str) -> str:
    """Paragraphs, line breaks and emphasis as HTML tags."""
    lines = [line.replace(" ", " <b>", 1) + "</b>" if " " in line else line for line in _lines(text, 50)]
    return (
        "<p>"
        + "<br/>\n".join(html.escape(line, quote=False) if "<" not in line else line for line in lines)
        + "</p>"
    )


def hyphenated(text: str) -> str:
    """Narrow lines, long words broken at their ends."""
    return re.sub(r"(\w{3})(\w{3}[^\w\n]*)$", r"\1-\n\2", "\n".join(_lines(text, 40)), flags=re.MULTILINE)


def numbered(text: str) -> str:
    """A number before every line."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(_lines(text, 40), 8))


def quoted(text: str) -> str:
    """As e-mail quotes it."""
    return "\n".join(f"> {line}" for line in _lines(text, 40))


def invisible(text: str) -> str:
    """Zero-width characters and soft hyphens in words, letters full-width."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" and n % 3 == 0 else c for n, c in enumerate(text))
    return re.sub(r"(\w)(\w)(\w)", "\\1\u200b\\2\u00ad\\3", wide)


def _lines(text: str, width: int) -> list[str]:
    return [part for line in text.splitlines() for part in textwrap.wrap(line, width)]


KINDS: dict[str, Callable[[str], str]] = {
    "verbatim": str,
    "re-wrapped": rewrapped,
    "re-cased": recased,
    "re-punctuated": repunctuated,
    "entities": escaped,
    "HTML tags": marked_up,
    "hyphenated": hyphenated,
    "numbered": numbered,
    "quoted": quoted,
    "invisible": invisible,
}
