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
    enough = sys.version_info >= (3, 11)
    yield (
        (OK if enough else BAD),
        "python",
        sys.version.split()[0] + ("" if enough else ": 3.11 or newer is needed"),
    )


def _compiler() -> Iterator[Finding]:
    compiler = shutil.which("c++") or shutil.which("g++")
    yield (
        (OK, "compiler", compiler)
        if compiler
        else (WARN, "compiler", "no C++ compiler: training runs uncompiled, 2-4 times slower (install g++)")
    )
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    yield (
        (OK, "python headers", str(header))
        if header.exists()
        else (WARN, "python headers", "Python.h is missing: training runs uncompiled (install python3-dev)")
    )


def _packages() -> Iterator[Finding]:
    for name in (
        "torch",
        "deepspeed",
        "prefect",
        "pyarrow",
        "numba",
        "fastwarc",
        "resiliparse",
        "tokenizers",
        "lm-eval",
    ):
        try:
            yield OK, name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield BAD, name, "not installed: make install"


def _device() -> Iterator[Finding]:
    gpus = sorted(Path("/proc/driver/nvidia/gpus").glob("*"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield (
        OK,
        "machine",
        f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, {len(gpus) or 'no'} NVIDIA GPU{'s' if len(gpus) > 1 else ''}",
    )


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
    yield (
        (OK if writable else BAD),
        "store",
        f"{settings.store}, {free:.0f} GiB free" + ("" if writable else ", not writable"),
    )
    yield _server()


def _server() -> Finding:
    url = os.environ.get("PREFECT_API_URL")
    return OK, "prefect server", url or "none configured: each run starts one of its own"
