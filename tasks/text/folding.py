"""The folding table: what each character of Unicode contributes to the words that dedup and decontaminate compare.

The table lies in folding.txt, made once by `fold` from the Unicode version that its first line names, so that
signatures are the same under every Python. `python -m tasks.text.folding` writes it anew; a Python with
another Unicode version gives another table, and then `UNICODE` changes with it, which every shard's
configuration names (`FOLDING`): nothing that was folded by the former table is compared with what was folded
by the new one.

A line of the file is `FIRST[-LAST] RULE`, code points in hexadecimal, RULE one of

    =       the character itself
    |       the character itself, as a word of its own
    +n, -n  the character so many code points on or back
    h       a Hangul syllable: its two or three letters
    0       nothing
    x,y,..  these code points, 20 being a border between words

A character in no line is a border.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

UNICODE = "14.0.0"  # as the first line of folding.txt says
VERSION = 2  # of the rule
FOLDING = f"{VERSION}, Unicode {UNICODE}"

PATH = Path(__file__).with_name("folding.txt")

# Scripts without spaces between words, as ranges of code points after decomposition (Unicode blocks).
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),  # iteration mark, ideographic zero
    (0x3041, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_HANGUL = (0xAC00, 0xD7A3)


def fold(character: str) -> str:
    """The rule that the table is made by: "" nothing, " " a border between words, else letters.

    Compatibility decomposition, case folding (as Unicode defines it: a final sigma is a sigma, a sharp s is two
    s), without combining marks and format characters; decimal digits of any script as ASCII digits; every other
    character that is no letter, number or spacing mark is a border. It depends on the running Python.

    >>> fold("É"), fold("-"), fold("ﬁ"), fold("٣"), fold("\\u0301"), fold("漢")
    ('e', ' ', 'fi', '3', '', ' 漢 ')
    """
    caseless = unicodedata.normalize("NFKD", character).casefold()
    folded = "".join(_fold_decomposed(part) for part in unicodedata.normalize("NFKD", caseless))
    while "  " in folded:
        folded = folded.replace("  ", " ")
    return folded


def _fold_decomposed(part: str) -> str:
    category = unicodedata.category(part)
    if category == "Nd":
        return str(unicodedata.digit(part))
    if category in ("Mn", "Me", "Cf"):
        return ""
    if category[0] in "LN" or category == "Mc":
        point = ord(part)
        return f" {part} " if any(low <= point <= high for low, high in _UNSPACED) else part
    return " "


def folded_character(character: str) -> str:
    """What the table says of a character, as `fold` does."""
    point = ord(character)
    starts, rules = _ranges()
    last, rule = rules[bisect_right(starts, point) - 1]
    return _applied(rule, point) if point <= last else " "


def folded_points() -> Iterator[tuple[int, str]]:
    """Every code point that isn't a border, ascending, with what it folds to."""
    for first, (last, rule) in zip(*_ranges(), strict=True):
        for point in range(first, last + 1):
            yield point, _applied(rule, point)


def _applied(rule: str, point: int) -> str:
    if rule == "=":
        return chr(point)
    if rule == "|":
        return f" {chr(point)} "
    if rule == "0":
        return ""
    if rule == "h":  # The Unicode Standard, 3.12, Conjoining Jamo Behavior
        syllable = point - _HANGUL[0]
        tail = syllable % 28
        letters = chr(0x1100 + syllable // 588) + chr(0x1161 + syllable % 588 // 28)
        return letters + (chr(0x11A7 + tail) if tail else "")
    if rule[0] in "+-":
        return chr(point + int(rule))
    return "".join(chr(int(part, 16)) for part in rule.split(","))


@lru_cache(maxsize=1)
def _ranges() -> tuple[list[int], list[tuple[int, str]]]:
    """The file: the ranges' first code points, ascending, and last ones with rules. Raises ValueError for a table of
    another version than `UNICODE`."""
    title, *lines = PATH.read_text(encoding="ascii").splitlines()
    if title != _title(UNICODE):
        raise ValueError(f"{PATH.name} begins with {title!r}, not {_title(UNICODE)!r}")
    starts, rules = [0], [(-1, "0")]
    for line in lines:
        points, rule = line.split(" ")
        first, _, last = points.partition("-")
        starts.append(int(first, 16))
        rules.append((int(last or first, 16), rule))
    return starts, rules


def _title(version: str) -> str:
    return f"# Unicode {version}, tasks/text/folding.py version {VERSION}"


def table() -> str:
    """The text of folding.txt for the running Python's Unicode version."""
    lines = [_title(unicodedata.unidata_version)]
    first, last, former = 0, -1, ""
    for point in range(0x110000):
        rule = "" if 0xD800 <= point < 0xE000 else _rule(point, fold(chr(point)))
        if rule == former and point == last + 1:
            last = point
            continue
        if former:
            lines.append(f"{first:X}-{last:X} {former}" if last > first else f"{first:X} {former}")
        first, last, former = point, point, rule
    return "\n".join([*lines, f"{first:X}-{last:X} {former}"] if former else lines) + "\n"


def _rule(point: int, folded: str) -> str:
    """The rule for a character; "" for a border."""
    if folded.strip(" ") == "":
        return "" if folded else "0"
    for rule in ("=", "|") + (("h",) if _HANGUL[0] <= point <= _HANGUL[1] else ()):
        if folded == _applied(rule, point):
            return rule
    if len(folded) == 1:
        return f"{ord(folded) - point:+d}"
    return ",".join(f"{ord(part):X}" for part in folded)


if __name__ == "__main__":
    PATH.write_text(table(), encoding="ascii")
