"""The local engine: one long-lived pool of processes that knows nothing of Prefect.

Prefect's task runs live in threads of the driver and hand their batches of shards to the pool, so that the UI
sees every batch while no worker pays for importing Prefect. Another engine has the same three methods.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from tasks.errors import StageError, TransientError
from tasks.process import die_with_parent

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
TRANSIENT = {errno.EIO, errno.EAGAIN, errno.ETIMEDOUT, errno.ESTALE, errno.ECONNRESET, errno.ENETUNREACH}


def is_transient(error: BaseException) -> bool:
    """Whether trying again may help: an I/O or network hiccup, a remote file that doesn't answer, or a worker that was killed."""
    if isinstance(error, TransientError | ConnectionError | TimeoutError):
        return True
    return isinstance(error, OSError) and error.errno in TRANSIENT


class WorkerDied(TransientError):
    """A worker process ended without a word: killed, or out of memory."""


def start_worker(parent: int, threads: int | None) -> None:
    """What each worker does first: die with the driver, and keep to its number of threads."""
    die_with_parent(parent)
    if threads is not None:
        for name in ONE_THREAD:
            os.environ[name] = str(threads)
        os.environ["TOKENIZERS_PARALLELISM"] = "false" if threads == 1 else "true"


def _ready() -> int:
    return os.getpid()


class LocalEngine:
    """Runs functions in processes of this machine. A context manager."""

    def __init__(self, workers: int):
        self.workers = workers
        # Workers die with the *thread* that started them: this one lives as long as the engine.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="start-workers")
        self._pools: list[ProcessPoolExecutor] = []
        self._shared: ProcessPoolExecutor | None = None
        self._guard = threading.Lock()
        self.stopped = False

    def run(self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Calls `function(*job)` for each job in the shared pool; the values in order. The first error is raised."""
        pool = self._shared_pool()
        try:
            futures = [pool.submit(function, *job) for job in jobs]
            return _gather(futures)
        except BrokenProcessPool:
            self._drop(pool)
            raise self._died() from None

    def run_apart(self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
        """`run` in processes that end afterwards, and what they took with them."""
        pool = self._start(min(self.workers, len(jobs)), 1)
        try:
            return _gather([pool.submit(function, *job) for job in jobs])
        except BrokenProcessPool:
            raise self._died() from None
        finally:
            self._drop(pool)

    def run_alone(self, function: Callable[..., Any], job: tuple[Any, ...]) -> Any:
        """Calls `function(*job)` in a fresh process that may use all cores, and ends that process."""
        pool = self._start(1, None)
        try:
            return pool.submit(function, *job).result()
        except BrokenProcessPool:
            raise self._died() from None
        finally:
            self._drop(pool)

    def stop(self) -> None:
        """Kills every worker now; whoever waits for one gets an error. Safe from any thread."""
        self.stopped = True
        for pool in list(self._pools):
            for process in list((pool._processes or {}).values()):
                process.kill()

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        for pool in list(self._pools):
            pool.shutdown(wait=True, cancel_futures=True)
        self._starter.shutdown()

    def _shared_pool(self) -> ProcessPoolExecutor:
        with self._guard:
            if self._shared is None:
                self._shared = self._start(self.workers, 1)
            return self._shared

    def _start(self, workers: int, threads: int | None) -> ProcessPoolExecutor:
        if self.stopped:
            raise StageError("interrupted")

        def start() -> ProcessPoolExecutor:
            pool = ProcessPoolExecutor(workers, get_context("spawn"), start_worker, (os.getpid(), threads))
            self._pools.append(pool)
            for future in [pool.submit(_ready) for _ in range(workers)]:
                future.result()
            return pool

        return self._starter.submit(start).result()

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        with self._guard:
            if self._shared is pool:
                self._shared = None
            with contextlib.suppress(ValueError):
                self._pools.remove(pool)
        pool.shutdown(wait=True, cancel_futures=True)

    def _died(self) -> StageError:
        if self.stopped:
            return StageError("interrupted")
        return WorkerDied(
            "a worker process was killed or ran out of memory; see the kernel's log, or use fewer execution.workers"
        )


def _gather(futures: Sequence[Future[Any]]) -> list[Any]:
    try:
        return [future.result() for future in futures]
    except BaseException:
        for future in futures:
            future.cancel()
        raise
