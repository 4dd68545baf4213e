"""Which lines the edits take out: notices about JavaScript, cookies and policies, and a site's furniture.

Bytes in, the name of a rule out. A line ends at a newline; a carriage return before it doesn't count.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from tasks.filter.editing.boilerplate import is_boilerplate
from tasks.filter.editing.candidates import COOKIE_WORD, JAVASCRIPT_WORD, POLICIES
from tasks.node import Config as NodeConfig

Mode = Literal["careful", "all"]
RULES = ("javascript", "cookies", "policies", "boilerplate", "max_uppercase", "digits", "counters", "min_words",
         "terminal_punctuation", "prompts")  # fmt: skip
# C4's policy phrases.
C4_POLICIES = (*POLICIES, b"cookie policy", b"uses cookies", b"use of cookies", b"use cookies")
NOTICE_WORDS = 60  # a notice has no more; a paragraph about the subject has

# DCLM's counters, "3 likes" and "1.5K views" on a line of their own; and its prompts, which it takes out of lines of
# at most PROMPT_WORDS words.
_COUNTER = re.compile(
    r"\W*+\d[\d.,]*+[kmb]?\s+(?:likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|"
    r"views|followers)\W*"
)
_PROMPT = re.compile(rb"\s?items in cart|\s?read more(?:\.\.\.|\xe2\x80\xa6)$|^sign-in\s?")
PROMPT_WORDS = 10
_ENDS = tuple(mark.encode() for mark in ".?!\"'”’")


@cache
def _said() -> dict[str, re.Pattern[bytes]]:
    """What a notice says, from the table `notices.yaml`.

    A visitor is spoken to and told what to do: an article or a manual about JavaScript or cookies has few lines that
    say "please enable" or "we use ... on this site".
    """
    import yaml

    table = yaml.load(Path(__file__).with_name("notices.yaml").read_bytes(), yaml.CSafeLoader)
    ends = dict.fromkeys(("visitor", "place", "use_cookies"), r"\b")  # tables of whole words
    return {
        name: re.compile(rf"\b(?:{'|'.join(words.values())}){ends.get(name, '')}".encode())
        for name, words in table.items()
    }


class Config(NodeConfig):
    """Which lines go; null or false turns a rule off.

    javascript: C4 takes every line that says "javascript" ("all"; Raffel et al. 2020); "careful" those of at most
    NOTICE_WORDS words that ask a visitor to turn it on, and leaves those that are about it.
    policies: C4's phrases ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies",
    "use cookies"): every line with one ("all"), or those that ask a visitor to agree.
    cookies: cookie bars in eight languages. boilerplate: lines of `boilerplate`'s phrases and nothing else.
    terminal_punctuation: lines must end in one of . ? ! " ' (C4; FineWeb turns it off).
    min_words: words of the shortest line (C4 and FineWeb: 3, DCLM: 2; it takes headings and the items of lists).
    The rest is DCLM's (Li et al. 2024, after RefinedWeb). max_uppercase: share of capitals among a line's characters
    (0.5). digits: lines of nothing but digits. counters: "3 likes". prompts: "items in cart" anywhere, "Read more..."
    at the end and "Sign-in" at the beginning of lines of at most ten words; the rest of the line stays.
    """

    javascript: Mode | None = "careful"
    policies: Mode | None = "careful"
    cookies: bool = True
    boilerplate: bool = True
    terminal_punctuation: bool = False
    min_words: int | None = Field(None, ge=1)
    max_uppercase: float | None = Field(None, ge=0, le=1)
    digits: bool = False
    counters: bool = False
    prompts: bool = False

    @property
    def every_line(self) -> bool:
        """Whether all lines must be looked at."""
        numbers = self.min_words is not None or self.max_uppercase is not None
        return numbers or self.terminal_punctuation or self.digits or self.counters or self.prompts


def rule_of(line: bytes, config: Config) -> str | None:
    """The rule that takes the line (without its newline) out, the first that holds; None if it stays."""
    low = line.lower()
    if config.javascript and JAVASCRIPT_WORD in low and (config.javascript == "all" or _asks_javascript(low)):
        return "javascript"
    if config.cookies and COOKIE_WORD in low and _asks_cookies(low):
        return "cookies"
    if config.policies and any(phrase in low for phrase in C4_POLICIES):
        everywhere = config.policies == "all"
        if everywhere or (_is_notice(low) and (_says(low, "agree") or "©".encode() in low)):
            return "policies"
    if config.boilerplate and is_boilerplate(line):
        return "boilerplate"
    if config.every_line and low.strip():
        text = line.decode("utf-8", "replace")
        if rule := _dclm_rule(text, config):
            return rule
        if config.min_words is not None and len(text.split()) < config.min_words:
            return "min_words"
        if config.terminal_punctuation and not _ends_sentence(low):
            return "terminal_punctuation"
    return None


def _dclm_rule(line: str, config: Config) -> str | None:
    """The first of DCLM's rules for whole lines that takes a line; the share of capitals counts spaces too."""
    if config.max_uppercase is not None and sum(map(str.isupper, line)) > config.max_uppercase * len(line):
        return "max_uppercase"
    if config.digits and line.isdigit():
        return "digits"
    if config.counters and _COUNTER.fullmatch(line.lower()):
        return "counters"
    return None


def prompts(line: bytes) -> list[tuple[int, int]]:
    """Where DCLM's prompts stand in a line (without its newline); all of it where nothing else is left."""
    if len(line.decode("utf-8", "replace").split(None, PROMPT_WORDS)) > PROMPT_WORDS:
        return []
    found = [match.span() for match in _PROMPT.finditer(line.lower())]
    left = line
    for start, end in reversed(found):
        left = left[:start] + left[end:]
    return found if left.strip() or not found else [(0, len(line))]


def _is_notice(low: bytes) -> bool:
    return len(low.split(None, NOTICE_WORDS + 1)) <= NOTICE_WORDS and _says(low, "visitor")


def _says(low: bytes, *names: str) -> bool:
    return all(_said()[name].search(low) for name in names)


def _asks_javascript(low: bytes) -> bool:
    """Whether a visitor is told to turn JavaScript on."""
    return _is_notice(low) and _says(low, "turn_on", "place")


def _asks_cookies(low: bytes) -> bool:
    """Whether a visitor is told that cookies are used, and asked to bear it."""
    return _is_notice(low) and _says(low, "use_cookies", "consent")


def _ends_sentence(low: bytes) -> bool:
    """C4's rule: one of . ? ! " ' ends the line, and no ellipsis does; curly quotes count as quotes."""
    line = low.rstrip()
    return not line.endswith(b"...") and line.endswith(_ENDS)
