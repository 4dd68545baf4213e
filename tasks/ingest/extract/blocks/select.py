"""Which blocks are the main text: the chance of each (`model`), and a threshold that fits the page.

What counts as likely depends on the page: a share of the mean chance over the text, weighted by the chances
themselves, so that a page of which the model is unsure everywhere keeps its best part and a sure one loses its
doubtful fringe.
"""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract.blocks import features, scan, tags
from tasks.ingest.extract.metadata import Declared

THRESHOLD = 0.68  # of the page's weighted mean chance
SURENESS = 2  # the power of the chance that weighs a block in that mean
SHOWN = 0.5  # of the hidden kept text's bytes
HEADING_REACH = 2  # blocks
_HEADING = tags.NUMBER["h1"]


def describe(page: scan.Scan, told: Declared) -> np.ndarray:
    """The features of all blocks, in the order of `features.NAMES`."""
    texts = (told.structured, told.title or "", told.description)
    return features.describe(page, *(text.encode("utf-8", "replace") for text in texts))


def choose(page: scan.Scan, chances: np.ndarray) -> np.ndarray:
    """Which blocks to keep, bool (n,), from their chances (about 0 to 1).

    Those above the threshold; without what the page doesn't display, unless that is most of it (some pages hide
    their text until a script has run); and a level-1 heading within `HEADING_REACH` blocks before a kept one, in the
    same element.
    """
    sizes = page.blocks[:, scan.END] - page.blocks[:, scan.START]
    likely = np.clip(chances, 0, 1)
    weights = likely**SURENESS * sizes
    total = float(weights.sum())
    if total <= 0:
        return np.zeros(len(chances), dtype=bool)
    kept: np.ndarray = chances >= THRESHOLD * float((weights * likely).sum() / total)
    elements = page.blocks[:, scan.NODE]
    hidden = page.node_bits[elements] & tags.HIDDEN != 0
    if sizes[kept & ~hidden].sum() > SHOWN * sizes[kept & hidden].sum():
        kept &= ~hidden
    around = page.nodes[elements, scan.PARENT]
    for block in np.flatnonzero((page.nodes[elements, scan.TAG] == _HEADING) & ~kept):
        following = slice(block + 1, block + 1 + HEADING_REACH)
        kept[block] = (kept[following] & (around[following] == around[block])).any()
    return kept
