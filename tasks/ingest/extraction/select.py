"""Which blocks are the main text: the chance of each by the trees, and a threshold that fits the page.

What counts as likely depends on the page: a share of the mean chance over the text, weighted by the chances
themselves, so that a page of which the model is unsure everywhere keeps its best part and a sure one loses its
doubtful fringe.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from tasks.ingest.extraction import features, scan, tags
from tasks.ingest.extraction.metadata import Declared
from tasks.ingest.extraction.trees import Forest

WEIGHTS = Path(__file__).with_name("weights.json")
THRESHOLD = 0.67  # of the page's weighted mean chance
SURENESS = 4  # the power of the chance that weighs a block in that mean
NEARLY = 0.6  # of the threshold
LONG = 80  # bytes
HEADING_REACH = 2  # blocks
_PARAGRAPH, _HEADING = tags.NUMBER["p"], tags.NUMBER["h1"]


@cache
def model() -> Forest:
    """The trees of `weights.json`."""
    return Forest.from_json(json.loads(WEIGHTS.read_text(encoding="ascii")), features.NAMES)


def describe(page: scan.Scan, told: Declared) -> np.ndarray:
    """The features of all blocks, in the order of `features.NAMES`."""
    texts = (told.structured, told.title or "", told.description)
    return features.describe(page, *(text.encode("utf-8", "replace") for text in texts))


def choose(page: scan.Scan, chances: np.ndarray) -> np.ndarray:
    """Which blocks to keep, bool (n,), from their chances (about 0 to 1).

    Beside those above the threshold: paragraphs a little below it that stand right beside a long kept one, in the
    same element; and a level-1 heading within `HEADING_REACH` blocks before a kept one.
    """
    sizes = page.blocks[:, scan.END] - page.blocks[:, scan.START]
    likely = np.clip(chances, 0, 1) ** SURENESS * sizes
    total = likely.sum()
    if total <= 0:
        return np.zeros(len(chances), dtype=bool)
    threshold = THRESHOLD * float((likely * np.clip(chances, 0, 1)).sum() / total)
    kept = chances >= threshold
    names = page.nodes[page.blocks[:, scan.NODE], scan.TAG]
    around = page.nodes[page.blocks[:, scan.NODE], scan.PARENT]
    long = kept & (sizes >= LONG) & (names == _PARAGRAPH)
    unlinked = page.blocks[:, scan.LINKED] < 0.3 * sizes
    for block in np.flatnonzero(~kept & (chances >= NEARLY * threshold) & (names == _PARAGRAPH) & unlinked):
        beside = [other for other in (block - 1, block + 1) if 0 <= other < len(kept)]
        kept[block] = any(long[other] and around[other] == around[block] for other in beside)
    for block in np.flatnonzero(names == _HEADING):
        kept[block] |= kept[block + 1 : block + 1 + HEADING_REACH].any()
    return kept
