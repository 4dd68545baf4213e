"""libc's search and copy for compiled code: three times the speed of loops over bytes on the distances between tags."""

from __future__ import annotations

from typing import Any

import numba

from tasks.jit import inner

_memchr: Any = numba.types.ExternalFunction(
    "memchr", numba.types.intp(numba.types.intp, numba.types.intc, numba.types.uintp)
)
_memcpy: Any = numba.types.ExternalFunction(
    "memcpy", numba.types.intp(numba.types.intp, numba.types.intp, numba.types.uintp)
)


@inner
def search(data, at, byte):
    """Where a byte stands at or after `at`, or the end."""
    if at >= len(data):
        return len(data)
    base = data.ctypes.data
    found = _memchr(base + at, byte, len(data) - at)
    return found - base if found != 0 else len(data)


@inner
def copy(data, start, end, out, size):
    """Writes data[start:end] behind the first `size` bytes of `out`; how many there are then."""
    if end > start:
        _memcpy(out.ctypes.data + size, data.ctypes.data + start, end - start)
    return size + (end - start)
