"""What the model knows of each block: itself, the elements around it, its neighbours, its place in the page.

`tasks.ingest.extract.reference.features` says the same plainly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tasks.ingest.extract.blocks import cues, scan, tags
from tasks.ingest.extract.blocks.facts import FACTS, take_facts
from tasks.ingest.extract.blocks.likeness import alike_keys, share, slots_for
from tasks.ingest.extract.blocks.scan import (
    BOLDED,
    BREAKS,
    DEPTH,
    END,
    FIRST,
    IMAGES,
    LAST,
    LINKED,
    LINKS,
    NODE,
    PARENT,
    PREFORMATTED,
    START,
    TAG,
)
from tasks.jit import allocating, compiled, inner
from tasks.text import GOLDEN, power, slot_of

MAIN_SHARE = 0.6  # of the running text that the main element holds of its parent's
CONTAINERS = 3
REACH = 3  # neighbours on either side
WINDOWS = (4, 12)
WINDOW_BYTES, MAX_DECLARED = 16, 100_000

FLOAT = np.dtype(np.float32)


def _floats(names: str) -> np.dtype:
    return np.dtype([(name, FLOAT) for name in names.split()])


def _plain(names: str, prefix: str = "") -> list[tuple[str, np.dtype, list[str]]]:
    return [(prefix + name, FLOAT, [prefix + name]) for name in names.split()]


# Field, what it is of, and how its parts' names begin: the order of the features, which compiled code writes by name.
_LAYOUT: list[tuple[str, Any, list[str]]] = [
    *_plain(
        "bytes words word_length linked bolded links commas sentences last_kind first_kind digits uppers symbols breaks "
        "images preformatted good level paragraph item cell heading division"
    ),
    ("inherited", FLOAT, [f"in_{name}" for name in tags.INHERITED]),
    ("cues", FLOAT, [f"cue_{name}" for name in cues.NAMES]),
    ("says", FLOAT, [f"says_{name}" for name in cues.TEXT]),
    (
        "containers",
        _floats("blocks bytes linked good mean place share"),
        [f"container{level}_" for level in range(CONTAINERS)],
    ),
    (
        "neighbours",
        _floats("bytes linked good words same"),
        [f"next{step:+d}_" for step in range(-REACH, REACH + 1) if step],
    ),
    ("windows", _floats("linked good bytes"), [f"window{size}_" for size in WINDOWS]),
    *_plain("bytes blocks linked good", "page_"),
    *_plain(
        "index offset has_h1 since_h1 bytes_since_h1 headings_since_h1 to_good_before to_good_after good_before depth "
        "climb main_depth lca_share before_main after_main main_good",
        "at_",
    ),
    *_plain("count bytes linked good duplicates", "alike_"),
    ("hints", FLOAT, ["hint_structured", "hint_title", "hint_description"]),
]
RECORD = np.dtype([(field, kind, len(parts) if len(parts) > 1 else ()) for field, kind, parts in _LAYOUT])
NAMES = [part + name for _, kind, parts in _LAYOUT for part in parts for name in kind.names or ("",)]
N_FEATURES = len(NAMES)
N_INHERITED, N_CUES, N_SAID = len(tags.INHERITED), len(cues.NAMES), len(cues.TEXT)

P, LI, TD, TH, DIV, H1 = (tags.NUMBER[name] for name in ("p", "li", "td", "th", "div", "h1"))
assert [tags.NUMBER[f"h{level}"] for level in range(1, 7)] == list(range(H1, H1 + 6))

_LOWER = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
_DELETED = bytes(byte for byte in range(128) if not chr(byte).isalnum())  # white space, punctuation

U64 = np.uint64


def describe(
    page: scan.Scan, structured: bytes = b"", title: bytes = b"", description: bytes = b""
) -> np.ndarray:
    """Features, float32 (n, N_FEATURES) in the order of `NAMES`.

    structured, title, description: what the page says of itself elsewhere (the text of its structured data, ...),
    UTF-8. A block's hint is 1 where its first `WINDOW_BYTES` letters and digits stand in it.
    """
    out = np.zeros((len(page.blocks), N_FEATURES), dtype=np.float32)
    if len(out):
        declared = [
            text[:MAX_DECLARED].translate(_LOWER, _DELETED) for text in (structured, title, description)
        ]
        _describe(
            page.text, page.blocks, page.inline_cues, page.nodes, page.node_bits, page.node_cues, page.signatures,
            np.frombuffer(b"".join(declared), dtype=np.uint8), np.cumsum([0, *map(len, declared)]),
            cues.SYMBOL_OF, cues.NEXT, cues.FOUND, out.view(RECORD).reshape(len(out)),
        )  # fmt: skip
    return out


@allocating
def _declared_windows(declared, ends):
    """A table of every stretch of WINDOW_BYTES letters that the page declares of itself: hashes, and declared in what."""
    slots = slots_for(2 * len(declared))
    keys, groups = np.zeros(slots, dtype=np.uint64), np.zeros(slots, dtype=np.int64)
    mask = U64(slots - 1)
    leading = power(WINDOW_BYTES)
    for part in range(len(ends) - 1):
        value = U64(0)
        for at in range(ends[part], ends[part + 1]):
            value = value * GOLDEN + U64(declared[at] + 1)
            if at - ends[part] >= WINDOW_BYTES:
                value -= leading * U64(declared[at - WINDOW_BYTES] + 1)
            if at - ends[part] >= WINDOW_BYTES - 1:
                place = slot_of(keys, mask, value | U64(1))
                keys[place] = value | U64(1)
                groups[place] |= 1 << part
    return keys, groups


@inner
def _hints(text, start, end, keys, groups):
    """Where the first WINDOW_BYTES letters and digits of a block are declared; 0 for shorter blocks."""
    value = U64(0)
    size = 0
    for at in range(start, end):
        byte = text[at]
        if 65 <= byte <= 90:
            byte = np.uint8(byte + 32)
        if 48 <= byte <= 57 or 97 <= byte <= 122 or byte >= 128:
            value = value * GOLDEN + U64(byte + 1)
            size += 1
            if size == WINDOW_BYTES:
                return groups[slot_of(keys, U64(len(keys) - 1), value | U64(1))]
    return 0


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


@compiled
def _describe(
    text, blocks, inline_cues, nodes, node_bits, node_cues, signatures, declared, declared_ends, symbol_of, nexts,
    found, out,
):  # fmt: skip
    n = len(blocks)
    facts = np.zeros(n, dtype=FACTS)
    # Bytes, bytes in links, bytes of running text before a block.
    sizes, linked, good = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for b in range(n):
        fact = facts[b]
        take_facts(text, blocks[b, START], blocks[b, END], blocks[b, LINKED], fact, symbol_of, nexts, found)
        sizes[b + 1] = sizes[b] + fact.bytes
        linked[b + 1] = linked[b] + blocks[b, LINKED]
        good[b + 1] = good[b] + fact.good
    paths = alike_keys(blocks, nodes, signatures)
    _describe_alike(blocks, facts, paths, out)
    keys, groups = _declared_windows(declared, declared_ends)
    main = _main_node(nodes, good)
    above_main = np.zeros(len(nodes), dtype=np.uint8)
    node = main
    while node >= 0:
        above_main[node] = 1
        node = nodes[node, PARENT]
    for b in range(n):
        row, node = out[b], blocks[b, NODE]
        _describe_block(blocks, b, facts[b], nodes[node, TAG], row)
        for bit in range(N_INHERITED):
            row.inherited[bit] = (node_bits[node] >> bit) & 1
        for bit in range(N_SAID):
            row.says[bit] = (facts[b].says >> bit) & 1
        common = _describe_cues(inline_cues[b], nodes, node_cues, node, above_main, row)
        _describe_containers(nodes, node, b, sizes, linked, good, row)
        _describe_neighbours(blocks, facts, paths, b, row)
        _describe_windows(b, n, sizes, linked, good, row)
        row.page_bytes, row.page_blocks = np.log2(1.0 + sizes[n]), np.log2(1.0 + n)
        row.page_linked, row.page_good = share(linked[n], sizes[n]), np.log2(1.0 + good[n])
        row.at_depth = nodes[node, DEPTH]
        row.at_main_depth = nodes[main, DEPTH] - nodes[common, DEPTH]
        row.at_lca_share = share(good[nodes[common, LAST]] - good[nodes[common, FIRST]], good[n])
        row.at_main_good = np.log2(1.0 + good[nodes[main, LAST]] - good[nodes[main, FIRST]])
        hints = _hints(text, blocks[b, START], blocks[b, END], keys, groups)
        for hint in range(3):
            row.hints[hint] = (hints >> hint) & 1
    _describe_places(blocks, nodes, nodes[main, FIRST], nodes[main, LAST], facts, sizes, good, out)


@inner
def _describe_block(blocks, b, fact, tag, row):
    """What is known of the block alone."""
    size = fact.bytes
    level = tag - H1 + 1 if H1 <= tag < H1 + 6 else 0
    row.bytes = np.log2(size)
    row.words = np.log2(1.0 + fact.words)
    row.word_length = share(size, fact.words)
    row.linked = share(blocks[b, LINKED], size)
    row.bolded = share(blocks[b, BOLDED], size)
    row.links = blocks[b, LINKS]
    row.commas = 100.0 * fact.commas / size
    row.sentences = fact.ends
    row.last_kind = fact.last_kind
    row.first_kind = fact.first_kind
    row.digits = share(fact.digits, size)
    row.uppers = share(fact.uppers, fact.letters)
    row.symbols = share(fact.symbols, size)
    row.breaks = blocks[b, BREAKS]
    row.images = blocks[b, IMAGES]
    row.preformatted = blocks[b, PREFORMATTED]
    row.good = fact.good > 0
    row.level = level
    row.paragraph = tag == P
    row.item = tag == LI
    row.cell = (tag == TD) | (tag == TH)
    row.heading = level > 0
    row.division = tag == DIV


@inner
def _describe_cues(known, nodes, node_cues, node, above_main, row):
    """1 for a cue on the block's own element, 1/2 on the one around it, 1/3, ...; returns the innermost element that
    is around the main one as well."""
    for bit in range(N_CUES):
        row.cues[bit] = (known >> bit) & 1
    steps = 0
    common = node
    climbing = True
    while node >= 0:
        if climbing and above_main[node]:
            row.at_climb = steps
            common = node
            climbing = False
        steps += 1
        fresh = node_cues[node] & ~known
        known |= fresh
        bit = 0
        while fresh:
            if fresh & 1:
                row.cues[bit] = 1.0 / steps
            fresh >>= 1
            bit += 1
        node = nodes[node, PARENT]
    return common


@inner
def _describe_containers(nodes, node, b, sizes, linked, good, row):
    """Elements outwards, each with more blocks than the one before, or the outermost."""
    held = 1
    for level in range(CONTAINERS):
        while nodes[node, LAST] - nodes[node, FIRST] <= held and nodes[node, PARENT] >= 0:
            node = nodes[node, PARENT]
        first, last = nodes[node, FIRST], nodes[node, LAST]
        held = last - first
        inside = sizes[last] - sizes[first]
        container = row.containers[level]
        container.blocks = np.log2(1.0 + held)
        container.bytes = np.log2(1.0 + inside)
        container.linked = share(linked[last] - linked[first], inside)
        container.good = share(good[last] - good[first], inside)
        container.mean = share(inside, held)
        container.place = share(b - first, held)
        container.share = share(inside, sizes[len(sizes) - 1])


@inner
def _describe_neighbours(blocks, facts, paths, b, row):
    for place in range(2 * REACH):
        neighbour = row.neighbours[place]
        other = b + (place - REACH if place < REACH else place - REACH + 1)
        if not 0 <= other < len(blocks):
            neighbour.bytes = -1.0
            continue
        fact = facts[other]
        neighbour.bytes = np.log2(fact.bytes)
        neighbour.linked = share(blocks[other, LINKED], fact.bytes)
        neighbour.good = fact.good > 0
        neighbour.words = share(fact.bytes, fact.words)
        neighbour.same = paths[other] == paths[b]


@inner
def _describe_windows(b, n, sizes, linked, good, row):
    for place in range(len(WINDOWS)):
        window = row.windows[place]
        first, last = max(0, b - WINDOWS[place]), min(n, b + WINDOWS[place] + 1)
        inside = sizes[last] - sizes[first]
        window.linked = share(linked[last] - linked[first], inside)
        window.good = share(good[last] - good[first], inside)
        window.bytes = share(inside, last - first)


@inner
def _describe_places(blocks, nodes, main_start, main_stop, facts, sizes, good, out):
    """Where in the page each block is: from the first heading of level 1, from running text, from the main element's."""
    n = len(blocks)
    first_h1 = main_last = -1
    main_first = n
    for b in range(n):
        if first_h1 < 0 and nodes[blocks[b, NODE], TAG] == H1:
            first_h1 = b
        if main_start <= b < main_stop and facts[b].good:
            main_first, main_last = min(main_first, b), b
    good_after = n
    for b in range(n - 1, -1, -1):
        out[b].at_to_good_after = min(good_after - b, 50) if good_after < n else 60
        good_after = b if facts[b].good else good_after
    good_before = -1
    headings = 0
    for b in range(n):
        row = out[b]
        headings += H1 <= nodes[blocks[b, NODE], TAG] < H1 + 6
        bytes_since = sizes[b] - sizes[max(first_h1, 0)]
        row.at_index = b / n
        row.at_offset = share(sizes[b], sizes[n])
        row.at_has_h1 = first_h1 >= 0
        row.at_since_h1 = b - first_h1 if first_h1 >= 0 else 0
        row.at_bytes_since_h1 = (
            np.sign(bytes_since) * np.log2(1.0 + abs(bytes_since)) if first_h1 >= 0 else 0.0
        )
        row.at_headings_since_h1 = headings
        row.at_to_good_before = min(b - good_before, 50) if good_before >= 0 else 60
        row.at_good_before = share(good[b], good[n])
        row.at_before_main = main_first - b if main_last >= 0 else 0
        row.at_after_main = b - main_last if main_last >= 0 else 0
        if facts[b].good:
            good_before = b
        if b == first_h1:
            headings = 0


