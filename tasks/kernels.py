"""Where compiled kernels are kept, and the step that compiles them before work is shared out.

They lie in a folder that is named after all that decides their machine code: the sources of the rooms that kernels stand
in and import from, Python, numba, llvmlite, NumPy and the CPU. A change anywhere there means another folder, so that
kernels may call each other across files, and a copy of an installation compiles nothing anew.

`SMELT_KERNELS` names a folder of kernels that were compiled ahead (`python -m tasks.kernels`) for the baseline of this
architecture, which a user needn't be able to write; what isn't there, or is for another CPU, goes to the user's cache.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.node import Config

# Architecture -> LLVM's name of a CPU that all but old machines are a superset of, and what says so in /proc/cpuinfo.
BASELINES = {
    "x86_64": ("x86-64-v3", {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}),
    "aarch64": (
        "neoverse-n1",
        {"aes", "asimddp", "asimdhp", "asimdrdm", "atomics", "crc32", "lrcpc", "sha2"},
    ),
}
PACKAGES = ("numba", "llvmlite", "numpy")
UNUSED_DAYS = 14  # after which another version's kernels go
_KERNEL = b"from tasks.jit import"  # stands in every file that has one
_IMPORTED = re.compile(rb"^\s*from (tasks\.[\w.]+) import", re.M)

Mapper = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Any]]


def baseline() -> str | None:
    """The CPU that kernels are compiled for in place of this machine's: where some were compiled ahead, and it can run them."""
    name, needed = BASELINES.get(platform.machine(), ("", {"unknown"}))
    return name if os.environ.get("SMELT_KERNELS") and needed <= set(_cpu().split()) else None


@cache
def _cpu() -> str:
    """What the system tells of its first processor, without what changes from start to start."""
    try:
        lines = Path("/proc/cpuinfo").read_text().partition("\n\n")[0].splitlines()
    except OSError:
        return platform.processor()
    told = {name.strip(): value for name, _, value in (line.partition(":") for line in lines)}
    names = ("vendor_id", "cpu family", "model", "flags", "CPU implementer", "CPU part", "Features")
    return " ".join(told.get(name, "") for name in names)


@cache
def version() -> str:
    """Names the folder of these kernels on this machine: 16 hex digits. Takes some 15 ms."""
    parts = [sys.implementation.cache_tag or "", platform.machine(), baseline() or _cpu()]
    hasher = hashlib.sha256("\n".join([*parts, *map(importlib.metadata.version, PACKAGES)]).encode())
    for name, source in _sources(Path(__file__).parent):
        hasher.update(b"\0%s\0%d\0" % (name.encode(), len(source)))
        hasher.update(source)
    return hasher.hexdigest()[:16]


def _sources(root: Path) -> list[tuple[str, bytes]]:
    """All files of the rooms where a kernel stands, and of those that its file imports from: constants are compiled in."""
    sources: dict[str, dict[str, bytes]] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != "__pycache__"]
        room = ".".join((root.name, *Path(folder).relative_to(root).parts))
        sources[room] = {name: Path(folder, name).read_bytes() for name in names if name.endswith(".py")}
    rooms = set()
    for room, files in sources.items():
        for source in files.values():
            if _KERNEL in source:
                imported = [name.decode() for name in _IMPORTED.findall(source)]
                rooms |= {room, *(name if name in sources else name.rpartition(".")[0] for name in imported)}
    found = {
        f"{room}.{name}": source for room in rooms - {root.name} for name, source in sources[room].items()
    }
    return sorted({**found, f"{root.name}.jit.py": sources[root.name]["jit.py"]}.items())


@cache
def shipped() -> Path | None:
    """The folder of kernels that were compiled ahead, where they are for this version and machine and can be trusted."""
    place = os.environ.get("SMELT_KERNELS")
    folder = Path(place, version()) if place else None
    return folder if folder and all(_trusted(path) for path in (folder, folder.parent)) else None


@cache
def own() -> Path | None:
    """The folder that this user's kernels are kept in, made if need be; None where there is no place for it."""
    return next(filter(None, map(_made, _places())), None)


