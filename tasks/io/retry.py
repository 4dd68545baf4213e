"""How long a remote object is tried for: back-off with full jitter, bounded in tries and in time.

Full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): the wait is uniform between
nothing and the exponential bound, so that many workers that were refused together don't come back together.
"""

from __future__ import annotations

import email.utils
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tasks.errors import TransientError

log = logging.getLogger("smelt")
TOLD = 10.0  # seconds of a wait from which on it is logged
PROGRESS = 1 << 20  # bytes after which earlier failures are forgotten


class Broken(Exception):
    """One try failed in a way that may pass: refused for now, cut off, stalled. Its text says how.

    retry_after: seconds that the server asks to wait, if it does.
    """

    def __init__(self, message: str, retry_after: float | None = None):
        super().__init__(message)
        self.retry_after = retry_after


class Silent(Broken):
    """No byte came in time."""


class Stalled(TransientError):
    """Given up on an object whose server said nothing, to the last."""


@dataclass(frozen=True)
class Patience:
    """tries: failures within `PROGRESS` bytes after which it ends.
    seconds: waiting (for bytes and between tries) that a file has to begin with; it earns a second for every
        `slowest` bytes that it brings, so a server that drips is given up and a large file is not.
    stall: seconds without a byte that end a try.
    first, longest: bounds of the wait after the first failure, and after any.
    """

    tries: int = 10
    seconds: float = 600.0
    slowest: int = 64 << 10
    stall: float = 30.0
    first: float = 1.0
    longest: float = 60.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = random.random


class Effort:
    """What was spent on one object. what: its address as it may be shown."""

    def __init__(self, patience: Patience, what: str):
        self._patience, self._what = patience, what
        self._failures = 0
        self._progress = 0  # bytes since failures were last forgotten
        self._received = 0
        self._waited = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts the time inside as waiting; the time that a reader takes between two reads is its own."""
        start = self._patience.clock()
        try:
            yield
        finally:
            self._waited += self._patience.clock() - start

    def received(self, size: int) -> None:
        """Notes bytes that came. Raises TransientError if they come too slowly."""
        self._received += size
        self._progress += size
        if self._progress >= PROGRESS:
            self._failures = self._progress = 0
        if self._waited > self._allowed:
            self._give_up(f"it brought {self._received:,} bytes in {self._waited:.0f} seconds")

    def failed(self, error: Broken) -> None:
        """Waits before the next try, or raises TransientError (Stalled after silence) if there is none."""
        patience = self._patience
        self._failures += 1
        if self._failures >= patience.tries:
            self._give_up(f"{error} (try {self._failures} of {patience.tries})", error)
        bound = min(patience.longest, patience.first * 2 ** (self._failures - 1))
        # Behind Retry-After there is jitter too: everyone was told the same time.
        wait = (error.retry_after or 0.0) + patience.draw() * bound
        if self._waited + wait > self._allowed:
            asked = f", and it asks to wait {error.retry_after:.0f} seconds" if error.retry_after else ""
            self._give_up(f"{error}, after {self._waited:.0f} seconds of waiting{asked}", error)
        if wait >= TOLD:
            log.warning(
                "%s: %s; waits %.0f s (try %d of %d)", self._what, error, wait, self._failures, patience.tries
            )
        patience.sleep(wait)
        self._waited += wait

    @property
    def _allowed(self) -> float:
        return self._patience.seconds + self._received / self._patience.slowest

    def _give_up(self, why: str, error: Broken | None = None) -> None:
        raise (Stalled if isinstance(error, Silent) else TransientError)(
            f"ingest: {self._what} can't be had now: {why}. Run again later; what is finished stays."
        )


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds of a Retry-After field (RFC 9110, 10.2.3): a number or a date; None without a readable one.

    >>> retry_after("120"), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=50.0), retry_after("soon")
    (120.0, 10.0, None)
    """
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))
