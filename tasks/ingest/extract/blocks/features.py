"""What the model knows of each block: itself, the elements around it, its neighbours, its place in the page.

Everything that is compiled stands in this file, its constants too (numba's cache notices changes of this file only).
`feature_reference.py` says the same plainly.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from tasks.ingest.extract.blocks import cues, scan, tags
from tasks.jit import compiled

START, END, NODE, LINKED, BOLDED, LINKS, IMAGES, BREAKS, PREFORMATTED = range(9)
PARENT, TAG, DEPTH, FIRST, LAST = range(5)
assert (START, NODE, LINKED, BREAKS, PREFORMATTED) == (
    scan.START, scan.NODE, scan.LINKED, scan.BREAKS, scan.PREFORMATTED,
)  # fmt: skip
assert (PARENT, TAG, DEPTH, FIRST, LAST) == (scan.PARENT, scan.TAG, scan.DEPTH, scan.FIRST, scan.LAST)
BORDER, TEXT_SHIFT, N_CUES, N_TEXT_CUES, N_BITS = 26, 32, 32, 17, 24
assert (BORDER, TEXT_SHIFT) == (cues.BORDER, cues.TEXT_SHIFT)
assert (len(cues.NAMES), len(cues.TEXT), len(tags.INHERITED)) == (N_CUES, N_TEXT_CUES, N_BITS)
CUE_TEXT = 200  # bytes of a block's text in which words are looked for

GOOD_BYTES, GOOD_LINKED = 80, 0.35  # what counts as running text
MAIN_SHARE = 0.6  # of the running text that the main element holds of its parent's
WINDOWS = (4, 12)
WINDOW_BYTES, MAX_TOLD = 16, 100_000

# The page's facts about a block, before features are made of them.
BYTES, WORDS, COMMAS, ENDS, DIGITS, UPPERS, LETTERS, SYMBOLS, FIRST_KIND, LAST_KIND, GOOD, GROUPS, HASH = (
    range(13)
)
FACTS = 13

OWN = (
    "bytes words word_length linked bolded links commas sentences last_kind first_kind digits uppers symbols breaks "
    "images preformatted good level paragraph item cell heading division"
)
CONTAINER = "blocks bytes linked good mean place share"
CONTAINERS = 3
NEIGHBOUR = "bytes linked good words same"
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
WINDOW = "linked good bytes"
PAGE = "bytes blocks linked good"
PLACE = (
    "index offset has_h1 since_h1 bytes_since_h1 headings_since_h1 to_good_before to_good_after good_before depth "
    "climb main_depth lca_share before_main after_main main_good"
)
SAME = "count bytes linked good duplicates"
HINTS = "structured title description"
NAMES = (
    OWN.split()
    + [f"in_{name}" for name in tags.INHERITED]
    + [f"cue_{name}" for name in cues.NAMES]
    + [f"says_{name}" for name in cues.TEXT]
    + [f"container{level}_{name}" for level in range(CONTAINERS) for name in CONTAINER.split()]
    + [f"next{step:+d}_{name}" for step in NEIGHBOURS for name in NEIGHBOUR.split()]
    + [f"window{size}_{name}" for size in WINDOWS for name in WINDOW.split()]
    + [f"page_{name}" for name in PAGE.split()]
    + [f"at_{name}" for name in PLACE.split()]
    + [f"alike_{name}" for name in SAME.split()]
    + [f"hint_{name}" for name in HINTS.split()]
)
N_FEATURES = len(NAMES)

P, LI, TD, TH, DIV, H1 = (tags.NUMBER[name] for name in ("p", "li", "td", "th", "div", "h1"))
assert [tags.NUMBER[f"h{level}"] for level in range(1, 7)] == list(range(H1, H1 + 6))

_LOWER = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
_DELETED = bytes(byte for byte in range(128) if not chr(byte).isalnum())  # white space, punctuation

U64 = np.uint64
FNV_START, FNV_PRIME = U64(0xCBF29CE484222325), U64(0x100000001B3)
SLOT_FACTOR = U64(0xFF51AFD7ED558CCD)
ROLL = U64(0x9E3779B97F4A7C15)
_OPTIONS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
inner: Any = numba.njit(**_OPTIONS)


def describe(
    page: scan.Scan, structured: bytes = b"", title: bytes = b"", description: bytes = b""
) -> np.ndarray:
    """Features, float32 (n, N_FEATURES) in the order of `NAMES`.

    structured, title, description: what the page says of itself elsewhere (the text of its structured data, ...),
    UTF-8. A block's hint is 1 where its first `WINDOW_BYTES` letters and digits stand in it.
    """
    out = np.zeros((len(page.blocks), N_FEATURES), dtype=np.float32)
    if len(out):
        told = [text[:MAX_TOLD].translate(_LOWER, _DELETED) for text in (structured, title, description)]
        _describe(
            page.text, page.blocks, page.inline_cues, page.nodes, page.node_bits, page.node_cues, page.signatures,
            np.frombuffer(b"".join(told), dtype=np.uint8), np.cumsum([0, *map(len, told)]),
            cues.SYMBOL_OF, cues.NEXT, cues.FOUND, out,
        )  # fmt: skip
    return out


@inner
def _kind(byte):
    """0 other, 1 lower case or non-ASCII, 2 upper case, 3 digit, 4 sentence end, 5 colon, 6 quote, 7 bracket."""
    if 97 <= byte <= 122 or byte >= 128:
        return 1
    if 65 <= byte <= 90:
        return 2
    if 48 <= byte <= 57:
        return 3
    if byte == 46 or byte == 33 or byte == 63:
        return 4
    if byte == 58:
        return 5
    if byte == 34 or byte == 39:
        return 6
    if byte == 40 or byte == 41 or byte == 91 or byte == 93:
        return 7
    return 0


@inner
def _facts(text, start, end, linked, facts, symbol_of, nexts, found):
    """Counts over one block's text."""
    words, commas, ends, digits, uppers, letters, symbols = 0, 0, 0, 0, 0, 0, 0
    value = FNV_START
    space = True
    for at in range(start, end):
        byte = text[at]
        value = (value ^ U64(byte)) * FNV_PRIME
        if byte <= 32:
            space = True
            continue
        words += space
        space = False
        kind = _kind(byte)
        if kind == 1:
            letters += 1
            if byte == 0xE3 and at + 2 < end and text[at + 1] == 0x80:  # CJK comma, full stop
                commas += text[at + 2] == 0x81
                ends += text[at + 2] == 0x82
        elif kind == 2:
            letters += 1
            uppers += 1
        elif kind == 3:
            digits += 1
        elif kind == 4:
            ends += at + 1 == end or text[at + 1] <= 32 or text[at + 1] == 34 or text[at + 1] >= 128
        elif byte == 44:
            commas += 1
        elif kind == 0:
            symbols += 1
    groups = 0
    state = nexts[0, BORDER]
    last = BORDER
    for at in range(start, min(end, start + CUE_TEXT)):
        symbol = symbol_of[text[at]]
        if symbol == BORDER and last == BORDER:
            continue
        last = symbol
        state = nexts[state, symbol]
        groups |= found[state]
    groups |= found[nexts[state, BORDER]]
    size = end - start
    last_kind = _kind(text[end - 1])
    if size >= 3 and text[end - 3] == 0xE3 and text[end - 2] == 0x80 and text[end - 1] == 0x82:
        last_kind = 4
    if size >= 3 and text[end - 3] == 0xE2 and text[end - 2] == 0x80:
        last_kind = 5 if text[end - 1] == 0xA6 else 6  # ellipsis; quotation marks
    good = size >= GOOD_BYTES and linked <= GOOD_LINKED * size and (ends > 0 or commas > 1)
    facts[BYTES], facts[WORDS], facts[COMMAS], facts[ENDS], facts[DIGITS] = size, words, commas, ends, digits
    facts[UPPERS], facts[LETTERS], facts[SYMBOLS] = uppers, letters, symbols
    facts[FIRST_KIND], facts[LAST_KIND] = _kind(text[start]), last_kind
    facts[GOOD] = size if good else 0
    facts[GROUPS] = groups >> TEXT_SHIFT
    facts[HASH] = np.int64(value >> U64(1))


