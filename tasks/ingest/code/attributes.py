"""What a repository's `.gitattributes` say about its files: linguist-language, linguist-generated, linguist-vendored.

Patterns are git's: without a slash they mean a name in any folder below, with one a path from the file's own folder;
`**` stands for any number of folders. Of several lines that meet a file the last counts, of several files the one
nearest to it. A repository is data from elsewhere: patterns are matched part by part in bounded time, and only so
many are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tasks.ingest.code.linguist import LANGUAGES, languages_of

FILE = ".gitattributes"
MAX_LINES = 1000  # of a file, that say something here
MAX_BYTES = 1 << 18
_MAX_PATTERN = 400
_KNOWN = {name.lower(): name for name in LANGUAGES} | {
    name: languages[0] for name, languages in languages_of("aliases").items()
}
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Attributes:
    """What is said of a file; None where nothing is. A language that isn't known counts as nothing."""

    language: str | None = None
    generated: bool | None = None
    vendored: bool | None = None


NOTHING = Attributes()
Line = tuple[tuple[str, ...], dict[str, str | bool | None]]  # pattern in parts, and what it sets


def parse(text: str) -> list[Line]:
    """The lines of a `.gitattributes` that say something of linguist's."""
    found: list[Line] = []
    for line in text[:MAX_BYTES].split("\n"):
        if "linguist-" not in line or len(found) >= MAX_LINES:
            continue
        words = _WORD.findall(line)
        pattern = words[0]
        if pattern.startswith(("#", "[attr]", "!")) or len(pattern) > _MAX_PATTERN:
            continue
        if pattern.startswith('"'):
            pattern = _ESCAPED.sub(r"\1", pattern.strip('"'))
        said = dict(filter(None, map(_setting, words[1:])))
        if said and not pattern.endswith("/"):  # which would mean folders
            found.append((_parts(pattern), said))
    return found


def _setting(word: str) -> tuple[str, str | bool | None] | None:
    """
    >>> _setting("linguist-generated=true"), _setting("-linguist-vendored"), _setting("linguist-language=c++")
    (('generated', True), ('vendored', False), ('language', 'C++'))
    """
    name, given, value = word.partition("=")
    sign = name[:1] if name[:1] in "-!" else ""
    field = name.removeprefix(sign).removeprefix("linguist-")
    if field == name.removeprefix(sign) or field not in ("language", "generated", "vendored"):
        return None
    if sign == "!":
        return field, None
    if field == "language":
        return field, _KNOWN.get(value.lower()) or _KNOWN.get(value.lower().replace("-", " "))
    return field, not sign and (not given or value.lower() in ("true", "1", "set"))


def _parts(pattern: str) -> tuple[str, ...]:
    r"""
    >>> _parts("*.h"), _parts("/docs/*.md"), _parts("lib/**")
    (('**', '*.h'), ('docs', '*.md'), ('lib', '**'))
    """
    literal = _ESCAPED.sub(lambda match: f"[{match[1]}]" if match[1] in "*?[" else match[1], pattern)
    literal = literal.replace("[^", "[!")
    parts = tuple(literal.removeprefix("/").split("/"))
    return parts if "/" in pattern else ("**", *parts)


def matches(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a pattern meets a path, both in parts; time is at most their lengths' product."""
    reached = {0}  # how many parts of the path the pattern so far may have taken
    for number, part in enumerate(pattern):
        if part == "**":
            last = number == len(pattern) - 1  # which stands for at least one part
            reached = set(range(min(reached, default=len(path)) + last, len(path) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(path) and _meets(path[at], part)}
        if not reached:
            return False
    return len(path) in reached


def _meets(name: str, pattern: str) -> bool:
    return pattern == name or fnmatchcase(name, pattern)


class Tree:
    """The attributes of a repository's files, from the texts of its `.gitattributes` by folder."""

    def __init__(self, texts: Mapping[str, str]):
        """texts: folder -> text; a folder's name is its path, "" the root's, as in the paths asked for."""
        self._lines = {folder: lines for folder, text in texts.items() if (lines := parse(text))}

    def of(self, path: str) -> Attributes:
        """What is said of a file, "folder/name"."""
        if not self._lines:
            return NOTHING
        found: dict[str, Any] = {}
        parts = tuple(path.split("/"))
        for depth in range(len(parts)):  # the nearest folder comes last and counts
            for pattern, said in self._lines.get("/".join(parts[:depth]), ()):
                if matches(pattern, parts[depth:]):
                    found.update(said)
        return Attributes(**found)
