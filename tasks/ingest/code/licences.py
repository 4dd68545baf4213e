"""Licences: told by characteristic phrases of their standard texts, and whether an expression of them is allowed.

A text is under a licence if it holds nearly all word 5-grams of each of the licence's phrases: that survives other
line breaks, punctuation and small edits. Names are SPDX's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from tasks.ingest.code.linguist import patterns

NGRAM = 5
THRESHOLD = 0.8  # share of a phrase's n-grams
MAX_CHARACTERS = 256 << 10
SHORT_PHRASE = 11  # words: a shorter phrase is a name, and must be there as a whole
SHORT = 300  # words: a shorter text may just name its licence
_WORD = re.compile(r"[a-z0-9]+")

# In the spirit of The Stack's list (Kocetkov et al. 2022; v1.1 took the weak copyleft licences MPL, EPL, LGPL out).
PERMISSIVE = frozenset(
    "MIT MIT-0 X11 Apache-2.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause 0BSD ISC Unlicense CC0-1.0 "  # noqa: SIM905
    "CC-BY-4.0 BSL-1.0 Zlib PSF-2.0 Python-2.0 WTFPL NCSA PostgreSQL UPL-1.0 BlueOak-1.0.0 MulanPSL-2.0 Artistic-2.0 "
    "AFL-3.0 ECL-2.0 MS-PL".split()
)
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.+()\- ]{1,200})")
_HEADER_HINT = re.compile(r"licen[cs]e|permission|redistribut|unencumbered|arising from", re.IGNORECASE)
HEADER_CHARACTERS = 6000


@dataclass(frozen=True)
class _Licence:
    name: str
    phrases: Sequence[str]
    without: Sequence[str] = ()
    header: bool = False  # whether a source file's head says it in these words


@cache
def known() -> tuple[_Licence, ...]:
    """The licences of `licences.yaml`; one stands there as often as there are ways to say it."""
    return tuple(_Licence(**said) for said in patterns("licences")["licences"])


@cache
def _names() -> dict[str, re.Pattern[str]]:
    """How a short text names them."""
    said = patterns("licences")["names"]
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in said.items()}


def _ngrams(text: str) -> set[str]:
    words = _WORD.findall(text.lower())
    size = min(NGRAM, max(1, len(words)))
    return {" ".join(words[at : at + size]) for at in range(len(words) - size + 1)}


@lru_cache(maxsize=256)
def _phrase(text: str) -> frozenset[str]:
    return frozenset(_ngrams(text))


def _holds(grams: Collection[str], plain: str, phrase: str) -> bool:
    if phrase.count(" ") < SHORT_PHRASE:
        return f" {phrase} " in plain
    wanted = _phrase(phrase)
    return len(wanted.intersection(grams)) >= THRESHOLD * len(wanted)


def detect(text: str, *, header: bool = False) -> list[str]:
    """The SPDX names of the licences whose texts are in `text`, sorted; header: only their notices for source files."""
    words = _WORD.findall(text[:MAX_CHARACTERS].lower())
    plain = f" {' '.join(words)} "
    grams = {" ".join(words[at : at + NGRAM]) for at in range(len(words) - NGRAM + 1)}
    found = {
        licence.name
        for licence in known()
        if (licence.header or not header)
        and all(_holds(grams, plain, phrase) for phrase in licence.phrases)
        and not any(_holds(grams, plain, phrase) for phrase in licence.without)
    }
    if not found and not header and len(words) <= SHORT:
        found.update([name for name, pattern in _names().items() if pattern.search(text)][:1])
    return sorted(found)


def of_header(text: str) -> str | None:
    """The licence that a source file names at its start: an SPDX expression, or a notice in known words."""
    start = text[:HEADER_CHARACTERS]
    if named := _SPDX.search(start):
        return " ".join(named[1].split()).strip("- ") or None
    if not _HEADER_HINT.search(start):
        return None
    return joined(detect(start, header=True), " AND ")


def of_files(files: Iterable[tuple[str, str]]) -> str | None:
    """The licence of a folder whose licence files (name, text) are given, as an SPDX expression.

    Files that are named after their licences (LICENSE-MIT, LICENSE-APACHE) offer a choice; others hold together,
    but that the text of LGPL 3 comes with the GPL's.
    """
    found = {name: detect(text) for name, text in files}
    found = {name: names for name, names in found.items() if names}
    union = {name for names in found.values() for name in names}
    if union == {"GPL-3.0", "LGPL-3.0"}:
        return "LGPL-3.0"
    choice = len(found) > 1 and all(
        re.search(r"[-.](?:mit|apache|bsd|gpl|isc|zlib|mpl|unlicense|cc0|boost)", name, re.IGNORECASE)
        for name in found
    )
    return joined(sorted(union), " OR " if choice else " AND ")


def joined(names: Collection[str], by: str) -> str | None:
    return by.join(names) or None


def allowed(expression: str | None, names: Collection[str]) -> bool:
    """Whether an SPDX expression needs no licence but those of `names` ("permissive": `PERMISSIVE`; "": unknown).

    >>> allowed("MIT OR GPL-3.0-only", {"MIT"}), allowed("MIT AND GPL-3.0-only", {"MIT"}), allowed(None, {"MIT"})
    (True, False, False)
    """
    listed = {name.lower() for name in names} | (
        {name.lower() for name in PERMISSIVE} if "permissive" in names else set()
    )
    if expression is None:
        return "" in listed
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    try:
        return _either(tokens, lambda name: name in listed)
    except IndexError:
        return "" in listed  # not an expression


def _either(tokens: list[str], known: Callable[[str], bool]) -> bool:
    """OR over AND over names and brackets; takes the tokens from the list's front."""
    result = _both(tokens, known)
    while tokens and tokens[0].upper() == "OR":
        tokens.pop(0)
        result = _both(tokens, known) or result
    return result


def _both(tokens: list[str], known: Callable[[str], bool]) -> bool:
    result = _single(tokens, known)
    while tokens and tokens[0].upper() not in ("OR", ")"):
        if tokens[0].upper() == "AND":
            tokens.pop(0)
        result = _single(tokens, known) and result
    return result


def _single(tokens: list[str], known: Callable[[str], bool]) -> bool:
    token = tokens.pop(0)
    if token == "(":
        result = _either(tokens, known)
        tokens.pop(0)
        return result
    if tokens and tokens[0].upper() == "WITH":  # an exception only gives more rights
        del tokens[:2]
    name = token.lower()
    return known(name) or known(re.sub(r"(?:-only|-or-later|\+)$", "", name))