@inner
def _place(keys, key):
    """Where a key stands in a table of open addressing, or should."""
    mask = len(keys) - 1
    place = np.int64((key * SLOT_FACTOR) >> U64(20)) & mask
    while keys[place] != 0 and keys[place] != key:
        place = (place + 1) & mask
    return place


@inner
def _told_windows(told, ends):
    """A table of every stretch of WINDOW_BYTES letters that the page tells of itself: hashes, and told in what."""
    slots = 16
    while slots < 2 * len(told):
        slots *= 2
    keys, groups = np.zeros(slots, dtype=np.uint64), np.zeros(slots, dtype=np.int64)
    leading = U64(1)
    for _ in range(WINDOW_BYTES):
        leading *= ROLL
    for part in range(len(ends) - 1):
        value = U64(0)
        for at in range(ends[part], ends[part + 1]):
            value = value * ROLL + U64(told[at] + 1)
            if at - ends[part] >= WINDOW_BYTES:
                value -= leading * U64(told[at - WINDOW_BYTES] + 1)
            if at - ends[part] >= WINDOW_BYTES - 1:
                place = _place(keys, value | U64(1))
                keys[place] = value | U64(1)
                groups[place] |= 1 << part
    return keys, groups


@inner
def _hints(text, start, end, keys, groups):
    """Where the first WINDOW_BYTES letters and digits of a block are told; 0 for shorter blocks."""
    value = U64(0)
    size = 0
    for at in range(start, end):
        byte = text[at]
        if 65 <= byte <= 90:
            byte = np.uint8(byte + 32)
        if 48 <= byte <= 57 or 97 <= byte <= 122 or byte >= 128:
            value = value * ROLL + U64(byte + 1)
            size += 1
            if size == WINDOW_BYTES:
                return groups[_place(keys, value | U64(1))]
    return 0


