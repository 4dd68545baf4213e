"""Runs generated code against its tests: one process each, and plain data between them.

`child.py` says how the two are kept apart. A verdict is made by the tests' process alone; the
candidate holds no descriptor of the channel on which it travels, and whatever it returns is rebuilt from JSON
before it is compared. Needs Linux with seccomp (x86-64 or aarch64), as any user, in a container too;
elsewhere every outcome is "not scored".
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")
MEMORY = 512 << 20  # bytes of address space for each process
START_SECONDS = 60.0  # for two interpreters to start on a busy machine; not the candidate's time


@dataclass(frozen=True)
class Result:
    """What became of one candidate.

    outcome: passed | failed | timeout | crashed | not scored (no sandbox here, or the test itself is
    unusable). detail: why, in a few words; seconds: wall time from when the program was started.
    """

    outcome: str
    detail: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether all tests held."""
        return self.outcome == "passed"


@dataclass(frozen=True)
class Problem:
    """The arguments of `run_problem`, for `run_problems`."""

    prompt: str
    completion: str
    test: str
    entry_point: str


def run_problem(
    prompt: str, completion: str, test: str, entry_point: str, *, timeout: float = 5.0, memory: int = MEMORY
) -> Result:
    """Runs `prompt + completion` and calls its `entry_point` as the test code says (HumanEval's form).

    test: code that defines `check(candidate)`, or plain assertions that call the function by its name. It may use
        what the prompt itself defines: that runs, without the completion, beside the test.
    timeout: seconds of wall time for the program and all calls; the processor's time is limited to the same.
    """
    if not sys.platform.startswith("linux"):
        return Result("not scored", f"no sandbox on {sys.platform}")
    job = {
        "program": prompt + completion,
        "prompt": prompt,
        "test": test,
        "entry_point": entry_point,
        "memory": memory,
        "seconds": math.ceil(timeout) + 1,
        "parent": os.getpid(),
    }
    try:
        with _processes() as (tests, verdicts):
            return _follow(tests, verdicts, json.dumps(job).encode(), timeout)
    except OSError as error:
        return Result("not scored", f"the sandbox's processes can't be started: {error}")


def run_problems(
    problems: Sequence[Problem], *, timeout: float = 5.0, workers: int | None = None
) -> list[Result]:
    """Runs many problems, `workers` at a time (by default one per core); results in their order."""
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1

    def run(problem: Problem) -> Result:
        return run_problem(**vars(problem), timeout=timeout)

    with ThreadPoolExecutor(max(1, workers)) as pool:
        return list(pool.map(run, problems))


@contextlib.contextmanager
def _processes() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Both processes, joined by two pipes; they end with the context."""
    descriptors: list[int] = []
    started: list[subprocess.Popen[bytes]] = []
    try:
        from_tests, to_candidate = os.pipe()
        descriptors += [from_tests, to_candidate]
        from_candidate, to_tests = os.pipe()
        descriptors += [from_candidate, to_tests]

        def start(role: str, write: int, read: int, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
            options = ("-I", "-S", "-B", "-W", "ignore")
            process = subprocess.Popen(
                [sys.executable, *options, str(CHILD), role, str(write), str(read)],
                stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL,
                pass_fds=(write, read), env={}, cwd="/", start_new_session=True,
            )  # fmt: skip
            started.append(process)
            return process

        start("candidate", to_tests, from_tests, subprocess.DEVNULL, subprocess.DEVNULL)
        tests = start("tests", to_candidate, from_candidate, subprocess.PIPE, subprocess.PIPE)
        while descriptors:
            os.close(descriptors.pop())
        assert tests.stdout is not None
        yield tests, tests.stdout.fileno()
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
        for process in started:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


def _follow(tests: subprocess.Popen[bytes], verdicts: int, job: bytes, timeout: float) -> Result:
    assert tests.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        tests.stdin.write(job)
        tests.stdin.close()
    try:
        outcome, detail = _receive(verdicts, time.monotonic() + START_SECONDS)
    except TimeoutError:
        return Result("not scored", f"the sandbox's processes did not start within {START_SECONDS:.0f} s")
    start = time.monotonic()
    if outcome == "started":
        try:
            outcome, detail = _receive(verdicts, start + timeout)
        except TimeoutError:
            return Result("timeout", f"over {timeout:g} s", time.monotonic() - start)
    return Result(outcome, detail, time.monotonic() - start)


def _receive(descriptor: int, deadline: float) -> tuple[str, str]:
    """One report of the tests' process; `crashed` when it ends without one (out of time or memory)."""
    data = b""
    size = 4
    while len(data) < size:
        part = _read(descriptor, size - len(data), deadline)
        if not part:
            return "crashed", "the tests' process ended without a verdict"
        data += part
        if size == 4 and len(data) == 4:
            size += struct.unpack(">I", data)[0]
    outcome, detail = json.loads(data[4:])
    return outcome, detail


def _read(descriptor: int, size: int, deadline: float) -> bytes:
    import selectors

    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
    return os.read(descriptor, size)
