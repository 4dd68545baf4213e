"""Lines that are nothing but a website's furniture: share bars, log-in and subscription links, cookie buttons.

A line is furniture if it is short, holds no mark that running text or a program needs, and its words are
phrases of the table from the first to the last. One strong phrase among them is enough (before a full stop, one
of three words: "Read more." may be said by somebody); weak ones, which could be a heading or a list's item too,
count from three different ones on, and not where commas make a list of them. The table, `boilerplate.json`, is our
own, from what is left of real pages after extraction: by language the strong phrases and the weak ones, in lower case,
and what may stand between phrases.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from tasks.filter.editing.candidates import SHORT_LINE, first_word

MAX_WORDS = 16

_WORD = re.compile(r"[^\W\d_]+(?:[-'’+][^\W\d_]+)*")
# What furniture has between words and around them; anything else and the line says something.
_PLAIN = re.compile(r"[\w\s|·•»«›‹/,.:;!?()&+*…→←↑↓©'’\"“”–—-]*")
_SAYS_MORE = re.compile(r"_|\(\)|^\s*\#|[^\W\d]\.[^\W\d]")  # a name in a program, a call, a heading's mark
_COUNT = re.compile(r"\(\s*\d{1,6}\s*\)|(?<!\d)\d{1,3}(?!\d)")  # "Comments (1234)", "Tweet 3"
MAX_COUNTS = 3


@cache
def phrases() -> dict[str, list[str]]:
    """The table's phrases of all languages: "strong", "weak" and "filling" ones."""
    said = json.loads(Path(__file__).with_name("boilerplate.json").read_bytes())
    return {strength: [phrase for part in said[strength].values() for phrase in part] for strength in said}


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


@cache
def _table() -> tuple[dict[tuple[str, ...], int], int]:
    """Phrase, as words -> 2 strong, 1 weak, 0 filling; and the words of the longest one."""
    strengths = enumerate(("filling", "weak", "strong"))
    found = {_words(phrase): number for number, name in strengths for phrase in phrases()[name]}
    return found, max(map(len, found))


@cache
def first_words() -> frozenset[bytes]:
    """The first words of phrases as `first_word` sees them, in lower case, capitalised and in capitals.

    Furniture begins with no filling: lines that begin with "this" or "and" are many.
    """
    return frozenset(
        first_word(form(" ".join(phrase)).encode())
        for phrase, strength in _table()[0].items()
        if strength
        for form in (str.lower, str.capitalize, str.upper)
    )


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(word for phrase in _table()[0] for word in phrase)


def is_boilerplate(line: bytes) -> bool:
    """Whether a line (without its newline) is nothing but furniture."""
    if len(line) > SHORT_LINE or first_word(line) not in first_words():
        return False
    text = line.decode("utf-8", "replace").lower()
    words = _words(text)
    if not 0 < len(words) <= MAX_WORDS or not _vocabulary().issuperset(words):
        return False
    bare, counts = _COUNT.subn("", text)
    if counts > MAX_COUNTS or any(map(str.isdigit, bare)):
        return False
    if not _PLAIN.fullmatch(text) or _SAYS_MORE.search(text):
        return False
    phrases = _covering(words)
    strong = [phrase for phrase, strength in phrases.items() if strength == 2]
    if text.rstrip(" \t\"'’”»)").endswith("."):
        return any(len(phrase) > 2 for phrase in strong)
    return bool(strong) or (sum(phrases.values()) > 2 and "," not in text)


def _covering(words: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """The phrases that make up the words, the longest first at every place; empty if some words are in none."""
    table, longest = _table()
    found: dict[tuple[str, ...], int] = {}
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            phrase = words[at : at + size]
            if phrase in table:
                found[phrase] = table[phrase]
                at += size
                break
        else:
            return {}
    return found
