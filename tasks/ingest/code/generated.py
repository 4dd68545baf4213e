"""What nobody wrote by hand in a repository: vendored, generated, minified and binary files.

Paths and markers are in `generated.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from tasks.ingest.code.linguist import patterns

HEAD = 2000  # characters at a file's start in which it says that it is generated
_SNIFFED = 8192
_CONTROLS = bytes({*range(32)} - {9, 10, 12, 13, 27}) + b"\x7f"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
MAX_CONTROLS = 0.05  # share of bytes
WEB_MEAN = 110  # linguist: characters of a JavaScript or CSS file's mean line


def is_vendored(path: str) -> bool:
    """Whether a path within its repository is another project's code.

    >>> is_vendored("a/node_modules/b.js"), is_vendored("js/jquery-3.1.js"), is_vendored("src/vendors.py")
    (True, True, False)
    """
    return bool(_vendored().search(path))


def is_generated_name(path: str) -> bool:
    return bool(_generated_name().search(path))


def is_generated(text: str) -> bool:
    """Whether a file says at its start that it is generated."""
    return bool(_generated_text().search(text, 0, HEAD))


@cache
def _vendored() -> re.Pattern[str]:
    said = {part: _either(lines) for part, lines in patterns("generated")["vendored"].items()}
    return re.compile(
        rf"(?:^|/){said['folders']}/"
        rf"|(?:^|/){said['libraries']}[^/]{{0,40}}\.(?:js|css|scss|less|ts)$"
        rf"|(?:^|/){said['files']}$",
        re.IGNORECASE,
    )


@cache
def _generated_name() -> re.Pattern[str]:
    said = {part: _either(lines) for part, lines in patterns("generated")["generated"].items()}
    return re.compile(rf"(?:^|/){said['files']}$|{said['endings']}$|(?:^|/){said['folders']}/", re.IGNORECASE)


@cache
def _generated_text() -> re.Pattern[str]:
    return re.compile(_either(patterns("generated")["says_so"]), re.MULTILINE)


def _either(lines: Sequence[str]) -> str:
    return f"(?:{'|'.join(lines)})"


def is_minified(language: str | None, text: str, max_line: int) -> bool:
    """Whether a line is longer than `max_line`, or lines on average than a quarter of it (JavaScript, CSS: 110)."""
    lines = text.count("\n") + 1
    mean = len(text) / lines
    if mean > max_line / 4 or (language in ("JavaScript", "CSS") and mean > WEB_MEAN and lines > 1):
        return True
    return len(text) > max_line and max(map(len, text.split("\n"))) > max_line


def is_binary(data: bytes) -> bool:
    """Whether the first 8 KB hold a NUL (outside UTF-16) or too many control characters.

    Bytes that are not UTF-8 don't count: comments in older charsets are. What no charset can read is `bad-charset`.
    """
    start = data[:_SNIFFED]
    if start.startswith(_WIDE):
        return False
    return b"\0" in start or len(start) - len(start.translate(None, _CONTROLS)) > MAX_CONTROLS * len(start)
