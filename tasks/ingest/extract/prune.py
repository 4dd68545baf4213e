"""A page without what no engine reads, cut out of its bytes in one compiled pass before the parser sees it.

Scripts (but structured data, `ld+json`), style sheets and the shapes in `svg` go, and of most other elements the
attributes that neither the scanner of `fast`, nor resiliparse's extraction, nor the declarations, nor a parser looks at. On
real pages that is two fifths and a quarter of the bytes.

The pass follows the tokenizer of the WHATWG HTML standard (13.2.5) as far as that doesn't depend on the tree: quoted
and unquoted attribute values, comments, raw text with its appropriate end tag, scripts with their escaped states.
Where the tree matters it is careful: nothing is raw text inside `svg` and `math`, and from `plaintext`, `frameset` or
a CDATA section on a page stays as it is. What has no end (a tag, a comment, a script) stays too. So it only ever cuts
bytes out, in linear time, and what is left goes through the same guards as any page. `prune_reference.py` says the same plainly.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from tasks.jit import compiled, inner

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
LENGTH_FACTOR, SLOT_FACTOR = U64(0x9E3779B97F4A7C15), U64(0xFF51AFD7ED558CCD)
# libc's search and copy, of the process itself: three times the speed of loops over bytes on the distances between tags.
_memchr: Any = numba.types.ExternalFunction(
    "memchr", numba.types.intp(numba.types.intp, numba.types.intc, numba.types.uintp)
)
_memcpy: Any = numba.types.ExternalFunction(
    "memcpy", numba.types.intp(numba.types.intp, numba.types.intp, numba.types.uintp)
)


def _packed(name: str) -> int:
    """A name's last 8 bytes and its length as one number, as the pass makes it while reading."""
    value = int.from_bytes(name.encode()[-8:], "big")
    return (value ^ (len(name) * 0x9E3779B97F4A7C15)) & 0xFFFFFFFFFFFFFFFF