def _places() -> Iterator[Path]:
    if ahead := os.environ.get("SMELT_KERNELS"):
        yield Path(ahead)
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(chosen, "smelt")
    yield Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "smelt", "kernels")
    yield Path(tempfile.gettempdir(), f"smelt-kernels-{os.getuid()}")


def _made(place: Path) -> Path | None:
    folder = place / version()
    if not place.is_absolute():  # what lies in a working folder is never run
        return None
    try:
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder.mkdir(mode=0o755, exist_ok=True)
    except OSError:
        return None
    mine = folder.lstat().st_uid == os.getuid() and os.access(folder, os.W_OK)
    return folder if mine and _trusted(place) and _trusted(folder) else None


def _trusted(folder: Path) -> bool:
    """Whether only this user and root can write a folder: what lies in it is run."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in (0, os.getuid()) and not found.st_mode & 0o022


def folders() -> list[Path]:
    """Where kernels are looked for, in this order."""
    return [folder for folder in (shipped(), own()) if folder]


def needed(node: ModuleType, config: Config) -> Sequence[str]:
    """The groups of kernels that a node needs: functions that call them, "module.function"."""
    found: Sequence[str] = node.kernels(config) if hasattr(node, "kernels") else getattr(node, "KERNELS", ())
    return found


def missing(names: Iterable[str]) -> list[str]:
    """Which groups of kernels aren't compiled yet; none where they couldn't be kept."""
    if own() is None:
        return []
    return [name for name in names if not any((folder / f"{name}.done").exists() for folder in folders())]


def compile_missing(names: Sequence[str], mapper: Mapper, say: Callable[[str], None]) -> None:
    """Compiles groups of kernels that aren't there yet, by one of several runs, whatever happened to those before.

    names: functions "module.function" that call what they compile (`tasks.node`); mapper: runs them in processes.
    """
    folder = own()
    if folder is None:
        return
    os.utime(folder)  # in use
    if not missing(names):
        return
    with _locked(folder / "lock", say):
        if todo := missing(names):
            _sweep(folder)
            say("compiling kernels, once per version ...")
            start = time.monotonic()
            mapper(compile_group, [(name,) for name in todo])
            say(f"compiled in {time.monotonic() - start:.0f} s")


def compile_group(name: str) -> None:
    """Calls a function that calls kernels, and notes that they are there."""
    module, _, function = name.rpartition(".")
    gc.disable()  # a tenth of the time
    try:
        getattr(importlib.import_module(module), function)()
    finally:
        gc.enable()
    if (folder := own()) is not None:
        (folder / f"{name}.done").touch()


@contextmanager
def _locked(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waits for another run that compiles them")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sweep(kept: Path) -> None:
    """Removes what other versions left and nobody used for long."""
    for folder in kept.parent.glob("[0-9a-f]" * len(kept.name)):
        with suppress(OSError):  # another run removes it
            if time.time() - folder.stat().st_mtime > UNUSED_DAYS * 86400:
                shutil.rmtree(folder, ignore_errors=True)


def groups() -> list[str]:
    """All groups there are: the functions of each stage's `kernels`."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*/kernels.py")):
        module = importlib.import_module(f"tasks.{path.parent.name}.kernels")
        found += [
            f"{module.__name__}.{name}"
            for name, value in vars(module).items()
            if callable(value) and value.__module__ == module.__name__ and not name.startswith("_")
        ]
    return found


def main() -> None:
    """Compiles everything into the folder that SMELT_KERNELS names, for the baseline: what an image is built with."""
    place = os.environ.get("SMELT_KERNELS")
    folder = own()
    if place is None or folder is None or folder.parent != Path(place):
        sys.exit("SMELT_KERNELS must name a folder that this user can write")
    if baseline() is None:
        print("no kernels are compiled ahead: this machine lacks its architecture's baseline, or it has none")
        return
    compile_missing(groups(), _in_processes, print)


def _in_processes(function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        return list(pool.map(function, *zip(*jobs, strict=True)))


if __name__ == "__main__":
    main()
