"""One compiled pass over a page's markup: its text, cut into blocks, and the elements that hold them.

The markup must be what a parser wrote from its tree (WHATWG HTML, "Serialising HTML fragments"): every element
closed, attribute values in double quotes, in text only `&amp; &lt; &gt; &nbsp;` (and `&quot;` in attributes) escaped.
Markup that isn't gives odd text, but neither an error nor more than linear time. A new block begins at every
block-level tag and at two `br` in a row. Everything that is compiled stands in this file, its constants too,
because numba's cache notices changes of this file only. `reference.py` says the same over the parser's tree.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from tasks.ingest.extract.blocks import cues, tags
from tasks.jit import compiled

BLOCK, VOID, SKIP, RAW, LINK, BOLD, PRE, BREAK, IMAGE, CELL, NAMED = (1 << bit for bit in range(11))
assert (BLOCK, VOID, SKIP, RAW, LINK, BOLD, PRE, BREAK, IMAGE, CELL, NAMED) == (
    tags.BLOCK, tags.VOID, tags.SKIP, tags.RAW, tags.LINK, tags.BOLD, tags.PRE, tags.BREAK, tags.IMAGE, tags.CELL,
    tags.NAMED,
)  # fmt: skip
OTHER_TAG, SLOTS = 115, 1024
assert (OTHER_TAG, SLOTS) == (tags.OTHER, tags.SLOTS)
BORDER, SYMBOLS = 26, 64
assert (BORDER, SYMBOLS) == (cues.BORDER, cues.SYMBOLS)
CLASS_GROUPS, UNDISPLAYED = 0xFFFFFFFF, 1 << 27
assert (1 << cues.TEXT_SHIFT) - 1 == CLASS_GROUPS
assert UNDISPLAYED == cues.UNDISPLAYED
HIDDEN = 1 << 20
assert HIDDEN == tags.HIDDEN

# The columns of `blocks`: text[start:end], the innermost block-level element, bytes of it within links and within
# bold, links, images before it, line breaks in it, whether it is preformatted.
START, END, NODE, LINKED, BOLDED, LINKS, IMAGES, BREAKS, PREFORMATTED = range(9)
BLOCK_COLUMNS = 9
# The columns of `nodes`: the block-level element around it, its name's number, depth, blocks[first:last].
PARENT, TAG, DEPTH, FIRST, LAST = range(5)
NODE_COLUMNS = 5
MAX_BLOCKS, MAX_NODES = 1 << 17, 1 << 18  # above, the scan gives up: the web has no such pages
MAX_CLIMBS = 1 << 24  # blocks times the elements around each, which `features` climbs

# What the scan remembers between two tags.
(
    OUT, BEGUN, PENDING, BREAKS_PENDING, VISIBLE, BREAKS_IN, LINKED_BYTES, BOLD_BYTES, N_LINKS, N_IMAGES, INLINE_CUES,
    PRE_OPEN, SKIPPED, LINKS_OPEN, LINK_FROM, BOLD_OPEN, BOLD_FROM, N_BLOCKS, INNERMOST, CLIMBS,
) = range(20)  # fmt: skip
STATES = 20

U64 = np.uint64
NAME_LENGTH_FACTOR, SLOT_FACTOR = U64(0x9E3779B97F4A7C15), U64(0xFF51AFD7ED558CCD)
FNV_START, FNV_PRIME = U64(0xCBF29CE484222325), U64(0x100000001B3)
_OPTIONS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
inner: Any = numba.njit(**_OPTIONS)


class Scan(NamedTuple):
    """A page in blocks. The node 0 is the document itself.

    text: UTF-8, white space collapsed (but in preformatted blocks); `\\n` for a single `br`.
    blocks: int32 (n, BLOCK_COLUMNS); inline_cues: int64 (n,), class groups of inline elements in the block.
    nodes: int32 (m, NODE_COLUMNS); node_bits, node_cues: int64 (m,), `tags.INHERITED` and class groups of the
    element itself (cues) or of it and all around it (bits); signatures: uint64 (m,), of name and class.
    complete: False where the page had too many blocks or elements, or too deep ones, and the scan stopped.
    """

    text: np.ndarray
    blocks: np.ndarray
    inline_cues: np.ndarray
    nodes: np.ndarray
    node_bits: np.ndarray
    node_cues: np.ndarray
    signatures: np.ndarray
    complete: bool


def scan(markup: bytes) -> Scan:
    """The blocks of a page that a parser has written out as UTF-8."""
    found = _scan(
        np.frombuffer(markup, dtype=np.uint8),
        tags.KEYS, tags.NUMBERS, tags.EFFECTS, tags.BITS, cues.SYMBOL_OF, cues.NEXT, cues.FOUND,
    )  # fmt: skip
    return Scan(*found)


@inner
def _tag_number(key, keys, numbers):
    place = np.int64((key * SLOT_FACTOR) >> U64(54))
    while keys[place] != 0:
        if keys[place] == key:
            return numbers[place]
        place = (place + 1) % SLOTS
    return OTHER_TAG


@inner
def _groups(data, start, end, symbol_of, nexts, found):
    """The cue groups of a stretch of text, with a border before and after it."""
    state = nexts[0, BORDER]
    mask = 0
    last = BORDER
    for at in range(start, end):
        symbol = symbol_of[data[at]]
        if symbol == BORDER and last == BORDER:
            continue
        last = symbol
        state = nexts[state, symbol]
        mask |= found[state]
    if last != BORDER:
        mask |= found[nexts[state, BORDER]]
    return mask


@inner
def _grown(array):
    larger = np.zeros((2 * array.shape[0], array.shape[1]), dtype=array.dtype)
    larger[: array.shape[0]] = array
    return larger


@inner
def _grown_line(array):
    larger = np.zeros(2 * array.shape[0], dtype=array.dtype)
    larger[: array.shape[0]] = array
    return larger


@inner
def _equals(data, start, end, word):
    if end - start != len(word):
        return False
    same = True
    for offset in range(len(word)):
        same &= data[start + offset] == word[offset]
    return same


@inner
def _is_space(byte):
    """HTML's white space: without the vertical tab, which may be in a name."""
    return byte == 32 or (9 <= byte <= 13 and byte != 11)


