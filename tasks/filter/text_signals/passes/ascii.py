"""ASCII letters, digits and phrases among code points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tasks.jit import inner


def packed(phrases: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The characters of phrases (ASCII, small letters) one after another, int32, and where each begins and all end."""
    data = np.frombuffer("".join(phrases).encode("ascii"), dtype=np.uint8)
    return data.astype(np.int32), np.cumsum([0, *map(len, phrases)])


@inner
def is_alnum(c):
    return 48 <= c <= 57 or 97 <= c | 32 <= 122


@inner
def ascii_at(points, i, n, data, a, b):
    """Whether the characters data[a:b] stand at i, before n, whatever the case of ASCII letters."""
    if i + b - a > n:
        return False
    for k in range(b - a):
        c = points[i + k]
        if c != data[a + k] and not (65 <= c <= 90 and c + 32 == data[a + k]):
            return False
    return True
