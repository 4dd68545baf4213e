"""A page without what no engine reads, cut out of its bytes in one compiled pass before the parser sees it.

Scripts (but structured data, `ld+json`), style sheets and the shapes in `svg` go, and of most other elements the
attributes that neither the scanner of `fast`, nor resiliparse's extraction, nor the declarations, nor a parser looks at. On
real pages that is two fifths and a quarter of the bytes.

The pass follows the tokenizer of the WHATWG HTML standard (13.2.5) as far as that doesn't depend on the tree: quoted
and unquoted attribute values, comments, raw text with its appropriate end tag, scripts with their escaped states.
Where the tree matters it is careful: nothing is raw text inside `svg` and `math`, and from `plaintext`, `frameset` or
a CDATA section on a page stays as it is. What has no end (a tag, a comment, a script) stays too. So it only ever cuts
bytes out, in linear time, and what is left goes through the same guards as any page. `reference/prune.py` says the same plainly.
"""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract.memory import copy, search
from tasks.jit import compiled, inner
from tasks.text import GOLDEN, key_table, slot_of

# What kinds of elements there are for the pass; all others are PLAIN.
PLAIN, SCRIPT, STYLE, TEXT, SVG, MATH, STOP, OUTWARD, AROUND, GRAPHIC = range(10)
KINDS = {
    SCRIPT: "script",
    STYLE: "style",
    TEXT: "title textarea xmp iframe noembed noframes",
    SVG: "svg",
    MATH: "math",
    STOP: "plaintext frameset",
    # What ends `svg` and `math` wherever it stands in them (13.2.6.5).
    OUTWARD: "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu "
    "meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var",
    # What stands around `svg` and ends it by its own end, as those of `OUTWARD` do.
    # Shapes, and what groups them; never text.
    GRAPHIC: "path g circle rect line polyline polygon ellipse use defs clippath mask lineargradient radialgradient "
    "stop symbol",
    AROUND: "article aside button caption figure footer form header label main nav section select td template th tr",
}
# Elements whose attributes stay: declarations, what a parser treats by its attributes, and the formatting elements, which
# it compares by them (13.2.4.3).
WHOLE = "html meta link base time script template b big code em font i nobr s small strike strong tt u"
# Attributes that are read: by the scanner and for declarations; by resiliparse 2.0 (`_is_main_content_node` and
# `_extract_cb` in its html2text.pyx); by a parser.
KEPT = (
    "class id itemprop role hidden style name content lang datetime pubdate alt rel aria-hidden aria-expanded data-ad "
    "data-advertisement data-text-ad type encoding"
)

SLOTS = 512
STAY = 16  # beside a kind: of `WHOLE`
U64 = np.uint64


def _packed(name: str) -> int:
    """A name's last 8 bytes and its length as one number, as the pass makes it while reading."""
    return int.from_bytes(name.encode()[-8:], "big") ^ (len(name) * int(GOLDEN) & 0xFFFFFFFFFFFFFFFF)


def _kinds() -> dict[str, int]:
    found = {name: kind for kind, names in KINDS.items() for name in names.split()}
    return found | {name: found.get(name, PLAIN) | STAY for name in WHOLE.split()}


def _bytes() -> np.ndarray:
    """Of every byte: itself in lower case; 0 for what ends a tag's name (white space, `/`, `>`)."""
    table = np.frombuffer(bytes(range(256)).lower(), dtype=np.uint8).copy()
    table[list(b"\t\n\f\r />")] = 0
    return table


NAME_BYTE = _bytes()
TAG_KEYS, _slots = key_table(map(_packed, _kinds()), SLOTS)
TAG_KINDS = np.zeros(SLOTS, dtype=np.uint8)
TAG_KINDS[_slots] = list(_kinds().values())
KEPT_KEYS, _ = key_table(map(_packed, KEPT.split()), SLOTS)
KEY_HREF = U64(_packed("href"))


def prune(html: bytes) -> bytes:
    """A page (UTF-8, or any charset that agrees with ASCII) without scripts, style sheets, shapes, unread attributes.

    A link's `href` stays, without its value.
    """
    data = np.frombuffer(html, dtype=np.uint8)
    out = np.empty(len(data), dtype=np.uint8)
    size = _prune(data, NAME_BYTE, TAG_KEYS, TAG_KINDS, KEPT_KEYS, out)
    return out[:size].tobytes()


