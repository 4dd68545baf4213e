"""The processes of a run on this machine: one per rank, which meet through a file and speak over loopback.

torchrun's meeting place listens on every interface and unpickles what anybody sends it. Here the ranks meet in a
folder that only this user can enter, and no other machine reaches a socket of theirs.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tasks.process import end, spawn

STORE = "SMELT_STORE"  # the environment variable that names the file through which ranks meet
Events = SimpleQueue[tuple[int, str | int]]  # a rank's number with a line that it said, or its exit status
PIPES = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
LOOPBACK = {"GLOO_SOCKET_IFNAME": "lo", "NCCL_SOCKET_IFNAME": "=lo"}


@dataclass(frozen=True)
class Failure:
    """The rank that failed first, its exit status (-n after signal n), and the last lines that it said."""

    rank: int
    status: int
    last: str


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    count: int,
    meeting: Path,
    say: Callable[[str], Any],
) -> Failure | None:
    """Start a command once per rank and wait: None when all have ended well. If one fails, the others are ended.

    meeting: the folder where they meet, there as long as they run. say: takes each line of any rank's output, in
    this thread. The ranks die with this thread, from their first instruction on.
    """
    events: Events = SimpleQueue()
    last: list[deque[str]] = [deque(maxlen=8) for _ in range(count)]
    ranks: list[subprocess.Popen[str]] = []
    readers: list[threading.Thread] = []

    def hear(number: int, line: str) -> None:
        last[number].append(line)
        say(line)

    with _private(meeting):
        try:
            for number in range(count):
                own = {**environment, **_variables(number, count, meeting)}
                ranks.append(spawn(command, own, **PIPES, text=True, errors="replace"))
                readers.append(_in_thread(_read, number, ranks[-1], events))
                _in_thread(_wait, number, ranks[-1], events)
            failed = _first_failure(events, count, hear)
        finally:
            for rank in ranks:
                end(rank)
    for reader in readers:
        reader.join(5.0)  # not for ever: what a rank started may outlive it with its output
    while not events.empty():
        number, told = events.get()
        if isinstance(told, str):
            hear(number, told)
    return None if failed is None else Failure(*failed, "".join(last[failed[0]]))


def _first_failure(events: Events, running: int, hear: Callable[[int, str], None]) -> tuple[int, int] | None:
    """Hears the ranks until all have ended well, or one not: its number and status."""
    while running:
        number, told = events.get()
        if isinstance(told, str):
            hear(number, told)
        elif told:
            return number, told
        else:
            running -= 1
    return None


@contextlib.contextmanager
def _private(folder: Path) -> Iterator[None]:
    """A new folder for this user alone, in the place of what a killed run may have left; removed at the end."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder)


def _variables(rank: int, count: int, meeting: Path) -> dict[str, str]:
    """What torchrun, too, sets for the ranks of one machine; and where they meet."""
    ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    return {**{name: str(value) for name, value in ranks.items()}, STORE: str(meeting / "store"), **LOOPBACK}


def _in_thread(function: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def _read(number: int, rank: subprocess.Popen[str], events: Events) -> None:
    assert rank.stdout
    with rank.stdout:
        for line in rank.stdout:
            events.put((number, line))


def _wait(number: int, rank: subprocess.Popen[str], events: Events) -> None:
    events.put((number, rank.wait()))
