"""Licences: told by characteristic phrases of their standard texts, and whether an expression of them is allowed.

A text is under a licence if it holds nearly all word 5-grams of each of the licence's phrases: that survives other
line breaks, punctuation and small edits. Names are SPDX's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

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


@dataclass(frozen=True)
class _Licence:
    name: str
    phrases: tuple[str, ...]
    without: tuple[str, ...] = ()
    header: bool = False  # whether a source file's head says it in these words


_MIT = (
    "permission is hereby granted free of charge to any person obtaining a copy of this software and associated "
    "documentation files the software to deal in the software without restriction including without limitation the "
    "rights to use copy modify merge publish distribute sublicense and or sell copies of the software"
)
_MIT_NOTICE = (
    "the above copyright notice and this permission notice shall be included in all copies or substantial "
    "portions of the software"
)
_X11 = (
    "shall not be used in advertising or otherwise to promote the sale use or other dealings in this software "
    "without prior written authorization"
)
_GOOD = "the software shall be used for good not evil"
_BSD_SOURCE = (
    "source code must retain the above copyright notice this list of conditions and the following disclaimer"
)
_BSD_BINARY = (
    "binary form must reproduce the above copyright notice this list of conditions and the following disclaimer "
    "in the documentation and or other materials provided with the distribution"
)
_BSD_NAME = "may be used to endorse or promote products derived from this software without specific prior written permission"
_BSD_ADVERTISING = "all advertising materials mentioning features or use of this software must display the following acknowledgement"
_BSD_CLEAR = "no express or implied licenses to any party s patent rights are granted by this license"
_ISC = "permission to use copy modify and or distribute this software for any purpose with or without fee is hereby granted"
_ISC_NOTICE = "provided that the above copyright notice and this permission notice appear in all copies"


def _gnu(kind: str, version: str) -> tuple[str, ...]:
    """The notice of the GNU licences, of which only these words tell one from the other."""
    return f"gnu {kind} public license as published by", f"either version {version} of the license"


_LICENCES = (
    _Licence("MIT", (_MIT, _MIT_NOTICE), (_X11, _GOOD), True),
    _Licence("MIT-0", (_MIT,), (_MIT_NOTICE,), True),
    _Licence("X11", (_MIT, _MIT_NOTICE, _X11), (), True),
    _Licence("JSON", (_MIT, _GOOD), (), True),
    _Licence("BSD-2-Clause", (_BSD_SOURCE, _BSD_BINARY), (_BSD_NAME,), True),
    _Licence("BSD-3-Clause", (_BSD_SOURCE, _BSD_BINARY, _BSD_NAME), (_BSD_ADVERTISING, _BSD_CLEAR), True),
    _Licence("BSD-3-Clause-Clear", (_BSD_SOURCE, _BSD_BINARY, _BSD_CLEAR), (), True),
    _Licence("BSD-4-Clause", (_BSD_SOURCE, _BSD_BINARY, _BSD_ADVERTISING), (), True),
    _Licence("ISC", (_ISC, _ISC_NOTICE), (), True),
    _Licence("0BSD", (_ISC,), (_ISC_NOTICE,), True),
    _Licence(
        "Apache-2.0",
        (
            "subject to the terms and conditions of this license each contributor hereby grants to you a perpetual "
            "worldwide non exclusive no charge royalty free irrevocable copyright license to reproduce prepare "
            "derivative works of publicly display publicly perform sublicense and distribute the work",
        ),
    ),
    _Licence(
        "Apache-2.0",
        ("licensed under the apache license version 2 0 the license you may not use this file except in compliance",),
        header=True,
    ),
    _Licence("GPL-2.0", ("gnu general public license version 2 june 1991",)),
    _Licence("GPL-2.0", _gnu("general", "2"), header=True),
    _Licence("GPL-2.0", ("gnu general public license version 2 as published by the free software foundation",), header=True),
    _Licence("GPL-3.0", ("gnu general public license version 3 29 june 2007",)),
    _Licence("GPL-3.0", _gnu("general", "3"), header=True),
    _Licence("LGPL-2.0", ("gnu library general public license version 2 june 1991",)),
    _Licence("LGPL-2.0", _gnu("library general", "2"), header=True),
    _Licence("LGPL-2.1", ("gnu lesser general public license version 2 1 february 1999",)),
    _Licence("LGPL-2.1", _gnu("lesser general", "2 1"), header=True),
    _Licence("LGPL-3.0", ("gnu lesser general public license version 3 29 june 2007",)),
    _Licence("LGPL-3.0", _gnu("lesser general", "3"), header=True),
    _Licence("AGPL-3.0", ("gnu affero general public license version 3 19 november 2007",)),
    _Licence("AGPL-3.0", _gnu("affero general", "3"), header=True),
    _Licence("MPL-2.0", ("mozilla public license version 2 0", "covered software is provided under this license on an as is basis")),
    _Licence("MPL-2.0", ("this source code form is subject to the terms of the mozilla public license v 2 0",), header=True),
    _Licence("MPL-1.1", ("the contents of this file are subject to the mozilla public license version 1 1",), header=True),
    _Licence("EPL-1.0", ("this eclipse public license agreement", "eclipse public license v 1 0")),
    _Licence("EPL-2.0", ("eclipse public license v 2 0",)),
    _Licence("CDDL-1.0", ("common development and distribution license cddl version 1 0",)),
    _Licence("EUPL-1.2", ("european union public licence v 1 2",)),
    _Licence("Unlicense", ("this is free and unencumbered software released into the public domain",), header=True),
    _Licence("CC0-1.0", ("cc0 1 0 universal", "the person who associated a work with this deed")),
    _Licence("CC0-1.0", ("creative commons legal code cc0 1 0 universal",)),
    _Licence("CC-BY-4.0", ("creative commons attribution 4 0 international public license",)),
    _Licence("CC-BY-SA-4.0", ("creative commons attribution sharealike 4 0 international public license",)),
    _Licence("CC-BY-NC-4.0", ("creative commons attribution noncommercial 4 0 international public license",)),
    _Licence("CC-BY-NC-SA-4.0", ("creative commons attribution noncommercial sharealike 4 0 international public license",)),
    _Licence(
        "BSL-1.0",
        (
            "permission is hereby granted free of charge to any person or organization obtaining a copy of the software "
            "and accompanying documentation covered by this license",
        ),
    ),
    _Licence("BSL-1.0", ("distributed under the boost software license version 1 0",), header=True),
    _Licence(
        "Zlib",
        (
            "in no event will the authors be held liable for any damages arising from the use of this software",
            "the origin of this software must not be misrepresented you must not claim that you wrote the original software",
        ),
        header=True,
    ),
    _Licence("PSF-2.0", ("python software foundation license version 2",)),
    _Licence("WTFPL", ("do what the fuck you want to public license",)),
    _Licence("NCSA", ("to deal with the software without restriction", "redistributions of source code must retain the above copyright notice")),
    _Licence(
        "PostgreSQL",
        (
            "permission to use copy modify and distribute this software and its documentation for any purpose without fee "
            "and without a written agreement is hereby granted",
        ),
    ),
    _Licence("UPL-1.0", ("the universal permissive license upl version 1 0",)),
    _Licence("BlueOak-1.0.0", ("blue oak model license version 1 0 0",)),
    _Licence("MulanPSL-2.0", ("mulan permissive software license version 2",)),
    _Licence("Artistic-2.0", ("the artistic license 2 0",)),
    _Licence("MS-PL", ("microsoft public license ms pl",)),
    _Licence("OFL-1.1", ("sil open font license version 1 1",)),
    _Licence("BUSL-1.1", ("business source license 1 1", "the licensor hereby grants you the right to copy modify create derivative works")),
    _Licence("SSPL-1.0", ("server side public license version 1 october 16 2018",)),
)  # fmt: skip

# How a short text, "Licensed under the MIT License", names them.
_NAMES = (
    ("AGPL-3.0", r"\bAGPL|Affero General Public Licen[cs]e"),
    ("LGPL-3.0", r"\bLGPL-?v?3|Lesser General Public Licen[cs]e,?(?: version| v)? ?3"),
    ("LGPL-2.1", r"\bLGPL|Lesser General Public Licen[cs]e"),
    ("GPL-3.0", r"\bGPL-?v?3|General Public Licen[cs]e,?(?: version| v)? ?3"),
    ("GPL-2.0", r"\bGPL-?v?2|General Public Licen[cs]e,?(?: version| v)? ?2"),
    ("Apache-2.0", r"Apache(?: Software)? Licen[cs]e,?(?: version| v)? ?2|Apache-2"),
    ("MPL-2.0", r"Mozilla Public Licen[cs]e,?(?: version| v)?\.? ?2|MPL-2"),
    ("BSD-3-Clause", r"(?:3|three)[- ]clause BSD|BSD[- ](?:3|three)[- ]clause|(?:New|Modified) BSD"),
    ("BSD-2-Clause", r"(?:2|two)[- ]clause BSD|BSD[- ](?:2|two)[- ]clause|Simplified BSD"),
    ("ISC", r"\bISC Licen[cs]e"),
    ("MIT", r"\bMIT Licen[cs]e"),
    ("CC0-1.0", r"\bCC0\b"),
    ("Unlicense", r"\bUnlicense\b"),
)
_NAMED = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _NAMES)
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.+()\- ]{1,200})")
_HEADER_HINT = re.compile(r"licen[cs]e|permission|redistribut|unencumbered|arising from", re.IGNORECASE)
HEADER_CHARACTERS = 6000


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
        for licence in _LICENCES
        if (licence.header or not header)
        and all(_holds(grams, plain, phrase) for phrase in licence.phrases)
        and not any(_holds(grams, plain, phrase) for phrase in licence.without)
    }
    if not found and not header and len(words) <= SHORT:
        found.update(name for name, pattern in _NAMED if pattern.search(text))
        found = {next(name for name, _ in _NAMED if name in found)} if found else found
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