@inner
def _is_space(byte):
    return byte == 32 or byte == 10 or byte == 9 or byte == 13 or byte == 12


@inner
def _holds_quote(data, start, end):
    found = False
    for at in range(start, end):
        found |= data[at] == 34 or data[at] == 39
    return found


@inner
def _apart(data, at):
    """Whether nothing that stands before `at` could begin something with what comes after: `<` or `&` in text."""
    return at == 0 or data[at - 1] == 62 or _is_space(data[at - 1])


@inner
def _ends(data, at, size):
    """Whether a tag's name ends at `at`."""
    return at < size and (_is_space(data[at]) or data[at] == 47 or data[at] == 62)


@inner
def _is_name(data, at, name_start, name_end):
    """Whether the name at data[name_start:name_end] stands at `at` too, in either case, and ends there."""
    length = name_end - name_start
    if at + length >= len(data):
        return False
    for offset in range(length):
        if (data[at + offset] | 32) != (data[name_start + offset] | 32):
            return False
    return _ends(data, at + length, len(data))


@inner
def _raw_end(data, at, name_start, name_end):
    """Where the end tag of a raw text element begins, or -1."""
    at = search(data, at, 60)
    while at + 2 < len(data):
        if data[at + 1] == 47 and _is_name(data, at + 2, name_start, name_end):
            return at
        at = search(data, at + 1, 60)
    return -1


@inner
def _script_end(data, at, name_start, name_end):
    """The same of a script: one that is commented out and writes a script ends only behind that (13.2.5.17-31)."""
    size = len(data)
    escaped = 0
    dashes = 0  # where the comment's dashes begin
    while at + 2 < size:
        if escaped == 0:
            at = search(data, at, 60)
            if at + 2 >= size:
                break
        byte = data[at]
        if byte == 60:
            if data[at + 1] == 47:
                if _is_name(data, at + 2, name_start, name_end):
                    if escaped < 2:
                        return at
                    escaped = 1
            elif escaped == 0:
                if at + 3 < size and data[at + 1] == 33 and data[at + 2] == 45 and data[at + 3] == 45:
                    escaped = 1
                    dashes = at + 2
                    at += 2
            elif escaped == 1 and _is_name(data, at + 1, name_start, name_end):
                escaped = 2
        elif byte == 62 and escaped > 0 and data[at - 1] == 45 and data[at - 2] == 45 and at - 2 >= dashes:
            escaped = 0
        at += 1
    return -1


@inner
def _comment_end(data, at):
    """Behind a comment whose `<!--` is at `at`, or -1."""
    size = len(data)
    at += 4
    if at < size and data[at] == 62:
        return at + 1
    if at + 1 < size and data[at] == 45 and data[at + 1] == 62:
        return at + 2
    begun = at
    at = search(data, at, 62)
    while at < size:
        if at - 2 >= begun and data[at - 1] == 45 and data[at - 2] == 45:
            return at + 1
        if at - 3 >= begun and data[at - 1] == 33 and data[at - 2] == 45 and data[at - 3] == 45:
            return at + 1
        at = search(data, at + 1, 62)
    return -1


@inner
def _is_structured(data, start, end):
    """Whether a tag says `+json`, its `+` written out or as a character reference."""
    for at in range(start + 1, end - 3):
        if (
            (data[at] | 32) == 106
            and (data[at - 1] == 43 or data[at - 1] == 59)
            and (data[at + 1] | 32) == 115
            and (data[at + 2] | 32) == 111
            and (data[at + 3] | 32) == 110
        ):
            return True
    return False


@inner
def _other_end(data, begun):
    """Behind a comment, a doctype or a processing instruction that begins at `begun`; -1 from where the page stays."""
    size = len(data)
    if data[begun + 1] == 33:
        if begun + 3 < size and data[begun + 2] == 45 and data[begun + 3] == 45:
            return _comment_end(data, begun)
        if begun + 2 < size and data[begun + 2] == 91:
            return -1
    return search(data, begun + 1, 62)


@inner
def _name(data, start, stop, name_byte):
    """A name's number (`_packed`) and end. Its first byte may be any; it ends before `stop`, too."""
    key = U64(name_byte[data[start]])
    at = start + 1
    while at < len(data) and data[at] != stop:
        byte = name_byte[data[at]]
        if byte == 0 and data[at] != 0:
            break
        key = (key << U64(8)) | U64(byte)
        at += 1
    return key ^ (U64(at - start) * GOLDEN), at