@inner
def _stands_at(data, at, name_start, name_end):
    """Whether a tag's name stands at `at`, in letters of either case, and ends there."""
    size = name_end - name_start
    for offset in range(size):
        if data[at + offset] | 32 != data[name_start + offset]:
            return False
    end = at + size
    return end >= len(data) or data[end] == 47 or data[end] == 62 or _is_space(data[end])


@inner
def _find_close(data, at, name_start, name_end):
    """Where `</name` stands at or after `at`, or the end.

    In a script, behind `<!--`, `<script` makes the next `</script` part of it, up to `-->` (HTML, 13.2.5.15 to 31): pages
    that write scripts by scripts.
    """
    size = name_end - name_start
    script = size == 6 and data[name_start] == 115 and data[name_start + 1] == 99
    escaped = twice = False
    last = len(data) - size - 2
    while at <= last:
        byte = data[at]
        if byte == 60:
            if data[at + 1] == 47 and _stands_at(data, at + 2, name_start, name_end):
                if not twice:
                    return at
                twice = False
            elif escaped and not twice and _stands_at(data, at + 1, name_start, name_end):
                twice = True
            elif script and data[at + 1] == 33 and data[at + 2] == 45 and data[at + 3] == 45:
                escaped = True
                at += 1  # to its dashes, which may be the end's
        elif escaped and byte == 45 and data[at + 1] == 45 and data[at + 2] == 62:
            escaped = twice = False
        at += 1
    return len(data)


@inner
def _declaration_end(data, at):
    """After a comment, a doctype, a processing instruction that begins at `at`."""
    size = len(data)
    if at + 3 < size and data[at + 1] == 33 and data[at + 2] == 45 and data[at + 3] == 45:
        at += 4
        while at + 2 < size and not (data[at] == 45 and data[at + 1] == 45 and data[at + 2] == 62):
            at += 1
        return min(size, at + 3)
    while at < size and data[at] != 62:
        at += 1
    return at + 1


