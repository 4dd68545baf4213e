"""The lock on a run's checkpoints: no run starts while a rank of a former one lives.

Every rank holds a share of it as long as it lives, and the node takes it alone, for a moment, before it starts them.
The kernel frees it with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from pathlib import Path

from tasks.errors import StageError

LOCK = "train.lock"

_log = logging.getLogger("smelt.pretrain")


def share(folder: Path) -> int:
    """Hold a share until the descriptor that is returned is closed, at the latest when this process ends."""
    descriptor = _take(folder, fcntl.LOCK_SH)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def wait_until_free(folder: Path) -> None:
    """Until no rank of a former run holds a share. StageError after two minutes."""
    descriptor = _take(folder, fcntl.LOCK_EX)
    os.ftruncate(descriptor, 0)
    os.close(descriptor)


def _take(folder: Path, kind: int, patience: float = 120.0) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    start, told = time.monotonic(), False
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            holders = f"another training run ({_holders(path)})"
            if time.monotonic() - start > patience:
                os.close(descriptor)
                raise StageError(f"{path} is held by {holders}, for {patience:.0f} s now: end it") from None
            if not told:
                _log.warning("waiting: %s is held by %s", path, holders)
                told = True
            time.sleep(0.1)


def _holders(path: Path) -> str:
    """The processes that took a share and live, as far as this machine knows them."""
    alive = [pid for pid in path.read_text().split() if Path("/proc", pid).exists()]
    return f"process {', '.join(alive)}" if alive else "on another machine, or in another container"
