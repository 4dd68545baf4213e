"""`features`, said slowly and plainly. Tests hold the kernel to it; nothing else calls it."""

from __future__ import annotations

import math
import re

from tasks.ingest.extract.blocks import cues, tags
from tasks.ingest.extract.reference.scan import Block, Element

_LEVELS = {tags.NUMBER[f"h{level}"]: level for level in range(1, 7)}
_PARAGRAPH, _ITEM, _DIVISION = (tags.NUMBER[name] for name in ("p", "li", "div"))
_CELLS = (tags.NUMBER["td"], tags.NUMBER["th"])


Row = dict[str, float]


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def kind(byte: int) -> int:
    """0 other, 1 lower case or non-ASCII, 2 upper case, 3 digit, 4 sentence end, 5 colon, 6 quote, 7 bracket."""
    character = chr(byte)
    for number, found in enumerate(
        (byte >= 128 or "a" <= character <= "z", "A" <= character <= "Z", "0" <= character <= "9", character in ".!?",
         character == ":", character in "\"'", character in "()[]"),
        start=1,
    ):  # fmt: skip
        if found:
            return number
    return 0


class Facts:
    """Counts over one block's text."""

    def __init__(self, block: Block):
        text = block.text
        self.bytes = len(text)
        self.words = len(re.findall(rb"[^\x00-\x20]+", text))
        kinds = [kind(byte) for byte in text if byte > 32]
        self.commas = text.count(b",") + text.count("、".encode())
        self.sentences = len(re.findall(rb'[.!?](?=[\x00-\x20"\x80-\xff]|\Z)', text, re.DOTALL)) + text.count(
            "。".encode()
        )
        self.digits, self.uppers = kinds.count(3), kinds.count(2)
        self.letters = kinds.count(1) + kinds.count(2)
        self.symbols = kinds.count(0) - text.count(b",")
        self.first_kind, self.last_kind = kind(text[0]), kind(text[-1])
        if text.endswith("。".encode()):
            self.last_kind = 4
        if len(text) >= 3 and text[-3:-1] == b"\xe2\x80":
            self.last_kind = 5 if text.endswith("…".encode()) else 6
        self.linked = block.linked
        good = (
            self.bytes >= 80 and block.linked <= 0.35 * self.bytes and (self.sentences > 0 or self.commas > 1)
        )
        self.good = self.bytes if good else 0
        self.says = cues.groups_of(text[:200]) >> cues.TEXT_SHIFT


def wider(element: Element, blocks: int) -> Element:
    """The first element, from this one outwards, with more blocks than that; else the outermost."""
    while len(element.blocks) <= blocks and element.parent:
        element = element.parent
    return element


def main_element(elements: list[Element], good: dict[Block, int]) -> Element:
    """The deepest element that still holds most of its parent's running text, all the way from the document."""
    main = elements[0]
    for element in elements[1:]:
        held = sum(good[block] for block in element.blocks)
        if element.parent is main and held and held >= 0.6 * sum(good[block] for block in main.blocks):
            main = element
    return main