@inner
def _name(data, at):
    """A tag's name: packed, and where it ends."""
    key = U64(0)
    first = at
    while at < len(data):
        byte = data[at]
        if _is_space(byte) or byte == 47 or byte == 62:
            break
        key = (key << U64(8)) | U64(byte)
        at += 1
    return key ^ (U64(at - first) * NAME_LENGTH_FACTOR), at


@inner
def _attributes(data, at, signature, symbol_of, nexts, found):
    """What a start tag's attributes say: its end, cue groups (UNDISPLAYED among them), `href`, signature."""
    size = len(data)
    own = 0
    undisplayed = False
    has_href = False
    while at < size and data[at] != 62:
        if _is_space(data[at]) or data[at] == 47:
            at += 1
            continue
        name = at
        at += 1
        while at < size and not _is_space(data[at]) and data[at] != 61 and data[at] != 62 and data[at] != 47:
            at += 1
        name_end = value = value_end = at
        if at + 1 < size and data[at] == 61 and data[at + 1] == 34:
            at += 2
            value = at
            while at < size and data[at] != 34:
                at += 1
            value_end = at
            at += 1
        first, length = data[name], name_end - name
        if first == 99 and _equals(data, name, name_end, b"class"):
            own |= _groups(data, value, value_end, symbol_of, nexts, found)
            for place in range(value, value_end):
                signature = (signature ^ U64(data[place])) * FNV_PRIME
        elif (first == 105 and length == 2 and data[name + 1] == 100) or (
            (first == 105 and _equals(data, name, name_end, b"itemprop"))
            or (first == 114 and _equals(data, name, name_end, b"role"))
        ):
            own |= _groups(data, value, value_end, symbol_of, nexts, found)
        elif first == 104 and _equals(data, name, name_end, b"href"):
            has_href = True
        elif first == 104 and _equals(data, name, name_end, b"hidden"):
            undisplayed = True
        elif first == 115 and _equals(data, name, name_end, b"style"):
            undisplayed |= (_groups(data, value, value_end, symbol_of, nexts, found) & UNDISPLAYED) != 0
    own &= CLASS_GROUPS & ~UNDISPLAYED
    return at + 1, own | UNDISPLAYED if undisplayed else own, has_href, signature


@inner
def _tag_end(data, at):
    """After a tag, its attributes unread. Only after `=` does a quotation mark begin a value: names may hold one."""
    while at < len(data) and data[at] != 62:
        if data[at] == 61 and at + 1 < len(data) and data[at + 1] == 34:
            at += 2
            while at < len(data) and data[at] != 34:
                at += 1
        at += 1
    return at + 1


@inner
def _copy_text(data, at, text, state):
    """Writes the text up to the next tag into the open block; returns where that tag begins."""
    size = len(data)
    out, start, pre = state[OUT], state[BEGUN], state[PRE_OPEN]
    pending, breaks = state[PENDING], state[BREAKS_PENDING]
    while at < size:
        byte = data[at]
        if byte == 60:
            break
        at += 1
        if byte == 0xC2 and at < size and data[at] == 0xAD:  # a soft hyphen: where a line may break, no text
            at += 1
            continue
        if byte == 38 and at + 3 <= size:
            if data[at] == 97 and data[at + 1] == 109:  # amp;
                at += 4
            elif data[at] == 108 and data[at + 1] == 116:  # lt;
                byte = np.uint8(60)
                at += 3
            elif data[at] == 103 and data[at + 1] == 116:  # gt;
                byte = np.uint8(62)
                at += 3
            elif data[at] == 110 and data[at + 1] == 98:  # nbsp;
                byte = np.uint8(32)
                at += 5
        if byte == 32 or 9 <= byte <= 13:
            if pre:
                text[out] = byte
                out += 1
            else:
                pending = 1
            continue
        if out > start:
            if breaks:
                text[out] = 10
                out += 1
                state[BREAKS_IN] += 1
            elif pending:
                text[out] = 32
                out += 1
        pending = 0
        breaks = 0
        state[VISIBLE] = 1
        text[out] = byte
        out += 1
    state[OUT], state[PENDING], state[BREAKS_PENDING] = out, pending, breaks
    return min(at, size)


