"""Whether the stage finds what it looks for: items injected in disguise, and the share of them that is found.

A sample of each benchmark's items, the same in every run, is searched for as it is, in each of the disguises of
`tasks.decontaminate.disguises`, and in the middle of documents of the corpus.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from tasks.benchmarks import Item
from tasks.decontaminate.disguises import KINDS, shown
from tasks.decontaminate.index import ItemIndex
from tasks.decontaminate.search import search

EMBEDDED = "embedded"
MOST_CHARACTERS = 8192  # of a document around an item


def self_test(index: ItemIndex, each: int, documents: Sequence[str]) -> list[dict[str, Any]]:
    """Injects up to `each` items of a benchmark and says which are found.

    documents: texts of the corpus to hide items in; without any, that kind isn't tested. Items that no rule looks for
    (`ItemIndex.unsearchable`) are left out. Returns rows of benchmark, kind, items, found, and the names of those
    that were missed.
    """
    chosen = sample(index, each)
    rows = []
    for kind in [*KINDS, *([EMBEDDED] if documents else [])]:
        if kind == EMBEDDED:
            texts = [embedded(item, documents) for item in chosen]
        else:
            texts = [KINDS[kind](shown(item.texts)) for item in chosen]
        found = {(hit.text, hit.benchmark, hit.item) for hit in search(texts, index)}
        for name in sorted({item.benchmark for item in chosen}):
            own = [(number, item) for number, item in enumerate(chosen) if item.benchmark == name]
            missed = [item.item for number, item in own if (number, name, item.item) not in found]
            rows.append(
                {
                    "benchmark": name,
                    "kind": kind,
                    "items": len(own),
                    "found": len(own) - len(missed),
                    "missed": missed,
                }
            )
    return rows


def sample(index: ItemIndex, each: int) -> list[Item]:
    """Up to `each` of a benchmark's items that are searched for: those whose names have the smallest hashes."""
    skipped = set(index.unsearchable)
    found: dict[str, list[tuple[int, Item]]] = {}
    for number, item in enumerate(index.items):
        if number not in skipped:
            found.setdefault(item.benchmark, []).append((_number(item), item))
    return [
        item for name in sorted(found) for _, item in sorted(found[name], key=lambda entry: entry[0])[:each]
    ]


def _number(item: Item) -> int:
    name = f"{item.benchmark}/{item.item}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big")


def embedded(item: Item, documents: Sequence[str]) -> str:
    """The item in the middle of a document, at the border of a word."""
    number = _number(item)
    text = documents[number % len(documents)][:MOST_CHARACTERS]
    at = text.rfind(" ", 0, number // len(documents) % (len(text) + 1)) + 1
    return f"{text[:at]}\n{shown(item.texts)}\n{text[at:]}"