class _Page:
    """The blocks of a page, and features of the n-th of them by name."""

    def __init__(self, blocks: list[Block], elements: list[Element], told: list[str]):
        self.blocks = blocks
        self.facts = [Facts(block) for block in blocks]
        self.good = {block: fact.good for block, fact in zip(blocks, self.facts, strict=True)}
        self.total = sum(fact.bytes for fact in self.facts)
        self.main = main_element(elements, self.good)
        self.paths = [[(one.tag, one.classes) for one in block.element.outwards()[:2]] for block in blocks]
        self.letters = [_letters(text.encode()) for text in told]

    def spread(self, part: list[Block]) -> tuple[int, float, float]:
        """Bytes of some blocks, and how much of it is in links and running text."""
        size = sum(len(block.text) for block in part)
        linked = sum(block.linked for block in part)
        return size, share(linked, size), share(sum(self.good[block] for block in part), size)

    def itself(self, n: int) -> Row:
        block, fact, element = self.blocks[n], self.facts[n], self.blocks[n].element
        level = _LEVELS.get(element.tag, 0)
        row: Row = {
            "bytes": math.log2(fact.bytes), "words": math.log2(1 + fact.words), "word_length": share(fact.bytes, fact.words),
            "linked": fact.linked / fact.bytes, "bolded": block.bolded / fact.bytes, "links": block.links,
            "commas": 100 * fact.commas / fact.bytes, "sentences": fact.sentences, "last_kind": fact.last_kind,
            "first_kind": fact.first_kind, "digits": fact.digits / fact.bytes, "uppers": share(fact.uppers, fact.letters),
            "symbols": fact.symbols / fact.bytes, "breaks": block.breaks, "images": block.images,
            "preformatted": block.preformatted, "good": fact.good > 0, "level": level,
            "paragraph": element.tag == _PARAGRAPH, "item": element.tag == _ITEM, "cell": element.tag in _CELLS,
            "heading": level > 0, "division": element.tag == _DIVISION,
        }  # fmt: skip
        for bit, name in enumerate(tags.INHERITED):
            row[f"in_{name}"] = element.bits >> bit & 1
        for bit, name in enumerate(cues.NAMES):
            steps = [step for step, one in enumerate(element.outwards(), start=1) if one.cues >> bit & 1]
            row[f"cue_{name}"] = 1 if block.cues >> bit & 1 else 1 / steps[0] if steps else 0
        for bit, name in enumerate(cues.TEXT):
            row[f"says_{name}"] = fact.says >> bit & 1
        begin = _letters(block.text)[:16]
        for name, text in zip(("structured", "title", "description"), self.letters, strict=True):
            row[f"hint_{name}"] = len(begin) == 16 and begin in text
        return row

    def containers(self, n: int) -> Row:
        row: Row = {}
        holder, held = self.blocks[n].element, 1
        for step in range(3):
            holder = wider(holder, held)
            held = len(holder.blocks)
            size, linked, running = self.spread(holder.blocks)
            for name, value in {
                "blocks": math.log2(1 + held), "bytes": math.log2(1 + size), "linked": linked, "good": running,
                "mean": size / held, "place": holder.blocks.index(self.blocks[n]) / held, "share": share(size, self.total),
            }.items():  # fmt: skip
                row[f"container{step}_{name}"] = value
        return row

    def neighbours(self, n: int) -> Row:
        row: Row = {}
        for step in (-3, -2, -1, 1, 2, 3):
            values: list[float] = [-1, 0, 0, 0, 0]
            if 0 <= n + step < len(self.blocks):
                other = self.facts[n + step]
                values = [
                    math.log2(other.bytes), share(other.linked, other.bytes), other.good > 0,
                    share(other.bytes, other.words), self.paths[n + step] == self.paths[n],
                ]  # fmt: skip
            for name, value in zip(("bytes", "linked", "good", "words", "same"), values, strict=True):
                row[f"next{step:+d}_{name}"] = value
        for window in (4, 12):
            part = self.blocks[max(0, n - window) : n + window + 1]
            size, linked, running = self.spread(part)
            row |= {f"window{window}_linked": linked, f"window{window}_good": running}
            row[f"window{window}_bytes"] = size / len(part)
        alike = [one for one, path in zip(self.blocks, self.paths, strict=True) if path == self.paths[n]]
        size, linked, running = self.spread(alike)
        row |= {"alike_count": math.log2(len(alike)), "alike_bytes": math.log2(1 + size / len(alike))}
        row |= {"alike_linked": linked, "alike_good": running}
        row["alike_duplicates"] = min(10, sum(one.text == self.blocks[n].text for one in self.blocks))
        return row

    def place(self, n: int) -> Row:
        """Its place in the page: between running text, and behind the first heading of level 1."""
        blocks, good = self.blocks, self.good
        before = sum(fact.bytes for fact in self.facts[:n])
        running = [m for m, block in enumerate(blocks) if good[block]]
        good_before, good_after = [m for m in running if m < n], [m for m in running if m > n]
        all_good = sum(good.values())
        h1 = next((m for m, block in enumerate(blocks) if _LEVELS.get(block.element.tag) == 1), None)
        gap = before - sum(fact.bytes for fact in self.facts[: h1 or 0])
        headings = [m for m in range(n + 1) if blocks[m].element.tag in _LEVELS]
        if h1 is not None and n > h1:
            headings = [m for m in headings if m > h1]
        return {
            "page_bytes": math.log2(1 + self.total), "page_blocks": math.log2(1 + len(blocks)),
            "page_linked": self.spread(blocks)[1], "page_good": math.log2(1 + all_good),
            "at_index": n / len(blocks), "at_offset": share(before, self.total), "at_has_h1": h1 is not None,
            "at_since_h1": n - h1 if h1 is not None else 0,
            "at_bytes_since_h1": math.copysign(math.log2(1 + abs(gap)), gap) if h1 is not None else 0,
            "at_headings_since_h1": len(headings),
            "at_to_good_before": min(n - good_before[-1], 50) if good_before else 60,
            "at_to_good_after": min(good_after[0] - n, 50) if good_after else 60,
            "at_good_before": share(sum(good[one] for one in blocks[:n]), all_good),
        }  # fmt: skip

    def towards_main(self, n: int) -> Row:
        """Where it stands by the element that holds most of the running text."""
        element, main, good = self.blocks[n].element, self.main, self.good
        common = next(one for one in element.outwards() if one in main.outwards())
        main_good = [m for m, block in enumerate(self.blocks) if good[block] and block in main.blocks]
        return {
            "at_depth": element.depth, "at_climb": element.depth - common.depth,
            "at_main_depth": main.depth - common.depth,
            "at_lca_share": share(sum(good[one] for one in common.blocks), sum(good.values())),
            "at_before_main": main_good[0] - n if main_good else 0,
            "at_after_main": n - main_good[-1] if main_good else 0,
            "at_main_good": math.log2(1 + sum(good[one] for one in main.blocks)),
        }  # fmt: skip


def describe(blocks: list[Block], elements: list[Element], told: list[str]) -> list[Row]:
    """Every feature of every block, by name. told: structured data, title, description."""
    page = _Page(blocks, elements, told)
    parts = (page.itself, page.containers, page.neighbours, page.place, page.towards_main)
    return [{name: value for part in parts for name, value in part(n).items()} for n in range(len(blocks))]


def _letters(text: bytes) -> bytes:
    return re.sub(rb"[^a-z0-9\x80-\xff]", b"", text.lower())