@inner
def _past_space(data, at):
    while at < len(data) and _is_space(data[at]):
        at += 1
    return at


@inner
def _value_end(data, at):
    """Behind the value of an attribute whose name ends at `at`; `at` if it has none."""
    size = len(data)
    value = _past_space(data, at)
    if value >= size or data[value] != 61:
        return at
    value = _past_space(data, value + 1)
    if value < size and (data[value] == 34 or data[value] == 39):
        return search(data, value + 1, data[value]) + 1
    while value < size and data[value] != 62 and not _is_space(data[value]):
        value += 1
    return value


@inner
def _attributes(data, at, filtered, name_byte, kept_keys, out, done, written):
    """Where a tag whose name ends at `at` ends, whether by `/`, and `done` and `written` without what isn't kept."""
    size = len(data)
    self_closing = False
    while at < size and data[at] != 62:
        self_closing = data[at] == 47
        if self_closing or _is_space(data[at]):
            at += 1
            continue
        start = at
        key, name_end = _name(data, start, 61, name_byte)
        at = _value_end(data, name_end)
        following = _past_space(data, at)
        # What is cut must not bring together what it stood between: a name and `=`, `/` and `>`.
        joins = following >= size or data[following] == 61 or data[start] == 61 or data[start - 1] == 47
        if joins or not filtered:
            continue
        if key == KEY_HREF:
            if _ends(data, at, size):
                written = copy(data, done, name_end, out, written)
                done = at
        elif kept_keys[slot_of(kept_keys, U64(SLOTS - 1), key)] != key:
            written = copy(data, done, start, out, written)
            done = at
    return at, self_closing, done, written


@inner
def _open_foreign(kind, closing, self_closing, svg, math):
    """How many `svg` and `math` are open after a tag."""
    change = -1 if closing else (0 if self_closing else 1)
    if kind == SVG:
        svg = max(0, svg + change)
    elif kind == MATH:
        math = max(0, math + change)
    elif kind == OUTWARD or (closing and kind == AROUND):
        svg = math = 0
    return svg, math


@compiled
def _prune(data, name_byte, tag_keys, tag_kinds, kept_keys, out):
    size = len(data)
    done = written = at = 0  # data[done:at] is to be copied yet
    svg = math = 0  # open ones
    while at < size:
        begun = search(data, at, 60)
        if begun + 1 >= size:
            break
        closing = data[begun + 1] == 47
        at = name = begun + 1 + closing
        if data[begun + 1] == 33 or data[begun + 1] == 63:
            at = _other_end(data, begun)
            if at < 0:
                break
            continue
        if name == size:
            break
        if not 97 <= (data[name] | 32) <= 122:
            if closing:  # a bogus comment
                at = search(data, name, 62)
            continue
        if closing and svg == 0 and math == 0:  # of no consequence; most have no attributes
            while at < size and (name_byte[data[at]] != 0 or data[at] == 0):
                at += 1
            if at < size and data[at] == 62:
                at += 1
                continue
        key, name_end = _name(data, name, 62, name_byte)
        found = np.int64(tag_kinds[slot_of(tag_keys, U64(SLOTS - 1), key)])
        kind = found & 15
        done_before, written_before = done, written
        at, self_closing, done, written = _attributes(
            data, name_end, not closing and not found & STAY, name_byte, kept_keys, out, done, written
        )
        if at >= size:
            done, written = done_before, written_before  # a tag without an end stays
            break
        at += 1
        if kind == GRAPHIC and svg > 0 and _apart(data, begun):
            written = copy(data, done_before, begun, out, written_before)
            done = at
        foreign = svg > 0 or math > 0
        svg, math = _open_foreign(kind, closing, self_closing, svg, math)
        if foreign or closing or kind in (PLAIN, SVG, MATH) or kind >= OUTWARD:
            continue
        if kind == STOP:
            break
        end = _script_end(data, at, name, name_end) if kind == SCRIPT else _raw_end(data, at, name, name_end)
        if end < 0:
            break
        if kind == STYLE or (kind == SCRIPT and not _is_structured(data, name_end, at)):
            after = search(data, end, 62) + 1
            if after <= size and not _holds_quote(data, end, after) and _apart(data, begun):
                written = copy(data, done_before, begun, out, written_before)
                done = end = after
            else:
                written = copy(data, done, at, out, written)
                done = end
        at = end
    return copy(data, done, size, out, written)
