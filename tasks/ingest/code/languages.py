"""Programming languages of files, under linguist's names: by file name and extension, where several by content."""

from __future__ import annotations

import re
from functools import cache

from tasks.ingest.code.linguist import languages_of, patterns
from tasks.ingest.code.shebangs import by_shebang

_EXTENSIONS, _FILENAMES = languages_of("extensions"), languages_of("filenames")


def by_name(name: str) -> tuple[str, ...]:
    """The languages that a file of this name can be in; usually one, none if it isn't known.

    >>> by_name("src/a.py"), by_name("x/Makefile"), by_name("a.pl"), by_name("a.jpg")
    (('Python',), ('Makefile',), ('Perl', 'Prolog'), ())
    """
    base = name.rpartition("/")[2]
    whole = () if base.startswith(".") else _FILENAMES.get(base, ())
    return whole or _EXTENSIONS.get(extension(base), ())


def extension(name: str) -> str:
    """A name's extension in lower case, with its dot; "" without one."""
    base, dot, last = name.rpartition("/")[2].rpartition(".")
    return f".{last.lower()}" if base and dot else ""


def may_be_script(name: str) -> bool:
    """Whether only its first line can say what language a file is in: its name is unknown and has no extension.

    >>> may_be_script("bin/tool"), may_be_script("Makefile"), may_be_script("a.jpg"), may_be_script(".profile")
    (True, False, False, False)
    """
    base = name.rpartition("/")[2]
    return "." not in base and not by_name(base)


def by_content(name: str, text: str) -> str | None:
    """The language of a file: linguist's order is the whole name, the first line's interpreter, the extension.

    Where an extension allows several, the first 50,000 characters decide.

    >>> by_content("a.pl", "use strict;"), by_content("a.pl", "parent(X) :- child(X)."), by_content("a.h", "int x;")
    ('Perl', 'Prolog', 'C')
    >>> by_content("tool", "#!/usr/bin/env ruby"), by_content("a.sh", "#!/usr/bin/perl -w"), by_content("tool", "x")
    ('Ruby', 'Perl', None)
    """
    candidates = by_name(name)
    if text.startswith("#!") and name.rpartition("/")[2] not in _FILENAMES and (found := by_shebang(text)):
        return found
    if len(candidates) < 2 or extension(name) not in patterns("heuristics"):
        return candidates[0] if candidates else None
    rules, default = _heuristic(extension(name))
    start = text[:50_000]
    return next((language for language, pattern in rules if pattern.search(start)), default)


@cache
def _heuristic(extension: str) -> tuple[list[tuple[str, re.Pattern[str]]], str | None]:
    """The rules that tell an extension's languages apart, in order, and the language where none holds."""
    rules = dict(patterns("heuristics")[extension])
    default = rules.pop("default", None)
    return [
        (language, re.compile(said if isinstance(said, str) else "|".join(said), re.MULTILINE))
        for language, said in rules.items()
    ], default
