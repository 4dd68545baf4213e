"""numba's compiler, for the CPU and with the folders that `tasks.kernels` names."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompileResult
from numba.core.serialize import dumps
from numba.core.types.functions import BaseFunction

from tasks import kernels

if (_baseline := kernels.baseline()) is not None:
    numba.config.CPU_NAME, numba.config.CPU_FEATURES = _baseline, ""  # type: ignore[attr-defined]


def _remember_operators() -> None:
    """Has numba look only once what an operator gives for its operands' types: a seventh of the time to compile.

    It tries the declarations of an operator one after the other, at each place where it stands.
    """
    plain = (numba.types.Number, numba.types.Boolean, numba.types.Array)
    resolve: Any = BaseFunction.get_call_type
    found: dict[Any, Any] = {}

    def get_call_type(self: Any, context: Any, args: Any, keywords: Any) -> Any:
        operator = getattr(self.typing_key, "__module__", "") == "_operator"
        if keywords or not operator or not all(isinstance(kind, plain) for kind in args):
            return resolve(self, context, args, keywords)
        key = (self, context, args)
        if key not in found:
            found[key] = resolve(self, context, args, keywords)
        return found[key]

    BaseFunction.get_call_type = get_call_type  # type: ignore[assignment]


_remember_operators()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call, and keep the machine code for the next process (`tasks.kernels`).

    Where there is no place to keep it, each process compiles for itself.
    """
    options: Any = {"no_cfunc_wrapper": True}
    dispatcher: Any = numba.njit(**options)(function)
    if function.__module__.startswith("tasks."):  # whose sources name the folder
        dispatcher._cache = _Kept(function)
    return dispatcher


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled code calls, and that allocates no array.

    No way in from Python is made, which would take half of the compile time; no references are counted, which would be
    an atomic addition for each array at each call; and a literal argument, as each 0 is at first, gets no version of
    the function for itself. Division by zero doesn't raise.
    """
    return _general(function, _nrt=False)


def reordering(function: Callable[..., Any]) -> Any:
    """`inner` for sums and products of floats that may be taken in any order, so by vector instructions."""
    return _general(function, _nrt=False, fastmath=True)


def allocating(function: Callable[..., Any]) -> Any:
    """`inner` for what makes arrays."""
    return _general(function)


def _general(function: Callable[..., Any], **options: Any) -> Any:
    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    dispatcher: Any = numba.njit(**options, pipeline_class=_Inner)(function)
    resolve = dispatcher.get_call_template

    def without_literals(args: Any, keywords: Any) -> Any:
        general = numba.types.unliteral
        return resolve(tuple(map(general, args)), {name: general(kind) for name, kind in keywords.items()})

    dispatcher.get_call_template = without_literals
    return dispatcher


class _Bitcode(JITCodeLibrary):
    """A function that is only ever linked into others: optimised, but not made machine code of."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """There's no code that could ask for it."""


class _Inner(Compiler):
    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any):
        super().__init__(typing, target, _Bitcode(target.codegen(), "inner"), *rest)


class _Kept:
    """A function's machine code, as numba's dispatcher asks for it: a file for each signature and CPU.

    numba's own cache looks for changes in the function's file alone, and has an index that processes overwrite.
    """

    def __init__(self, function: Callable[..., Any]):
        self._name = f"{function.__module__}.{function.__qualname__}"
        self.cache_path = str(kernels.own() or "")

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The compiled function for a signature, or None."""
        target.refresh()
        name = self._file(signature, target.codegen())
        for folder in kernels.folders():
            try:
                return CompileResult._rebuild(target, *pickle.loads((folder / name).read_bytes()))
            except (OSError, EOFError, pickle.UnpicklingError):  # not there, or cut off by a loss of power
                continue
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keeps a function that was compiled: whole, or not at all."""
        if (folder := kernels.own()) is None:
            return
        if result.library.has_dynamic_globals:
            # A large array among its globals, or an address: numba.config.OPT of 0 leaves some.
            warnings.warn(f"{self._name} is compiled by every process: it can't be kept", stacklevel=2)
            return
        descriptor, path = tempfile.mkstemp(dir=folder, suffix=".part")
        with open(descriptor, "wb") as file:
            file.write(dumps(result._reduce()))
        os.chmod(path, 0o644)
        os.replace(path, folder / self._file(signature, result.codegen))

    def _file(self, signature: Any, codegen: Any) -> str:
        key = repr((signature, codegen.magic_tuple()))
        return f"{self._name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.kernel"
