"""numba's compiler with a cache that never stands in the way."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call, and keep the machine code for the next process.

    It is kept where numba keeps it: NUMBA_CACHE_DIR, beside the source, or the user's cache folder. Where
    none can be written (a read-only installation without a home), a private folder of the user's among the
    temporary files serves; where there is none either, each process compiles for itself.
    """
    import numba

    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:  # no place to keep it
        folder = _private_folder()
        if folder is None:
            return numba.njit(function)
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        try:
            return numba.njit(cache=True)(function)
        except RuntimeError:
            return numba.njit(function)


def _private_folder() -> Path | None:
    """A folder that only this user can write: what lies in it is run."""
    folder = Path(tempfile.gettempdir()) / f"smelt-numba-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if private else None


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled code calls, and that allocates no array.

    No way in from Python is made, which would take half of the compile time; no references are counted, which would be
    an atomic addition for each array at each call; and a literal argument, as each 0 is at first, gets no version of
    the function for itself. Division by zero doesn't raise.
    """
    return _general(function, _nrt=False)


def allocating(function: Callable[..., Any]) -> Any:
    """`inner` for what makes arrays."""
    return _general(function)


def _general(function: Callable[..., Any], **options: Any) -> Any:
    import numba

    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    dispatcher: Any = numba.njit(**options)(function)
    resolve = dispatcher.get_call_template

    def without_literals(args: Any, keywords: Any) -> Any:
        general = numba.types.unliteral
        return resolve(tuple(map(general, args)), {name: general(kind) for name, kind in keywords.items()})

    dispatcher.get_call_template = without_literals
    return dispatcher
