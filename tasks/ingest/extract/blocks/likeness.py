"""What blocks have in common: elements of the same names and classes around them."""

from __future__ import annotations

import numpy as np

from tasks.ingest.extract.blocks.scan import NODE, PARENT
from tasks.jit import allocating, inner
from tasks.text import FNV_PRIME


@allocating
def alike_keys(blocks, nodes, signatures):
    """A hash of each block's element and the one around it, never 0: uint64 (n,). Alike are those of the same one."""
    keys = np.empty(len(blocks), dtype=np.uint64)
    for b in range(len(blocks)):
        node = blocks[b, NODE]
        key = signatures[node]
        if nodes[node, PARENT] >= 0:
            key = (key * FNV_PRIME) ^ signatures[nodes[node, PARENT]]
        keys[b] = key | np.uint64(1)
    return keys


@inner
def slots_for(least):
    slots = 16
    while slots < least:
        slots *= 2
    return slots


@inner
def share(part, whole):
    return part / whole if whole > 1e-9 else 0.0
