"""Advisory locks that are freed when their owner dies: flock, not inherited by children."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path


class FileLock:
    """An exclusive lock on a file. A context manager that waits; `try_acquire` doesn't.

    The lock belongs to the open file description: closing it, or the death of the process, frees it. The
    descriptor is close-on-exec, so that no child keeps the lock of a dead parent.
    """

    def __init__(self, path: Path, *, on_wait: Callable[[str], None] | None = None, poll: float = 0.2):
        self.path, self.on_wait, self.poll = path, on_wait, poll
        self._descriptor: int | None = None

    def try_acquire(self) -> bool:
        """Takes the lock if it is free; says whether it is ours."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            # Whoever held it before may have removed the file: then this is a lock on nothing.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.stat(self.path), os.fstat(descriptor)):
                    break
            os.close(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return True

    def owner(self) -> str:
        """The process id that the present owner wrote, "?" if it can't be told."""
        try:
            return self.path.read_text().strip() or "?"
        except OSError:
            return "?"

    def acquire(self) -> None:
        """Waits for the lock; `on_wait` is told once, with the owner's process id."""
        told = False
        while not self.try_acquire():
            if not told and self.on_wait:
                self.on_wait(self.owner())
                told = True
            time.sleep(self.poll)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> FileLock:
        self.acquire()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
