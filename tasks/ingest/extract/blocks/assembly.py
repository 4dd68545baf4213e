"""Chosen blocks to text that reads like the page: paragraphs, lists, tables, code.

An empty line stands between paragraphs, headings, tables, lists; one line for each list item (`- ` or its number,
indented by its depth) and table row (cells joined by ` | `); preformatted text stays as it is. A cell of more than
`CELL_BLOCKS` blocks holds a part of the page's layout, not a value: what is in it reads like the page itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.ingest.extract.blocks import scan, tags

_LIST, _ITEM, _TABLE, _DEFINITION = (
    1 << tags.INHERITED.index(name) for name in ("list", "item", "table", "definition")
)
_LISTS = {tags.NUMBER[name] for name in ("ul", "ol", "menu", "dir")}
_ORDERED = tags.NUMBER["ol"]
_ITEM_TAG, _ROW = tags.NUMBER["li"], tags.NUMBER["tr"]
_CELLS = {tags.NUMBER["td"], tags.NUMBER["th"]}
_TABLE_TAG, _DEFINITIONS = tags.NUMBER["table"], tags.NUMBER["dl"]
MAX_INDENT = 8  # levels
CELL_BLOCKS = 2


def assemble(page: scan.Scan, chosen: Sequence[int]) -> str:
    """The text of the chosen blocks, given by their numbers in order."""
    text = page.text.tobytes()
    nodes = page.nodes.tolist()
    structured = page.node_bits & (_ITEM | _TABLE | _DEFINITION) != 0
    blocks = page.blocks.tolist()
    pieces: list[str] = []
    before: _Place | None = None
    for number in chosen:
        block = blocks[number]
        node = block[scan.NODE]
        place = _Place(nodes, node) if structured[node] else _NOWHERE
        piece = text[block[scan.START] : block[scan.END]].decode("utf-8", "replace")
        if block[scan.PREFORMATTED]:
            piece = piece.strip("\n")
        item = place.item
        if item >= 0 and (before is None or before.item != item):
            piece = f"{'  ' * min(place.lists - 1, MAX_INDENT)}{_bullet(nodes, item)} {piece}"
        if before is not None:
            pieces.append(_between(before, place))
        pieces.append(piece)
        before = place
    return "".join(pieces)


class _Place:
    """The innermost list item, row, cell, and the outermost list, table, definition list around an element; -1 without.

    Nothing is seen beyond a cell that is layout.
    """

    __slots__ = ("cell", "item", "lists", "node", "outermost", "row")

    def __init__(self, nodes: Sequence[Sequence[int]], node: int):
        self.node = node
        self.item = self.row = self.cell = self.outermost = -1
        self.lists = 0
        while node >= 0:
            tag = nodes[node][scan.TAG]
            if tag == _ITEM_TAG and self.item < 0:
                self.item = node
            elif tag == _ROW and self.row < 0:
                self.row = node
            elif tag in _CELLS:
                if nodes[node][scan.LAST] - nodes[node][scan.FIRST] > CELL_BLOCKS:
                    break
                self.cell = node if self.row < 0 and self.cell < 0 else self.cell
            elif tag in _LISTS:
                self.lists += 1
                self.outermost = node
            elif tag in (_TABLE_TAG, _DEFINITIONS):
                self.outermost = node
            node = nodes[node][scan.PARENT]
        self.lists = max(self.lists, 1)


_NOWHERE = _Place([], -1)


def _between(before: _Place, place: _Place) -> str:
    """What stands between two blocks that follow each other in the text."""
    if place.row >= 0 and place.row == before.row:
        return " " if place.cell == before.cell else " | "
    if place.node == before.node:  # two line breaks
        return "\n\n"
    return "\n" if place.outermost >= 0 and place.outermost == before.outermost else "\n\n"


def _bullet(nodes: Sequence[Sequence[int]], item: int) -> str:
    """`-`, or the item's number in an ordered list."""
    around = nodes[item][scan.PARENT]
    if around < 0 or nodes[around][scan.TAG] != _ORDERED:
        return "-"
    place = sum(
        1 for node in range(around + 1, item + 1)
        if nodes[node][scan.PARENT] == around and nodes[node][scan.TAG] == _ITEM_TAG
    )  # fmt: skip
    return f"{place}."
