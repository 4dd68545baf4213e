"""Child processes that never outlive their parent and run no code of the folder that they work in."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to kill this process when its parent ends (Linux; elsewhere nothing happens).

    parent: the expected parent's process id; a process whose parent is gone already ends at once.
    """
    prctl = getattr(_libc, "prctl", None)
    if prctl is None:
        return
    prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def spawn(
    command: Sequence[str], env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[Any]:
    """Start a process in a group of its own that is killed when this one ends.

    Call it from a thread that lives as long as the child should: the kernel watches the thread that forked.
    No Python among it and its children imports from the working folder, where a user's tasks.py or yaml.py may lie
    beside pipeline.yaml: PYTHONSAFEPATH is -P for all of them, those too that a library starts.
    """
    parent = os.getpid()
    options |= {
        "env": {**(os.environ if env is None else env), "PYTHONSAFEPATH": "1"},
        "start_new_session": True,
    }
    return subprocess.Popen(list(command), preexec_fn=lambda: die_with_parent(parent), **options)


def end(process: subprocess.Popen[Any], grace: float = 3.0) -> int:
    """End a process started by `spawn` and its whole group: SIGTERM, then SIGKILL after `grace` seconds."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()
