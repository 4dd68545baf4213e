"""How many words a text's edits took: the words before them less the words after, and which rule took them.

Words are DCLM's: what stands between whitespace and starts with a letter or a number. Only the surroundings of the
edits are looked at, up to the whitespace on both sides, so the cost is that of the edits and not of the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

Edit = tuple[int, int, bytes, str]  # as in `editing`: start, end, what stands there then, rule

_SPACE = re.compile(rb"[\t-\r ]")  # ASCII's; other spaces only make the surroundings longer


def words_in(text: bytes) -> int:
    """DCLM's words of a text.

    >>> words_in(b'It\\'s 3 "quoted" words, or so')
    5
    """
    return sum(chunk[0].isalnum() for chunk in text.decode("utf-8", "replace").split())


def lost_words(text: bytes, edits: Sequence[Edit]) -> Counter[str]:
    """Rule -> words that its edits took. Edits are in order and apart.

    The sum is exact. An edit has the words of what it took less those of what stands there then; where edits cut
    words or join them, the first of those that touch has the difference, which may be below 0.
    """
    lost: Counter[str] = Counter()
    group: list[Edit] = []
    begin = stop = 0
    for edit in edits:
        start, end, _, _ = edit
        if not group or start > stop:
            _count(text, begin, stop, group, lost)
            begin = _after_space(text, stop, start)
            group = []
        group.append(edit)
        if end >= stop:
            found = _SPACE.search(text, end)
            stop = found.start() if found else len(text)
    _count(text, begin, stop, group, lost)
    return lost


def _after_space(text: bytes, low: int, start: int) -> int:
    """The place after the last whitespace in text[low:start]; low if there is none."""
    return max(
        low, *(text.rfind(space, low, start) + 1 for space in (b" ", b"\n", b"\t", b"\r", b"\v", b"\f"))
    )


def _count(text: bytes, begin: int, stop: int, group: list[Edit], lost: Counter[str]) -> None:
    """Adds what the edits of one stretch of the text took."""
    if not group:
        return
    parts, at, guessed = [], begin, 0
    for start, end, replacement, rule in group:
        parts += [text[at:start], replacement]
        at = end
        own = words_in(text[start:end]) - words_in(replacement)
        lost[rule] += own
        guessed += own
    parts.append(text[at:stop])
    lost[group[0][3]] += words_in(text[begin:stop]) - words_in(b"".join(parts)) - guessed