@inner
def _end_block(state, blocks, inline_cues, nodes):
    """Closes the open block; its text is kept if it has more than white space."""
    out, start = state[OUT], state[BEGUN]
    if state[LINKS_OPEN]:
        state[LINKED_BYTES] += out - max(state[LINK_FROM], start)
    if state[BOLD_OPEN]:
        state[BOLD_BYTES] += out - max(state[BOLD_FROM], start)
    if state[VISIBLE]:
        number = state[N_BLOCKS]
        # One by one: a view of the row would cost two atomic counts.
        blocks[number, START] = start
        blocks[number, END] = out
        blocks[number, NODE] = state[INNERMOST]
        blocks[number, LINKED] = state[LINKED_BYTES]
        blocks[number, BOLDED] = state[BOLD_BYTES]
        blocks[number, LINKS] = state[N_LINKS]
        blocks[number, IMAGES] = state[N_IMAGES]
        blocks[number, BREAKS] = state[BREAKS_IN]
        blocks[number, PREFORMATTED] = state[PRE_OPEN] > 0
        inline_cues[number] = state[INLINE_CUES]
        state[N_BLOCKS] = number + 1
        state[CLIMBS] += nodes[state[INNERMOST], DEPTH]
        state[N_IMAGES] = 0
    else:
        state[OUT] = start
    out = state[OUT]
    state[BEGUN] = state[LINK_FROM] = state[BOLD_FROM] = out
    state[N_LINKS] = 1 if state[LINKS_OPEN] else 0
    state[VISIBLE] = state[PENDING] = state[BREAKS_PENDING] = state[BREAKS_IN] = 0
    state[LINKED_BYTES] = state[BOLD_BYTES] = state[INLINE_CUES] = 0


