"""How time grows with its input, in place of bounds in seconds, which hold on one machine and not on the next."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

TIMES = 8
FACTOR = 3  # what caches and the machine's other work add (up to 2 on a busy one); a quadratic search takes 8
TRIES = 4
Made = TypeVar("Made")


def seconds(work: Callable[[Made], object], made: Made) -> float:
    """CPU seconds of one call, without those of garbage collection: they grow with all that the process holds."""
    gc.disable()
    start = time.process_time()
    try:
        work(made)
        return time.process_time() - start
    finally:
        gc.enable()


@cache
def moment() -> float:
    """CPU seconds, some milliseconds, of a fixed loop on this machine: what is too short to be compared."""
    return min(seconds(lambda count: [None for _ in range(count)], 100_000) for _ in range(5))


def assert_linear(work: Callable[[Made], object], make: Callable[[int], Made], size: int) -> float:
    """Work on `make(size)` takes in proportion to `make(size // 8)`, whose CPU seconds are the value.

    The first call, which may compile or fill a cache, isn't measured. Noise only ever adds: the least of a few
    measurements counts, and more are made only where the first go beyond the bound.
    """
    few, many = make(size // TIMES), make(size)
    work(few)
    small, large = seconds(work, few), seconds(work, many)
    for _ in range(TRIES - 1):
        if large <= FACTOR * TIMES * max(small, moment()):
            break
        small, large = min(small, seconds(work, few)), min(large, seconds(work, many))
    said = f"{small:.4f} s, and of {TIMES} times as much {large:.4f} s"
    assert large <= FACTOR * TIMES * max(small, moment()), said
    return small
