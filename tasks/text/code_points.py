"""Code points of UTF-8 bytes, for kernels."""

from __future__ import annotations

import numpy as np

from tasks.jit import inner

U64 = np.uint64
REPLACEMENT, LAST = U64(0xFFFD), U64(0x10FFFF)


@inner
def code_point(data, at, stop):
    """The code point at `at` (uint64) and where the next one begins; U+FFFD for bytes that are no UTF-8.

    Surrogates are taken, as Python's "surrogatepass" writes them.
    """
    lead = U64(data[at])
    more = U64(1) if lead < 0xE0 else U64(2) if lead < 0xF0 else U64(3)
    if lead < 0xC0 or lead > 0xF4 or at + more >= stop:
        return REPLACEMENT, at + U64(1)
    point = lead & (U64(0x3F) >> more)
    for offset in range(more):
        point = (point << U64(6)) | (U64(data[at + U64(1) + offset]) & U64(0x3F))
    return min(point, LAST), at + more + U64(1)