def _table(values: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Open addressing; an empty slot holds 0."""
    keys, found = np.zeros(SLOTS, dtype=np.uint64), np.zeros(SLOTS, dtype=np.uint8)
    for name, value in values.items():
        key = _packed(name)
        place = ((key * 0xFF51AFD7ED558CCD) & 0xFFFFFFFFFFFFFFFF) >> 55
        while keys[place]:
            place = (place + 1) % SLOTS
        keys[place], found[place] = key, value
    return keys, found


def _kinds() -> dict[str, int]:
    found = {name: kind for kind, names in KINDS.items() for name in names.split()}
    return found | {name: found.get(name, PLAIN) | STAY for name in WHOLE.split()}


def _bytes() -> np.ndarray:
    """Of every byte: itself in lower case; 0 for what ends a tag's name (white space, `/`, `>`)."""
    table = np.frombuffer(bytes(range(256)).lower(), dtype=np.uint8).copy()
    table[list(b"\t\n\f\r />")] = 0
    return table


NAME_BYTE = _bytes()
TAG_KEYS, TAG_KINDS = _table(_kinds())
KEPT_KEYS, _ = _table(dict.fromkeys(KEPT.split(), 1))
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
def _find(keys, key):
    """Where a key stands, or -1."""
    place = np.int64((key * SLOT_FACTOR) >> U64(55))
    while keys[place] != 0:
        if keys[place] == key:
            return place
        place = (place + 1) & 511
    return -1


@inner
def _search(data, at, byte):
    """Where a byte stands at or after `at`, or the end."""
    if at >= len(data):
        return len(data)
    base = data.ctypes.data
    found = _memchr(base + at, byte, len(data) - at)
    return found - base if found != 0 else len(data)


@inner
def _is_space(byte):
    return byte == 32 or byte == 10 or byte == 9 or byte == 13 or byte == 12


@inner
def _copy(data, start, end, out, size):
    if end > start:
        _memcpy(out.ctypes.data + size, data.ctypes.data + start, end - start)
    return size + (end - start)


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
    at = _search(data, at, 60)
    while at + 2 < len(data):
        if data[at + 1] == 47 and _is_name(data, at + 2, name_start, name_end):
            return at
        at = _search(data, at + 1, 60)
    return -1


@inner
def _script_end(data, at, name_start, name_end):
    """The same of a script: one that is commented out and writes a script ends only behind that (13.2.5.17-31)."""
    size = len(data)
    escaped = 0
    dashes = 0  # where the comment's dashes begin
    while at + 2 < size:
        if escaped == 0:
            at = _search(data, at, 60)
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
    at = _search(data, at, 62)
    while at < size:
        if at - 2 >= begun and data[at - 1] == 45 and data[at - 2] == 45:
            return at + 1
        if at - 3 >= begun and data[at - 1] == 33 and data[at - 2] == 45 and data[at - 3] == 45:
            return at + 1
        at = _search(data, at + 1, 62)
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


@compiled
def _prune(data, name_byte, tag_keys, tag_kinds, kept_keys, out):
    size = len(data)
    done = written = at = 0  # data[done:at] is to be copied yet
    svg = math = 0  # open ones
    while at < size:
        at = _search(data, at, 60)
        if at == size:
            break
        begun = at
        at += 1
        if at == size:
            break
        byte = data[at]
        if byte == 33 or byte == 63:  # a comment, a doctype, a processing instruction
            if at + 2 < size and byte == 33 and data[at + 1] == 45 and data[at + 2] == 45:
                at = _comment_end(data, begun)
                if at < 0:
                    break
                continue
            if at + 1 < size and byte == 33 and data[at + 1] == 91:
                break
            at = _search(data, at, 62)
            continue
        closing = byte == 47
        if closing:
            at += 1
            if at == size:
                break
            byte = data[at]
        if not 97 <= (byte | 32) <= 122:
            if closing:  # a bogus comment
                at = _search(data, at, 62)
            continue
        name = at
        if closing and svg == 0 and math == 0:  # of no consequence; most have no attributes
            while at < size and (name_byte[data[at]] != 0 or data[at] == 0):
                at += 1
            if at < size and data[at] == 62:
                at += 1
                continue
            at = name
        key = U64(0)
        while at < size:
            byte = name_byte[data[at]]
            if byte == 0 and data[at] != 0:
                break
            key = (key << U64(8)) | U64(byte)
            at += 1
        name_end = at
        key ^= U64(name_end - name) * LENGTH_FACTOR
        place = _find(tag_keys, key)
        kind = np.int64(tag_kinds[place]) if place >= 0 else 0
        filtered = not closing and not kind & STAY
        kind &= 15

        # Attributes up to the tag's end.
        self_closing = False
        done_before, written_before = done, written
        while at < size and data[at] != 62:
            byte = data[at]
            if byte == 47:
                self_closing = True
                at += 1
                continue
            self_closing = False
            if _is_space(byte):
                at += 1
                continue
            attribute = at
            attribute_key = U64(0)
            if filtered:
                attribute_key = U64(name_byte[byte])
                at += 1
                while at < size and data[at] != 61:
                    byte = name_byte[data[at]]
                    if byte == 0 and data[at] != 0:
                        break
                    attribute_key = (attribute_key << U64(8)) | U64(byte)
                    at += 1
            else:
                at += 1
                while at < size and data[at] != 61 and (name_byte[data[at]] != 0 or data[at] == 0):
                    at += 1
            attribute_end = at
            attribute_key ^= U64(at - attribute) * LENGTH_FACTOR
            while at < size and _is_space(data[at]):
                at += 1
            if at < size and data[at] == 61:
                at += 1
                while at < size and _is_space(data[at]):
                    at += 1
                if at < size and (data[at] == 34 or data[at] == 39):
                    at = _search(data, at + 1, data[at]) + 1
                elif at < size and data[at] != 62:
                    while at < size and data[at] != 62 and not _is_space(data[at]):
                        at += 1
            else:
                at = attribute_end
            if filtered and at < size:
                # What is cut must not bring together what it stood between: a name and `=`, `/` and `>`.
                following = at
                while following < size and _is_space(data[following]):
                    following += 1
                if (
                    following < size
                    and data[following] != 61
                    and data[attribute] != 61
                    and data[attribute - 1] != 47
                ):
                    if attribute_key == KEY_HREF:
                        if _ends(data, at, size):
                            written = _copy(data, done, attribute_end, out, written)
                            done = at
                    elif _find(kept_keys, attribute_key) < 0:
                        written = _copy(data, done, attribute, out, written)
                        done = at
        if at >= size:
            done, written = done_before, written_before  # a tag without an end stays
            break
        at += 1

        if svg > 0 or math > 0:
            change = -1 if closing else (0 if self_closing else 1)
            if kind == SVG:
                svg = max(0, svg + change)
            elif kind == MATH:
                math = max(0, math + change)
            elif kind == OUTWARD or (closing and kind == AROUND):
                svg = math = 0
            elif kind == GRAPHIC and svg > 0 and _apart(data, begun):
                written = _copy(data, done_before, begun, out, written_before)
                done = at
            continue
        if closing or kind == PLAIN or kind >= OUTWARD:
            continue
        if kind == STOP:
            break
        if kind == SVG:
            svg = 0 if self_closing else 1
            continue
        if kind == MATH:
            math = 0 if self_closing else 1
            continue
        end = _script_end(data, at, name, name_end) if kind == SCRIPT else _raw_end(data, at, name, name_end)
        if end < 0:
            break
        if kind == STYLE or (kind == SCRIPT and not _is_structured(data, name_end, at)):
            after = _search(data, end, 62) + 1
            if after <= size and not _holds_quote(data, end, after) and _apart(data, begun):
                written = _copy(data, done_before, begun, out, written_before)
                done = end = after
            else:
                written = _copy(data, done, at, out, written)
                done = end
        at = end
    return _copy(data, done, size, out, written)
