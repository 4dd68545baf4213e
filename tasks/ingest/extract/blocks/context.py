"""What the first forest's chances say of the blocks around each block: the second forest's own features.

A block alone can look like anything; among blocks that are surely text it is text, behind the last of them it is
rather not. So a second forest sees, beside all features, the chances that the first one gave to the neighbours, to
the containers' other blocks and to blocks alike (auto-context: Tu 2008). `tasks.ingest.extract.reference.context` says
the same plainly.
"""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract.blocks import scan
from tasks.ingest.extract.blocks.likeness import alike_keys, share, slots_for
from tasks.ingest.extract.blocks.scan import END, FIRST, LAST, NODE, PARENT, START
from tasks.jit import allocating, compiled, inner
from tasks.text import slot_of

GATE = 0.1  # blocks with a smaller chance keep it: no second look
SURE = 0.6  # of the page's level
REACH = 60  # blocks
NEIGHBOURS = 3
WINDOWS = (4, 12)
CONTAINERS = 4
WINDOW = np.dtype([(part, np.float32) for part in ("mean", "before", "after")])
CONTAINER = np.dtype([(part, np.float32) for part in ("others", "share")])
# Field, what it is of, and how its parts' names go on behind "first_": the order of the features.
_LAYOUT = [
    *(
        (name, np.dtype(np.float32), [name])
        for name in ("chance", "level", "ratio", "before", "since_sure", "until_sure")
    ),
    (
        "neighbours",
        np.dtype(np.float32),
        [f"next{step:+d}" for step in range(-NEIGHBOURS, NEIGHBOURS + 1) if step],
    ),
    ("windows", WINDOW, [f"window{size}_" for size in WINDOWS]),
    ("containers", CONTAINER, [f"container{level}_" for level in range(CONTAINERS)]),
    ("alike", np.dtype(np.float32), ["alike"]),
]
RECORD = np.dtype([(field, kind, len(parts) if len(parts) > 1 else ()) for field, kind, parts in _LAYOUT])
NAMES = tuple(
    f"first_{part}{name}" for _, kind, parts in _LAYOUT for part in parts for name in kind.names or ("",)
)
N_CONTEXT = len(NAMES)


def surround(page: scan.Scan, features: np.ndarray, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The blocks that get a second look, int64 (k,), and their features, float32 (k, features + N_CONTEXT).

    chances: float32 (n,), by the first forest.
    """
    chosen = np.flatnonzero(chances >= GATE)
    width = features.shape[1]
    out = np.empty((len(chosen), width + N_CONTEXT), dtype=np.float32)
    if len(chosen):
        chances = np.clip(chances, 0, 1).astype(np.float64)
        rows = out[:, width:].view(RECORD)[:, 0]
        _surround(page.blocks, page.nodes, page.signatures, features, chances, chosen, out, rows)
    return chosen, out


@compiled
def _surround(blocks, nodes, signatures, features, chances, chosen, out, rows):
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
    level = share(weighted, weights)
    since = _distances(chances, SURE * level, 1)
    until = _distances(chances, SURE * level, -1)
    for number in range(len(chosen)):
        b, row = chosen[number], rows[number]
        for f in range(features.shape[1]):
            out[number, f] = features[b, f]
        row.chance, row.level, row.ratio = chances[b], level, chances[b] / max(level, 0.05)
        row.before = share(mass[b], mass[n])
        row.since_sure, row.until_sure = since[b], until[b]
        _surround_block(blocks, nodes, chances, sizes, mass, b, row)
    _surround_alike(blocks, nodes, signatures, sizes, mass, chosen, rows)


@allocating
def _distances(chances, sure, step):
    """Blocks from each one to the next sure one, against the step, at most REACH; REACH + 1 where there is none."""
    n = len(chances)
    found = np.full(n, REACH + 1, dtype=np.int64)
    distance = REACH + 1
    for k in range(n):
        b = k if step > 0 else n - 1 - k
        found[b] = distance
        if chances[b] > sure:
            distance = 1
        elif distance < REACH:
            distance += 1
    return found


@inner
def _surround_block(blocks, nodes, chances, sizes, mass, b, row):
    """Neighbours, windows and containers."""
    n = len(blocks)
    for place in range(2 * NEIGHBOURS):
        other = b + (place - NEIGHBOURS if place < NEIGHBOURS else place - NEIGHBOURS + 1)
        row.neighbours[place] = chances[other] if 0 <= other < n else 0.0
    for place in range(len(WINDOWS)):
        window = row.windows[place]
        first, last = max(0, b - WINDOWS[place]), min(n, b + WINDOWS[place] + 1)
        window.mean = share(mass[last] - mass[first], sizes[last] - sizes[first])
        window.before = share(mass[b] - mass[first], sizes[b] - sizes[first])
        window.after = share(mass[last] - mass[b + 1], sizes[last] - sizes[b + 1])
    size, own = sizes[b + 1] - sizes[b], mass[b + 1] - mass[b]
    node, held = blocks[b, NODE], 1
    for place in range(CONTAINERS):
        while nodes[node, LAST] - nodes[node, FIRST] <= held and nodes[node, PARENT] >= 0:
            node = nodes[node, PARENT]
        first, last = nodes[node, FIRST], nodes[node, LAST]
        held = last - first
        container = row.containers[place]
        container.others = share(mass[last] - mass[first] - own, sizes[last] - sizes[first] - size)
        container.share = share(mass[last] - mass[first], mass[n])


@allocating
def _surround_alike(blocks, nodes, signatures, sizes, mass, chosen, rows):
    """Blocks alike but the block itself."""
    n = len(blocks)
    slots = slots_for(4 * n)
    table, alike = np.zeros(slots, dtype=np.uint64), np.zeros((slots, 2))
    keys = alike_keys(blocks, nodes, signatures)
    mask = np.uint64(slots - 1)
    for b in range(n):
        place = slot_of(table, mask, keys[b])
        table[place] = keys[b]
        alike[place, 0] += sizes[b + 1] - sizes[b]
        alike[place, 1] += mass[b + 1] - mass[b]
    for number in range(len(chosen)):
        b = chosen[number]
        size, own = sizes[b + 1] - sizes[b], mass[b + 1] - mass[b]
        place = slot_of(table, mask, keys[b])
        rows[number].alike = share(alike[place, 1] - own, alike[place, 0] - size)
