"""`scan`, said slowly and plainly: a walk over the parser's tree. Tests hold the kernel to it; nothing else calls it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tasks.ingest.extract.blocks import cues, tags

_SPACE = re.compile("[ \t\n\r\x0b\x0c\u00a0]+")
_CLASSES = (1 << cues.TEXT_SHIFT) - 1


@dataclass(eq=False)
class Element:
    """A block-level element; the outermost is the document."""

    parent: Element | None
    tag: int
    depth: int = 0
    bits: int = 0
    cues: int = 0
    classes: bytes = b""
    blocks: list[Block] = field(default_factory=list)  # its own and its descendants'

    def outwards(self) -> list[Element]:
        found = [self]
        while found[-1].parent:
            found.append(found[-1].parent)
        return found


@dataclass(eq=False)
class Block:
    text: bytes
    element: Element
    linked: int
    bolded: int
    links: int
    images: int
    breaks: int
    preformatted: bool
    cues: int


class _Walk:
    """Collects the blocks of a parsed page, node by node."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.elements: list[Element] = [Element(None, tags.OTHER)]
        self.inside = self.elements[0]
        self.links = self.bold = self.pre = self.images = 0
        self.raw = False
        self._clear()

    def _clear(self) -> None:
        self.text: list[tuple[bytes, bool, bool]] = []  # a character, whether in a link, whether bold
        self.space = self.visible = False
        self.breaks = self.broken = self.cues = 0
        self.n_links = 1 if self.links else 0

    def end_block(self) -> None:
        if self.visible:
            block = Block(
                b"".join(character for character, _, _ in self.text), self.inside,
                sum(len(character) for character, linked, _ in self.text if linked),
                sum(len(character) for character, _, bold in self.text if bold),
                self.n_links, self.images, self.breaks, self.pre > 0, self.cues,
            )  # fmt: skip
            self.blocks.append(block)
            for element in self.inside.outwards():
                element.blocks.append(block)
            self.images = 0
        self._clear()

    def put(self, character: str) -> None:
        if character == "\u00ad":
            return
        if _SPACE.fullmatch(character):
            character = " " if character == "\u00a0" else character
            if self.pre:
                self.text.append((character.encode(), self.links > 0, self.bold > 0))
            else:
                self.space = True
            return
        if self.text and (self.broken or self.space):
            self.text.append((b"\n" if self.broken else b" ", self.links > 0, self.bold > 0))
            self.breaks += self.broken
        self.space, self.broken, self.visible = False, 0, True
        self.text.append((character.encode("utf-8", "replace"), self.links > 0, self.bold > 0))

    def line_break(self) -> None:
        if self.pre:
            self.text.append((b"\n", self.links > 0, self.bold > 0))
        elif self.broken:
            self.end_block()
        elif self.visible:
            self.broken = 1

    def node(self, node: Any) -> None:
        from resiliparse.parse.html import NodeType

        if node.type == NodeType.TEXT and self.raw:
            data = node.value.encode("utf-8", "replace")
            self.text.append((data, self.links > 0, self.bold > 0))
            self.visible |= any(byte > 32 for byte in data)
        elif node.type == NodeType.TEXT:
            for character in node.value:
                self.put(character)
        elif node.type == NodeType.ELEMENT:
            self.element(node)

    def children(self, node: Any) -> None:
        child = node.first_child
        while child is not None:
            self.node(child)
            child = child.next

    def element(self, node: Any) -> None:
        tag = tags.NUMBER.get(node.tag, tags.OTHER)
        effect = int(tags.EFFECTS[tag])
        if effect & tags.SKIP:
            return
        if effect & tags.VOID:
            self.images += bool(effect & tags.IMAGE)
            if effect & tags.BREAK:
                self.line_break()
            elif effect & tags.BLOCK:
                self.end_block()
            return
        own = _cues(node) if effect & (tags.BLOCK | tags.NAMED) else 0
        link = bool(effect & tags.LINK and node.hasattr("href"))
        if effect & tags.BLOCK:
            self.end_block()
            around = self.inside
            hidden = tags.HIDDEN if own & cues.UNDISPLAYED else 0
            self.inside = Element(
                around, tag, around.depth + 1, around.bits | int(tags.BITS[tag]) | hidden, own,
                (node.getattr("class") or "").encode(),
            )  # fmt: skip
            self.elements.append(self.inside)
        else:
            self.cues |= own
        self.pre += bool(effect & tags.PRE)
        self.links += link
        self.n_links += link
        self.bold += bool(effect & tags.BOLD)
        self.raw = bool(effect & tags.RAW)  # text as it stands: white space, hyphens and all
        self.children(node)
        self.raw = False
        if effect & tags.BLOCK:
            self.end_block()
            self.inside = self.inside.parent or self.inside
        self.pre -= bool(effect & tags.PRE)
        self.links -= link
        self.bold -= bool(effect & tags.BOLD)


def _cues(node: Any) -> int:
    found = 0
    for name in ("class", "id", "itemprop", "role"):
        found |= cues.groups_of((node.getattr(name) or "").encode())
    found &= _CLASSES & ~cues.UNDISPLAYED
    style = cues.groups_of((node.getattr("style") or "").encode())
    return found | (cues.UNDISPLAYED if node.hasattr("hidden") or style & cues.UNDISPLAYED else 0)


def walk(text: str) -> tuple[list[Block], list[Element]]:
    """The blocks of a page and its block-level elements, in document order."""
    from resiliparse.parse.html import HTMLTree

    walk = _Walk()
    walk.children(HTMLTree.parse(text).document)
    walk.end_block()
    return walk.blocks, walk.elements
