"""Starts a run's driver as a child and sees to it that nothing outlives the command.

The driver and all below it are in process groups of their own; Ctrl-C and SIGTERM reach only the supervisor, which
asks the driver to stop, and kills it if it doesn't. If the supervisor itself is killed, the kernel kills the
driver, and the driver's death kills its children in turn.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from flows.run.record import mark_interrupted, new_run_id
from flows.settings import Settings
from flows.store import Store
from tasks.process import end, spawn

GRACE_SECONDS = 6.0
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """A signal that ends the run."""

    def __init__(self, number: int):
        self.number = number


def supervise(settings: Settings, selection: dict[str, Any], argv: list[str]) -> tuple[int, Path]:
    """Runs the driver to its end; returns (exit status, the run's folder).

    128 + n after signal n, unless the run was complete already when the signal came.
    """
    store = Store(settings.store)
    store.prepare()
    run_id = new_run_id()
    folder = store.run(run_id)
    job = {
        "file": str(settings.file),
        "overrides": list(settings.overrides),
        "selection": selection,
        "run_id": run_id,
        "folder": str(folder),
        "argv": argv,
    }
    former = {number: signal.signal(number, _stop) for number in STOPS}
    driver: subprocess.Popen[Any] | None = None
    try:
        driver = spawn([sys.executable, "-m", "flows.driver", json.dumps(job)], stdin=subprocess.PIPE)
        status = driver.wait()
        return (status if status >= 0 else 128 - status), folder
    except Stop as stop:
        for number in former:
            signal.signal(number, signal.SIG_IGN)
        print(f"stopping ({signal.Signals(stop.number).name})", file=sys.stderr, flush=True)
        if driver is None:
            return 128 + stop.number, folder
        _end(driver)
        return (128 + stop.number if driver.returncode else 0), folder
    finally:
        if driver is not None:
            _end(driver)
            if driver.returncode != 0:
                mark_interrupted(folder, "interrupted")
            store.sweep()
        for number, handler in former.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: Any) -> None:
    raise Stop(number)


def _end(driver: subprocess.Popen[Any]) -> None:
    assert driver.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        driver.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        driver.wait(GRACE_SECONDS)
    end(driver, grace=0.1)
