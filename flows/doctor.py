"""Checks of the machine: what smelt needs, whether it is there, and what to do if not."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from tasks.errors import SmeltError
from tasks.nodes import hooks

OK, WARN, BAD = "ok", "warn", "bad"
Finding = tuple[str, str, str]


def check(file: Path) -> bool:
    """Prints a line per check; returns whether nothing is missing."""
    stages = [finding for check in hooks("checks").values() for finding in check()]
    findings = [*_python(), *_compiler(), *_packages(), *_device(), *stages, *_pipeline(file)]
    for state, what, detail in findings:
        print(f"{state:<5} {what:<16} {detail}")
    return all(state != BAD for state, _, _ in findings)


def _python() -> Iterator[Finding]:
    version = sys.version.split()[0]
    enough = sys.version_info >= (3, 11)
    yield (OK, "python", version) if enough else (BAD, "python", f"{version}: 3.11 or newer is needed")


def _compiler() -> Iterator[Finding]:
    slow = "training runs uncompiled, 2-4 times slower"
    compiler = shutil.which("c++") or shutil.which("g++")
    yield (OK if compiler else WARN), "compiler", compiler or f"no C++ compiler: {slow} (install g++)"
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    found = header.exists()
    said = str(header) if found else f"Python.h is missing: {slow} (install python3-dev)"
    yield (OK if found else WARN), "python headers", said


def _packages() -> Iterator[Finding]:
    for name in ("torch", "deepspeed", "prefect", "pyarrow", "numba", "fastwarc", "resiliparse", "tokenizers",
                 "lm-eval"):  # fmt: skip
        try:
            yield OK, name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield BAD, name, "not installed: make install"


def _device() -> Iterator[Finding]:
    gpus = sorted(Path("/proc/driver/nvidia/gpus").glob("*"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    many = f"{len(gpus) or 'no'} NVIDIA GPU{'s' if len(gpus) > 1 else ''}"
    yield OK, "machine", f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, {many}"


def _pipeline(file: Path) -> Iterator[Finding]:
    from flows.settings import load_settings

    try:
        settings = load_settings(file)
    except SmeltError as error:
        yield BAD, "pipeline", str(error)
        return
    yield OK, "pipeline", str(settings.file)
    parent = settings.store if settings.store.exists() else settings.root
    writable = os.access(parent, os.W_OK)
    free = shutil.disk_usage(parent).free / 2**30
    said = f"{settings.store}, {free:.0f} GiB free" + ("" if writable else ", not writable")
    yield (OK if writable else BAD), "store", said
    yield _server()


def _server() -> Finding:
    url = os.environ.get("PREFECT_API_URL")
    return OK, "prefect server", url or "none configured: each run starts one of its own"