@inner
def _share(part, whole):
    return part / whole if whole > 0 else 0.0


@inner
def _main_node(nodes, good):
    """The deepest element that still holds most of its parent's running text, all the way from the root."""
    main = 0
    for node in range(1, len(nodes)):
        if nodes[node, PARENT] == main:
            held = good[nodes[node, LAST]] - good[nodes[node, FIRST]]
            if held > 0 and held >= MAIN_SHARE * (good[nodes[main, LAST]] - good[nodes[main, FIRST]]):
                main = node
    return main


@inner
def _wider(nodes, node, blocks):
    """The first element, from `node` outwards, that holds more than `blocks` blocks; else the outermost."""
    while nodes[node, LAST] - nodes[node, FIRST] <= blocks and nodes[node, PARENT] >= 0:
        node = nodes[node, PARENT]
    return node


@compiled
def _describe(
    text,
    blocks,
    inline_cues,
    nodes,
    node_bits,
    node_cues,
    signatures,
    told,
    told_ends,
    symbol_of,
    nexts,
    found,
    out,
):
    n = len(blocks)
    facts = np.zeros((n, FACTS), dtype=np.int64)
    sums = np.zeros((3, n + 1), dtype=np.int64)  # bytes, bytes in links, bytes of running text before a block
    for b in range(n):
        _facts(text, blocks[b, START], blocks[b, END], blocks[b, LINKED], facts[b], symbol_of, nexts, found)
        sums[0, b + 1] = sums[0, b] + facts[b, BYTES]
        sums[1, b + 1] = sums[1, b] + blocks[b, LINKED]
        sums[2, b + 1] = sums[2, b] + facts[b, GOOD]
    total, all_good = sums[0, n], sums[2, n]

    # Blocks alike: below elements of the same names and classes; and with the same text.
    slots = 16
    while slots < 4 * n:
        slots *= 2
    path_keys, paths = np.zeros(slots, dtype=np.uint64), np.zeros((slots, 4), dtype=np.int64)
    text_keys, texts = np.zeros(slots, dtype=np.uint64), np.zeros(slots, dtype=np.int64)
    places = np.zeros((n, 2), dtype=np.int64)
    for b in range(n):
        node = blocks[b, NODE]
        key = signatures[node]
        if nodes[node, PARENT] >= 0:
            key = (key * FNV_PRIME) ^ signatures[nodes[node, PARENT]]
        key |= U64(1)
        place = _place(path_keys, key)
        path_keys[place] = key
        places[b, 0] = place
        paths[place, 0] += 1
        paths[place, 1] += facts[b, BYTES]
        paths[place, 2] += blocks[b, LINKED]
        paths[place, 3] += facts[b, GOOD]
        key = U64(facts[b, HASH]) | U64(1)
        place = _place(text_keys, key)
        text_keys[place] = key
        places[b, 1] = place
        texts[place] += 1

    told_keys, told_in = _told_windows(told, told_ends)

    main = _main_node(nodes, sums[2])
    above_main = np.zeros(len(nodes), dtype=np.uint8)
    node = main
    while node >= 0:
        above_main[node] = 1
        node = nodes[node, PARENT]
    first_h1 = -1
    main_first, main_last = n, -1
    for b in range(n):
        if first_h1 < 0 and nodes[blocks[b, NODE], TAG] == H1:
            first_h1 = b
        if nodes[main, FIRST] <= b < nodes[main, LAST] and facts[b, GOOD]:
            main_first, main_last = min(main_first, b), b
    good_after = np.full(n + 1, n, dtype=np.int64)
    for b in range(n - 1, -1, -1):
        good_after[b] = b if facts[b, GOOD] else good_after[b + 1]

    good_before = -1
    headings = 0
    for b in range(n):
        row = out[b]
        fact = facts[b]
        node = blocks[b, NODE]
        size = fact[BYTES]
        tag = nodes[node, TAG]
        level = tag - H1 + 1 if H1 <= tag < H1 + 6 else 0
        f = 0
        row[f] = np.log2(size)
        row[f + 1] = np.log2(1.0 + fact[WORDS])
        row[f + 2] = _share(size, fact[WORDS])
        row[f + 3] = _share(blocks[b, LINKED], size)
        row[f + 4] = _share(blocks[b, BOLDED], size)
        row[f + 5] = blocks[b, LINKS]
        row[f + 6] = 100.0 * fact[COMMAS] / size
        row[f + 7] = fact[ENDS]
        row[f + 8] = fact[LAST_KIND]
        row[f + 9] = fact[FIRST_KIND]
        row[f + 10] = _share(fact[DIGITS], size)
        row[f + 11] = _share(fact[UPPERS], fact[LETTERS])
        row[f + 12] = _share(fact[SYMBOLS], size)
        row[f + 13] = blocks[b, BREAKS]
        row[f + 14] = blocks[b, IMAGES]
        row[f + 15] = blocks[b, PREFORMATTED]
        row[f + 16] = fact[GOOD] > 0
        row[f + 17] = level
        row[f + 18] = tag == P
        row[f + 19] = tag == LI
        row[f + 20] = tag in (TD, TH)
        row[f + 21] = level > 0
        row[f + 22] = tag == DIV
        f += 23
        for bit in range(N_BITS):
            row[f] = (node_bits[node] >> bit) & 1
            f += 1

        # Cues: 1 on the block's own element, 1/2 on the one around it, 1/3, ...
        known = inline_cues[b]
        for bit in range(N_CUES):
            if (known >> bit) & 1:
                row[f + bit] = 1.0
        outer = node
        steps = 0
        climb = -1
        while outer >= 0:
            if climb < 0 and above_main[outer]:
                climb = steps
                common = outer
            steps += 1
            fresh = node_cues[outer] & ~known
            known |= fresh
            bit = 0
            while fresh:
                if fresh & 1:
                    row[f + bit] = 1.0 / steps
                fresh >>= 1
                bit += 1
            outer = nodes[outer, PARENT]
        f += N_CUES
        for bit in range(N_TEXT_CUES):
            row[f] = (fact[GROUPS] >> bit) & 1
            f += 1

        holder = node
        held = 1
        for _ in range(CONTAINERS):
            holder = _wider(nodes, holder, held)
            first, last = nodes[holder, FIRST], nodes[holder, LAST]
            held = last - first
            inside = sums[0, last] - sums[0, first]
            row[f] = np.log2(1.0 + held)
            row[f + 1] = np.log2(1.0 + inside)
            row[f + 2] = _share(sums[1, last] - sums[1, first], inside)
            row[f + 3] = _share(sums[2, last] - sums[2, first], inside)
            row[f + 4] = _share(inside, held)
            row[f + 5] = _share(b - first, held)
            row[f + 6] = _share(inside, total)
            f += 7

        for step in (-3, -2, -1, 1, 2, 3):
            other = b + step
            if 0 <= other < n:
                row[f] = np.log2(facts[other, BYTES])
                row[f + 1] = _share(blocks[other, LINKED], facts[other, BYTES])
                row[f + 2] = facts[other, GOOD] > 0
                row[f + 3] = _share(facts[other, BYTES], facts[other, WORDS])
                row[f + 4] = places[other, 0] == places[b, 0]
            else:
                row[f] = -1.0
            f += 5
        for window in WINDOWS:
            first, last = max(0, b - window), min(n, b + window + 1)
            inside = sums[0, last] - sums[0, first]
            row[f] = _share(sums[1, last] - sums[1, first], inside)
            row[f + 1] = _share(sums[2, last] - sums[2, first], inside)
            row[f + 2] = _share(inside, last - first)
            f += 3
        row[f], row[f + 1] = np.log2(1.0 + total), np.log2(1.0 + n)
        row[f + 2], row[f + 3] = _share(sums[1, n], total), np.log2(1.0 + all_good)
        f += 4

        if level > 0:
            headings += 1
        since = b - first_h1
        bytes_since = sums[0, b] - sums[0, max(first_h1, 0)]
        row[f] = b / n
        row[f + 1] = _share(sums[0, b], total)
        row[f + 2] = first_h1 >= 0
        row[f + 3] = since if first_h1 >= 0 else 0
        row[f + 4] = np.sign(bytes_since) * np.log2(1.0 + abs(bytes_since)) if first_h1 >= 0 else 0.0
        row[f + 5] = headings
        row[f + 6] = min(b - good_before, 50) if good_before >= 0 else 60
        row[f + 7] = min(good_after[b + 1] - b, 50) if good_after[b + 1] < n else 60
        row[f + 8] = _share(sums[2, b], all_good)
        row[f + 9] = nodes[node, DEPTH]
        row[f + 10] = climb
        row[f + 11] = nodes[main, DEPTH] - nodes[common, DEPTH]
        row[f + 12] = _share(sums[2, nodes[common, LAST]] - sums[2, nodes[common, FIRST]], all_good)
        row[f + 13] = main_first - b if main_last >= 0 else 0
        row[f + 14] = b - main_last if main_last >= 0 else 0
        row[f + 15] = np.log2(1.0 + sums[2, nodes[main, LAST]] - sums[2, nodes[main, FIRST]])
        f += 16
        if fact[GOOD]:
            good_before = b
        if b == first_h1:
            headings = 0

        place = places[b, 0]
        row[f], row[f + 1] = np.log2(paths[place, 0]), np.log2(1.0 + paths[place, 1] / paths[place, 0])
        row[f + 2] = _share(paths[place, 2], paths[place, 1])
        row[f + 3] = _share(paths[place, 3], paths[place, 1])
        row[f + 4] = min(texts[places[b, 1]], 10)
        f += 5
        hints = _hints(text, blocks[b, START], blocks[b, END], told_keys, told_in)
        for hint in range(3):
            row[f] = (hints >> hint) & 1
            f += 1
