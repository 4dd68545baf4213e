"""The language of a script by its first line, `#!/usr/bin/env python3`, under linguist's names."""

from __future__ import annotations

import re

from tasks.ingest.code.linguist import languages_of

_BY_INTERPRETER = {name: languages[0] for name, languages in languages_of("interpreters").items()}
LANGUAGES = frozenset(_BY_INTERPRETER.values())
_VERSION = re.compile(r"[-.\d]+$")
_EXEC = re.compile(r"^[ \t]*exec[ \t]+(\S+)", re.MULTILINE)
_LINES = 5  # in which a shell script may hand itself to another interpreter
_CHARACTERS = 2000


def by_shebang(text: str) -> str | None:
    """The language of the interpreter that a text's first line names; None without one, or of one not known.

    `env` and its options are passed over; a shell that hands the script on in its first lines counts for nothing.

    >>> by_shebang("#!/usr/bin/env -S python3.11 -u\\n"), by_shebang("#! /bin/sh\\nexec tclsh $0"), by_shebang("x")
    ('Python', 'Tcl', None)
    """
    if not text.startswith("#!"):
        return None
    head = text[2:_CHARACTERS]
    words = head.partition("\n")[0].split()
    if words and _base(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    found = _language(words[0]) if words else None
    if found == "Shell":
        lines = "\n".join(head.split("\n")[1:_LINES])
        handed = (_language(word.strip("\"'")) for word in _EXEC.findall(lines))
        found = next((language for language in handed if language), found)
    return found


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _language(path: str) -> str | None:
    name = _base(path)
    return _BY_INTERPRETER.get(name) or _BY_INTERPRETER.get(_VERSION.sub("", name))
