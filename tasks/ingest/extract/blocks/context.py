"""What the first forest's chances say of the blocks around each block: the second forest's own features.

A block alone can look like anything; among blocks that are surely text it is text, behind the last of them it is
rather not. So a second forest sees, beside all features, the chances that the first one gave to the neighbours, to
the containers' other blocks and to blocks alike (auto-context: Tu 2008). Everything that is compiled stands in this
file, its constants too. `context_reference.py` says the same plainly.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from tasks.ingest.extract.blocks import scan
from tasks.jit import compiled

START, END, NODE = 0, 1, 2
PARENT, FIRST, LAST = 0, 3, 4
assert (START, END, NODE) == (scan.START, scan.END, scan.NODE)
assert (PARENT, FIRST, LAST) == (scan.PARENT, scan.FIRST, scan.LAST)

GATE = 0.1  # blocks with a smaller chance keep it: no second look
SURE = 0.6  # of the page's level
REACH = 60  # blocks
NEIGHBOURS = 3
WINDOWS = (4, 12)
CONTAINERS = 4
NAMES = (
    "first_chance", "first_level", "first_ratio", "first_before", "first_since_sure", "first_until_sure",
    *(f"first_next{step:+d}" for step in (-3, -2, -1, 1, 2, 3)),
    *(f"first_window{size}_{part}" for size in WINDOWS for part in ("mean", "before", "after")),
    *(f"first_container{level}_{part}" for level in range(CONTAINERS) for part in ("others", "share")),
    "first_alike",
)  # fmt: skip
N_CONTEXT = len(NAMES)

U64 = np.uint64
FNV_PRIME, SLOT_FACTOR = U64(0x100000001B3), U64(0xFF51AFD7ED558CCD)
_OPTIONS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
inner: Any = numba.njit(**_OPTIONS)


def surround(page: scan.Scan, features: np.ndarray, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The blocks that get a second look, int64 (k,), and their features, float32 (k, features + N_CONTEXT).

    chances: float32 (n,), by the first forest.
    """
    chosen = np.flatnonzero(chances >= GATE)
    out = np.empty((len(chosen), features.shape[1] + N_CONTEXT), dtype=np.float32)
    if len(chosen):
        chances = np.clip(chances, 0, 1).astype(np.float64)
        _surround(page.blocks, page.nodes, page.signatures, features, chances, chosen, out)
    return chosen, out


@inner
def _share(part, whole):
    return part / whole if whole > 1e-9 else 0.0


@compiled
def _surround(blocks, nodes, signatures, features, chances, chosen, out):
    n = len(blocks)
    sizes, mass = np.zeros(n + 1), np.zeros(n + 1)  # bytes, and bytes times chance, before a block
    weighted = weights = 0.0
    for b in range(n):
        size = float(blocks[b, END] - blocks[b, START])
        sizes[b + 1] = sizes[b] + size
        mass[b + 1] = mass[b] + size * chances[b]
        weight = chances[b] ** 4 * size
        weights += weight
        weighted += weight * chances[b]
    total, level = mass[n], _share(weighted, weights)

    slots = 16
    while slots < 4 * n:
        slots *= 2
    keys, alike = np.zeros(slots, dtype=np.uint64), np.zeros((slots, 2))
    places = np.zeros(n, dtype=np.int64)
    since, until = np.full(n, REACH + 1, dtype=np.int64), np.full(n, REACH + 1, dtype=np.int64)
    sure = -1
    for b in range(n):
        node = blocks[b, NODE]
        key = signatures[node]
        if nodes[node, PARENT] >= 0:
            key = (key * FNV_PRIME) ^ signatures[nodes[node, PARENT]]
        key |= U64(1)
        place = np.int64((key * SLOT_FACTOR) >> U64(20)) & (slots - 1)
        while keys[place] != 0 and keys[place] != key:
            place = (place + 1) & (slots - 1)
        keys[place] = key
        places[b] = place
        alike[place, 0] += sizes[b + 1] - sizes[b]
        alike[place, 1] += mass[b + 1] - mass[b]
        if sure >= 0:
            since[b] = min(REACH, b - sure)
        if chances[b] > SURE * level:
            sure = b
    sure = -1
    for b in range(n - 1, -1, -1):
        if sure >= 0:
            until[b] = min(REACH, sure - b)
        if chances[b] > SURE * level:
            sure = b

    width = features.shape[1]
    for number in range(len(chosen)):
        b = chosen[number]
        row = out[number]
        for f in range(width):
            row[f] = features[b, f]
        f = width
        row[f], row[f + 1], row[f + 2] = chances[b], level, chances[b] / max(level, 0.05)
        row[f + 3] = _share(mass[b], total)
        row[f + 4], row[f + 5] = since[b], until[b]
        f += 6
        for step in range(-NEIGHBOURS, NEIGHBOURS + 1):
            if step != 0:
                row[f] = chances[b + step] if 0 <= b + step < n else 0.0
                f += 1
        for window in WINDOWS:
            first, last = max(0, b - window), min(n, b + window + 1)
            row[f] = _share(mass[last] - mass[first], sizes[last] - sizes[first])
            row[f + 1] = _share(mass[b] - mass[first], sizes[b] - sizes[first])
            row[f + 2] = _share(mass[last] - mass[b + 1], sizes[last] - sizes[b + 1])
            f += 3
        size, own = sizes[b + 1] - sizes[b], mass[b + 1] - mass[b]
        node, held = blocks[b, NODE], 1
        for _ in range(CONTAINERS):
            while nodes[node, LAST] - nodes[node, FIRST] <= held and nodes[node, PARENT] >= 0:
                node = nodes[node, PARENT]
            first, last = nodes[node, FIRST], nodes[node, LAST]
            held = last - first
            row[f] = _share(mass[last] - mass[first] - own, sizes[last] - sizes[first] - size)
            row[f + 1] = _share(mass[last] - mass[first], total)
            f += 2
        place = places[b]
        row[f] = _share(alike[place, 1] - own, alike[place, 0] - size)
