"""HTML elements as the scanner sees them: what each kind of element does to the text around it."""

from __future__ import annotations

import numpy as np

from tasks.text import GOLDEN, key_table

# What an element does. BLOCK ends the text before it and begins a new block; without content of its own, VOID.
BLOCK, VOID, SKIP, RAW, LINK, BOLD, PRE, BREAK, IMAGE, CELL, NAMED = (1 << bit for bit in range(11))

# Bits that blocks inherit from the elements around them, by name: a block knows all kinds of its ancestors.
_INHERITED = (
    "nav footer header aside article main section form list item table figure caption quote pre definition details "
    "button label address hidden heading paragraph dialog"
)
INHERITED = _INHERITED.split()
HIDDEN = 1 << INHERITED.index("hidden")


def _bit(name: str) -> int:
    return 1 << INHERITED.index(name)


_VOID = "area base basefont bgsound br col embed hr img input keygen link meta param source track wbr"
_SKIP = (
    "script style template svg object embed audio video canvas select datalist textarea noembed "
    "noframes iframe head title annotation annotation-xml rp rt"
)
_RAW = "script style xmp iframe noembed noframes plaintext"
_BLOCK = (
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav noscript ol "
    "optgroup option p plaintext pre search section summary table tbody td tfoot th thead tr ul xmp"
)
_INLINE = (
    "a b strong i em span label time cite code q small s sub sup u font mark abbr ins del strike tt br img"
)
_INHERIT = {
    "nav": "nav", "footer": "footer", "header": "header", "aside": "aside", "article": "article", "main": "main",
    "section": "section", "form": "form", "fieldset": "form", "ul": "list", "ol": "list", "menu": "list",
    "dir": "list", "li": "item", "table": "table", "figure": "figure", "figcaption": "caption", "caption": "caption",
    "blockquote": "quote", "pre": "pre", "listing": "pre", "xmp": "pre", "plaintext": "pre", "dl": "definition",
    "details": "details", "button": "button", "label": "label", "address": "address", "p": "paragraph",
    "dialog": "dialog", **{f"h{level}": "heading" for level in range(1, 7)},
}  # fmt: skip

NAMES: tuple[str, ...] = tuple(sorted({*" ".join((_VOID, _SKIP, _RAW, _BLOCK, _INLINE)).split()}))
OTHER = len(NAMES)  # the number of every element that isn't named here
NUMBER = {name: number for number, name in enumerate(NAMES)}


def _effect(name: str) -> int:
    effect = 0
    for names, flag in (
        (_VOID, VOID), (_SKIP, SKIP), (_RAW, RAW), (_BLOCK, BLOCK), ("a", LINK), ("b strong", BOLD),
        ("pre listing xmp plaintext", PRE), ("br", BREAK), ("img", IMAGE), ("td th", CELL),
        ("a span time cite small label font", NAMED),
    ):  # fmt: skip
        effect |= flag if name in names.split() else 0
    return effect


EFFECTS = np.array([*(_effect(name) for name in NAMES), 0], dtype=np.int64)
BITS = np.array([*(_bit(_INHERIT[name]) if name in _INHERIT else 0 for name in NAMES), 0], dtype=np.int64)


def packed(name: bytes) -> int:
    """A name as the number that the scanner makes of it while reading; different for all names of up to 8 bytes.

    Longer names keep their last 8 bytes and their length; a test holds that no two of `NAMES` collide.
    """
    return int.from_bytes(name[-8:], "big") ^ (len(name) * int(GOLDEN) & 0xFFFFFFFFFFFFFFFF)


# The table of the packed names (`tasks.text.key_table`), and their numbers.
SLOTS = 1024
KEYS, _places = key_table((packed(name.encode()) for name in NAMES), SLOTS)
NUMBERS = np.zeros(SLOTS, dtype=np.int64)
NUMBERS[_places] = range(len(NAMES))
