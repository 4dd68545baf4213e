"""What the trees are taught: for every block of a page, how much of it belongs to the main text.

The teacher is trafilatura's output in several modes (their mean), overruled where people have marked segments of
the page: a block that holds a required segment belongs to the text, one that holds a forbidden segment doesn't.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MODES: dict[str, dict[str, Any]] = {
    "precision": {"favor_precision": True},
    "default": {},
    "fast": {"fast": True},
}
GOLD_WEIGHT = 4.0  # of a block that people have marked
_WORD = re.compile(r"\w+")
NGRAM = 4


def teach(html: bytes) -> dict[str, str]:
    """trafilatura's text of a page in each of `MODES`."""
    import trafilatura

    return {
        mode: trafilatura.extract(html, include_comments=False, **options) or ""
        for mode, options in MODES.items()
    }


def squeezed(text: str) -> str:
    """White space as single spaces, as segments are compared."""
    return " ".join(text.split())


def label(
    blocks: Sequence[str], taught: Mapping[str, str], gold: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Targets in [0, 1] and weights of a page's blocks, each float64 (n,).

    A block's weight is the square root of its words (at most 10): its errors cost by length, but short blocks aren't lost among long ones.
    """
    words = [_WORD.findall(block.lower()) for block in blocks]
    target = np.mean([_covered(words, text) for text in taught.values()], axis=0)
    weight = np.array([min(10.0, max(1, len(block)) ** 0.5) for block in words])
    required = [squeezed(segment) for segment in gold.get("with", [])]
    forbidden = [squeezed(segment) for segment in gold.get("without", [])]
    for number, block in enumerate(blocks):
        text = squeezed(block)
        holds = any(segment in text for segment in required)
        if holds or any(segment in text for segment in forbidden):
            target[number] = float(holds)
            weight[number] *= GOLD_WEIGHT
    return target, weight


def _covered(blocks: Sequence[Sequence[str]], text: str) -> list[float]:
    """The share of each block's words within 4-grams of a text; shorter blocks must be a line of it."""
    grams: set[tuple[str, ...]] = set()
    short: set[tuple[str, ...]] = set()
    everything = _WORD.findall(text.lower())
    grams.update(tuple(everything[at : at + NGRAM]) for at in range(len(everything) - NGRAM + 1))
    for line in re.split(r"[\n|]", text.lower()):
        short.add(tuple(_WORD.findall(line)))
    shares = []
    for words in blocks:
        if len(words) < NGRAM:
            shares.append(float(tuple(words) in short and bool(words)))
            continue
        found = np.zeros(len(words), dtype=bool)
        for at in range(len(words) - NGRAM + 1):
            if tuple(words[at : at + NGRAM]) in grams:
                found[at : at + NGRAM] = True
        shares.append(float(found.mean()))
    return shares
