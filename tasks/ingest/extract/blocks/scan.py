"""One compiled pass over a page's markup: its text, cut into blocks, and the elements that hold them.

The markup must be what a parser wrote from its tree (WHATWG HTML, "Serialising HTML fragments"): every element
closed, attribute values in double quotes, in text only `&amp; &lt; &gt; &nbsp;` (and `&quot;` in attributes) escaped.
Markup that isn't gives odd text, but neither an error nor more than linear time. A new block begins at every
block-level tag and at two `br` in a row. `tasks.ingest.extract.reference.scan` says the
same over the parser's tree.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tasks.ingest.extract.blocks import cues, tags
from tasks.ingest.extract.blocks.cues import UNDISPLAYED
from tasks.ingest.extract.blocks.markup import (
    attributes,
    close_of,
    declaration_end,
    tag_end,
    tag_name,
    tag_number,
)
from tasks.ingest.extract.blocks.tags import (
    BLOCK,
    BOLD,
    BREAK,
    HIDDEN,
    IMAGE,
    LINK,
    NAMED,
    OTHER,
    PRE,
    RAW,
    SKIP,
    VOID,
)
from tasks.jit import allocating, compiled, inner
from tasks.text import FNV_START, fnv

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
    PRE_OPEN, SKIPPED, LINKS_OPEN, LINK_FROM, BOLD_OPEN, BOLD_FROM, N_BLOCKS, N_NODES, INNERMOST, CLIMBS,
) = range(21)  # fmt: skip
STATES = 21


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
    text, blocks, inline_cues, nodes, node_bits, node_cues, signatures, complete, state = _scan(
        np.frombuffer(markup, dtype=np.uint8),
        tags.KEYS, tags.NUMBERS, tags.EFFECTS, tags.BITS, cues.SYMBOL_OF, cues.NEXT, cues.FOUND,
    )  # fmt: skip
    size, n, m = state[BEGUN], state[N_BLOCKS], state[N_NODES]
    return Scan(
        text[:size].copy(), blocks[:n].copy(), inline_cues[:n].copy(), nodes[:m].copy(), node_bits[:m].copy(),
        node_cues[:m].copy(), signatures[:m].copy(), complete,
    )  # fmt: skip


@allocating
def _grown(array):
    """Twice the rows. One by one: an assignment of arrays takes numba ten seconds to compile."""
    larger = np.zeros((2 * array.shape[0], array.shape[1]), dtype=array.dtype)
    for row in range(array.shape[0]):
        for column in range(array.shape[1]):
            larger[row, column] = array[row, column]
    return larger


@allocating
def _grown_line(array):
    larger = np.zeros(2 * len(array), dtype=array.dtype)
    for row in range(len(array)):
        larger[row] = array[row]
    return larger


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


@inner
def _close(tag, depth, stack, effects, state, blocks, inline_cues, nodes):
    """Closes the open elements from the innermost one to that of a name, if one is open; returns how many stay open."""
    level = depth - 1
    while level >= 0 and stack[level, 0] != tag:
        level -= 1
    if level < 0:
        return depth
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
    return depth


@inner
def _take_void(effect, text, state, blocks, inline_cues, nodes):
    """What an element without content does."""
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


@inner
def _open_node(tag, own, signature, bits, state, nodes, node_bits, node_cues, signatures):
    """Begins a block-level element."""
    number, around = state[N_NODES], state[INNERMOST]
    nodes[number, PARENT] = around
    nodes[number, TAG] = tag
    nodes[number, DEPTH] = nodes[around, DEPTH] + 1
    nodes[number, FIRST] = state[N_BLOCKS]
    node_bits[number] = node_bits[around] | bits | (HIDDEN if own & UNDISPLAYED else 0)
    node_cues[number] = own
    signatures[number] = signature
    state[INNERMOST] = number
    state[N_NODES] = number + 1


@inner
def _open_inline(effect, has_href, state):
    """What an element does to the text in it; returns 1 for a link."""
    if effect & PRE:
        state[PRE_OPEN] += 1
    if effect & BOLD:
        if state[BOLD_OPEN] == 0:
            state[BOLD_FROM] = state[OUT]
        state[BOLD_OPEN] += 1
    if not (effect & LINK and has_href):
        return 0
    if state[LINKS_OPEN] == 0:
        state[LINK_FROM] = state[OUT]
    state[LINKS_OPEN] += 1
    state[N_LINKS] += 1
    return 1


@inner
def _copy_raw(data, at, end, text, state):
    """Writes raw text, if it is text of the page; returns its end."""
    if state[SKIPPED]:
        return end
    out = state[OUT]
    for place in range(at, end):
        text[out] = data[place]
        out += 1
        if data[place] > 32:
            state[VISIBLE] = 1
    state[OUT] = out
    return end


@inner
def _pass_text(data, at, text, state):
    """Passes a comment, a doctype or text, which is written unless it is skipped; `at` where a tag begins."""
    size = len(data)
    if data[at] == 60:
        declaration = at + 1 < size and (data[at + 1] == 33 or data[at + 1] == 63)
        return declaration_end(data, at) if declaration else at
    if not state[SKIPPED]:
        return _copy_text(data, at, text, state)
    while at < size and data[at] != 60:
        at += 1
    return at


@inner
def _end_page(state, blocks, inline_cues, nodes):
    """Ends the last block (what stood before a script without an end, too) and the open elements."""
    _end_block(state, blocks, inline_cues, nodes)
    while state[INNERMOST] >= 0:
        nodes[state[INNERMOST], LAST] = state[N_BLOCKS]
        state[INNERMOST] = nodes[state[INNERMOST], PARENT]


@inner
def _start_tag(data, at, tag, effect, state, symbol_of, nexts, found):
    """`attributes` behind a tag's name, read only where they matter."""
    signature = fnv(FNV_START, tag)
    if state[SKIPPED] or not effect & (BLOCK | NAMED):
        return tag_end(data, at), 0, False, signature
    return attributes(data, at, signature, symbol_of, nexts, found)