@compiled
def _scan(data, keys, numbers, effects, bits_of, symbol_of, nexts, found):
    size = len(data)
    text = np.empty(size + 1, dtype=np.uint8)
    blocks = np.zeros((256, BLOCK_COLUMNS), dtype=np.int32)
    inline_cues = np.zeros(256, dtype=np.int64)
    nodes = np.zeros((512, NODE_COLUMNS), dtype=np.int32)
    node_bits = np.zeros(512, dtype=np.int64)
    node_cues = np.zeros(512, dtype=np.int64)
    signatures = np.zeros(512, dtype=np.uint64)
    stack = np.zeros((256, 2), dtype=np.int64)  # names of open elements; whether a link with `href`
    state = np.zeros(STATES, dtype=np.int64)
    nodes[0, PARENT], nodes[0, TAG] = -1, OTHER_TAG
    n_nodes, depth, at = 1, 0, 0
    while at < size and state[N_BLOCKS] < MAX_BLOCKS and n_nodes < MAX_NODES and state[CLIMBS] < MAX_CLIMBS:
        if state[N_BLOCKS] == blocks.shape[0]:  # a tag ends one block at most
            blocks, inline_cues = _grown(blocks), _grown_line(inline_cues)
        if data[at] != 60:
            if state[SKIPPED]:
                while at < size and data[at] != 60:
                    at += 1
            else:
                at = _copy_text(data, at, text, state)
            continue
        if at + 1 < size and (data[at + 1] == 33 or data[at + 1] == 63):
            at = _declaration_end(data, at)
            continue
        closing = at + 1 < size and data[at + 1] == 47
        name = at + 2 if closing else at + 1
        key, at = _name(data, name)
        name_end = at
        tag = _tag_number(key, keys, numbers)
        effect = effects[tag]

        if closing:
            at = _tag_end(data, at)
            level = depth - 1
            while level >= 0 and stack[level, 0] != tag:
                level -= 1
            if level < 0:
                continue
            while depth > level:
                depth -= 1
                gone = effects[stack[depth, 0]]
                if gone & SKIP:
                    state[SKIPPED] -= 1
                if state[SKIPPED]:
                    continue
                if gone & BLOCK:
                    _end_block(state, blocks, inline_cues, nodes)
                    nodes[state[INNERMOST], LAST] = state[N_BLOCKS]
                    state[INNERMOST] = nodes[state[INNERMOST], PARENT]
                if gone & PRE:
                    state[PRE_OPEN] -= 1
                if stack[depth, 1]:
                    state[LINKS_OPEN] -= 1
                    if state[LINKS_OPEN] == 0:
                        state[LINKED_BYTES] += state[OUT] - state[LINK_FROM]
                if gone & BOLD:
                    state[BOLD_OPEN] -= 1
                    if state[BOLD_OPEN] == 0:
                        state[BOLD_BYTES] += state[OUT] - state[BOLD_FROM]
            continue

        own, has_href, signature = 0, False, (FNV_START ^ U64(tag)) * FNV_PRIME
        if not state[SKIPPED] and effect & (BLOCK | NAMED):
            at, own, has_href, signature = _attributes(data, at, signature, symbol_of, nexts, found)
        else:
            at = _tag_end(data, at)
        if effect & VOID:
            if state[SKIPPED]:
                continue
            if effect & IMAGE:
                state[N_IMAGES] += 1
            elif effect & BLOCK:
                _end_block(state, blocks, inline_cues, nodes)
            elif effect & BREAK:
                if state[PRE_OPEN]:
                    text[state[OUT]] = 10
                    state[OUT] += 1
                elif state[BREAKS_PENDING]:
                    _end_block(state, blocks, inline_cues, nodes)
                elif state[VISIBLE]:
                    state[BREAKS_PENDING] = 1
            continue
        if depth == stack.shape[0]:
            stack = _grown(stack)
        stack[depth, 0], stack[depth, 1] = tag, 0
        if effect & SKIP:
            state[SKIPPED] += 1
        if not state[SKIPPED]:
            if effect & BLOCK:
                _end_block(state, blocks, inline_cues, nodes)
                if n_nodes == nodes.shape[0]:
                    nodes, node_bits = _grown(nodes), _grown_line(node_bits)
                    node_cues, signatures = _grown_line(node_cues), _grown_line(signatures)
                around = state[INNERMOST]
                nodes[n_nodes, PARENT] = around
                nodes[n_nodes, TAG] = tag
                nodes[n_nodes, DEPTH] = nodes[around, DEPTH] + 1
                nodes[n_nodes, FIRST] = state[N_BLOCKS]
                node_bits[n_nodes] = node_bits[around] | bits_of[tag] | (HIDDEN if own & UNDISPLAYED else 0)
                node_cues[n_nodes] = own
                signatures[n_nodes] = signature
                state[INNERMOST] = n_nodes
                n_nodes += 1
            else:
                state[INLINE_CUES] |= own
            if effect & PRE:
                state[PRE_OPEN] += 1
            if effect & LINK and has_href:
                if state[LINKS_OPEN] == 0:
                    state[LINK_FROM] = state[OUT]
                state[LINKS_OPEN] += 1
                state[N_LINKS] += 1
                stack[depth, 1] = 1
            if effect & BOLD:
                if state[BOLD_OPEN] == 0:
                    state[BOLD_FROM] = state[OUT]
                state[BOLD_OPEN] += 1
        depth += 1
        if effect & RAW:
            end = _find_close(data, at, name, name_end)
            if not state[SKIPPED]:
                out = state[OUT]
                for place in range(at, end):
                    text[out] = data[place]
                    out += 1
                    if data[place] > 32:
                        state[VISIBLE] = 1
                state[OUT] = out
            at = end

    if state[N_BLOCKS] == blocks.shape[0]:
        blocks, inline_cues = _grown(blocks), _grown_line(inline_cues)
    _end_block(state, blocks, inline_cues, nodes)  # what stood before a script without an end, too
    n_blocks = state[N_BLOCKS]
    while state[INNERMOST] >= 0:
        nodes[state[INNERMOST], LAST] = n_blocks
        state[INNERMOST] = nodes[state[INNERMOST], PARENT]
    return (
        text[: state[BEGUN]].copy(), blocks[:n_blocks].copy(), inline_cues[:n_blocks].copy(),
        nodes[:n_nodes].copy(), node_bits[:n_nodes].copy(), node_cues[:n_nodes].copy(),
        signatures[:n_nodes].copy(), at >= size,
    )  # fmt: skip