@allocating
def _describe_alike(blocks, facts, paths, out):
    """Blocks alike: below elements of the same names and classes; and with the same text."""
    n = len(blocks)
    slots = slots_for(4 * n)
    mask = U64(slots - 1)
    keys, sums = np.zeros(slots, dtype=np.uint64), np.zeros((slots, 4), dtype=np.int64)
    text_keys, texts = np.zeros(slots, dtype=np.uint64), np.zeros(slots, dtype=np.int64)
    for b in range(n):
        place = slot_of(keys, mask, paths[b])
        keys[place] = paths[b]
        sums[place, 0] += 1
        sums[place, 1] += facts[b].bytes
        sums[place, 2] += blocks[b, LINKED]
        sums[place, 3] += facts[b].good
        key = U64(facts[b].hash) | U64(1)
        place = slot_of(text_keys, mask, key)
        text_keys[place] = key
        texts[place] += 1
    for b in range(n):
        row = out[b]
        place = slot_of(keys, mask, paths[b])
        row.alike_count = np.log2(sums[place, 0])
        row.alike_bytes = np.log2(1.0 + sums[place, 1] / sums[place, 0])
        row.alike_linked = share(sums[place, 2], sums[place, 1])
        row.alike_good = share(sums[place, 3], sums[place, 1])
        row.alike_duplicates = min(texts[slot_of(text_keys, mask, U64(facts[b].hash) | U64(1))], 10)
