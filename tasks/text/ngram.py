"""What a shingle is made of: so many words, or so many characters for languages without spaces between words."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"([1-9]\d{0,8}) (words?|characters?)")


def _read(value: Any) -> Any:
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if not found:
        raise ValueError("a number of words, or a text such as '13 characters'")
    count, unit = int(found[1]), found[2].rstrip("s")
    return count if unit == "word" else f"{count} characters"


Ngram = Annotated[int | str, BeforeValidator(_read)]
"""5: five successive words. "13 characters": so many successive characters of the folded words, whose borders don't
count, so that neither spaces nor line breaks make a difference."""


def parsed(ngram: Ngram) -> tuple[int, bool]:
    """How many units a shingle has, and whether they are characters.

    >>> parsed(5), parsed("13 characters")
    ((5, False), (13, True))
    """
    value = _read(ngram)
    return (value, False) if isinstance(value, int) else (int(value.split()[0]), True)