@compiled
def _scan(data, keys, numbers, effects, bits_of, symbol_of, nexts, found):
    size = len(data)
    text = np.empty(size + 1, dtype=np.uint8)
    blocks, inline_cues = np.zeros((256, BLOCK_COLUMNS), dtype=np.int32), np.zeros(256, dtype=np.int64)
    nodes = np.zeros((512, NODE_COLUMNS), dtype=np.int32)
    node_bits, node_cues = np.zeros(512, dtype=np.int64), np.zeros(512, dtype=np.int64)
    signatures = np.zeros(512, dtype=np.uint64)
    stack = np.zeros((256, 2), dtype=np.int64)  # names of open elements; whether a link with `href`
    state = np.zeros(STATES, dtype=np.int64)
    nodes[0, PARENT], nodes[0, TAG] = -1, OTHER
    state[N_NODES] = 1
    depth = at = 0
    while (
        at < size
        and state[N_BLOCKS] < MAX_BLOCKS
        and state[N_NODES] < MAX_NODES
        and state[CLIMBS] < MAX_CLIMBS
    ):
        if state[N_BLOCKS] == blocks.shape[0]:  # a tag ends one block at most
            blocks, inline_cues = _grown(blocks), _grown_line(inline_cues)
        begun = at
        at = _pass_text(data, at, text, state)
        if at > begun:
            continue
        closing = at + 1 < size and data[at + 1] == 47
        name = at + 2 if closing else at + 1
        key, name_end = tag_name(data, name)
        tag = tag_number(key, keys, numbers)
        effect = effects[tag]
        if closing:
            at = tag_end(data, name_end)
            depth = _close(tag, depth, stack, effects, state, blocks, inline_cues, nodes)
            continue
        at, own, has_href, signature = _start_tag(data, name_end, tag, effect, state, symbol_of, nexts, found)
        if effect & VOID:
            if not state[SKIPPED]:
                _take_void(effect, text, state, blocks, inline_cues, nodes)
            continue
        if depth == stack.shape[0]:
            stack = _grown(stack)
        stack[depth, 0], stack[depth, 1] = tag, 0
        if effect & SKIP:
            state[SKIPPED] += 1
        if not state[SKIPPED]:
            if effect & BLOCK:
                _end_block(state, blocks, inline_cues, nodes)
                if state[N_NODES] == nodes.shape[0]:
                    nodes, node_bits = _grown(nodes), _grown_line(node_bits)
                    node_cues, signatures = _grown_line(node_cues), _grown_line(signatures)
                _open_node(tag, own, signature, bits_of[tag], state, nodes, node_bits, node_cues, signatures)
            else:
                state[INLINE_CUES] |= own
            stack[depth, 1] = _open_inline(effect, has_href, state)
        depth += 1
        if effect & RAW:
            at = _copy_raw(data, at, close_of(data, at, name, name_end), text, state)
    if state[N_BLOCKS] == blocks.shape[0]:
        blocks, inline_cues = _grown(blocks), _grown_line(inline_cues)
    _end_page(state, blocks, inline_cues, nodes)
    return text, blocks, inline_cues, nodes, node_bits, node_cues, signatures, at >= size, state
