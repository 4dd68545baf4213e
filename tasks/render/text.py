"""Text from outside, made safe to show: crawled pages, urls and names are hostile until they pass here."""

from __future__ import annotations

import re

# What a terminal may act on: CSI sequences, the string sequences (OSC, DCS, SOS, PM, APC) up to their
# terminator, and the short escapes of ECMA-48. Unterminated ones lose their introducer below.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# C0 and C1 controls but tab and newline; directional marks, embeddings, overrides and isolates; the byte
# order mark, interlinear annotations and tag characters, which are invisible.
_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


def printable(text: object) -> str:
    """`text` without anything that a terminal, an editor or a browser acts on; tab and newline stay.

    Terminal escape sequences, C0 and C1 controls, bidirectional overrides and invisible tags are removed,
    every kind of line end becomes a newline, lone surrogates become U+FFFD: UTF-8 can encode the result.

    >>> printable("a\\x1b[31mred\\x1b[0m \\u202etxt.exe\\x00")
    'ared txt.exe'
    """
    found = str(text)
    if found.isascii() and found.isprintable():
        return found
    found = _LINE_ENDS.sub("\n", _ESCAPES.sub("", found))
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", found))


def one_line(text: object, limit: int = 120) -> str:
    """`text` made printable, on one line, at most `limit` characters, with an ellipsis where it was cut.

    >>> one_line("a\\n  b", 80), one_line("abcdef", 4)
    ('a b', 'abc…')
    """
    found = _SPACES.sub(" ", printable(str(text)[: limit * 8])).strip()
    return found if len(found) <= limit else found[: limit - 1].rstrip() + "…"


def excerpt(text: object, limit: int = 600, lines: int | None = None) -> str:
    """The beginning of `text`, printable, its lines kept, empty ones closed up.

    At most `limit` characters and, where given, `lines` lines; an ellipsis where it was cut.
    """
    whole = str(text)
    found = re.sub(r"\n\s*\n+", "\n\n", printable(whole[: limit * 4]).expandtabs(4)).strip()
    cut = len(whole) > limit * 4 or len(found) > limit
    if lines is not None and found.count("\n") >= lines:
        found, cut = "\n".join(found.split("\n")[:lines]), True
    return found[: limit - 1].rstrip() + "…" if cut else found
