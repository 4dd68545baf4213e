"""The lock on a run's checkpoints: no run starts while a rank of a former one lives.

Every rank holds a share of it as long as it lives, and the node takes it alone, for a moment, before it starts them.
The kernel frees it with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from tasks.errors import StageError

LOCK = "train.lock"


def share(folder: Path) -> int:
    """Hold a share until the descriptor that is returned is closed, at the latest when this process ends."""
    return _take(folder, fcntl.LOCK_SH)


def wait_until_free(folder: Path) -> None:
    """Until no rank of a former run holds a share. StageError after two minutes."""
    os.close(_take(folder, fcntl.LOCK_EX))


def _take(folder: Path, kind: int, patience: float = 120.0) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise StageError(
                    f"{folder / LOCK} is held by another training run, for {patience:.0f} s now: end it"
                ) from None
            time.sleep(0.1)
