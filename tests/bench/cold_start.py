"""What a fresh machine compiles: every group of kernels by itself, then all in as many processes as there are cores.

    python tests/bench/cold_start.py

Each starts with an empty folder. CPU seconds and peak memory of a group are those of its process, imports included.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time

from tasks.kernels import groups

ALONE = (
    "import resource, sys\n"
    "from tasks.kernels import compile_group\n"
    "compile_group(sys.argv[1])\n"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
)


def python(*arguments: str, **environment: str) -> tuple[float, float, str]:
    """Wall seconds, CPU seconds and output of a process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        env={**os.environ, **environment},
        text=True,
        check=True,
        stdout=subprocess.PIPE,
    )
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main() -> None:
    print(f"{'group':40} CPU s   MB")
    for name in groups():
        with tempfile.TemporaryDirectory() as folder:
            _, cpu, said = python("-c", ALONE, name, NUMBA_CACHE_DIR=folder)
        print(
            f"{name.removeprefix('tasks.').replace('.kernels', ''):40} {cpu:5.1f} {int(said):4}", flush=True
        )
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            wall, cpu, _ = python("-m", "tasks.kernels", SMELT_KERNELS=folder)
            again, _, _ = python("-m", "tasks.kernels", SMELT_KERNELS=folder)
        print(f"all, for the image: {wall:.1f} s wall, {cpu:.1f} s CPU; again {again:.2f} s", flush=True)


if __name__ == "__main__":
    main()
