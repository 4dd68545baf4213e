"""The numba decorator of the dedup and decontaminate kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` compiled without the interpreter lock, the machine code kept on disk where that is possible.

    numba keys what it keeps by the source file's time and size and by the processor, and looks for a
    writable folder (`NUMBA_CACHE_DIR`, beside the source, the user's cache). In a read-only image without a
    home there is none: the kernel is then compiled once per process. It does not look at the functions that a
    kernel calls, so a kernel calls compiled functions of its own module only.
    """
    try:
        return numba.njit(function, cache=True, nogil=True)  # type: ignore[no-any-return]
    except RuntimeError:  # no place to keep it
        return numba.njit(function, nogil=True)  # type: ignore[no-any-return]
