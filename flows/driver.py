"""The process that does a run's work; `smelt run` starts it, watches it and ends it (flows/run/supervisor.py).

It never outlives its supervisor: the kernel kills it then, and the end of its standard input asks it to stop.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from flows.provenance import without_secrets
from flows.run import RunContext, Selection, open_run, prefect_api
from tasks.errors import SmeltError
from tasks.process import die_with_parent

log = logging.getLogger("smelt")
INTERRUPTED = 130


def main() -> int:
    """Runs what the one argument, a JSON object, asks for; returns the exit status."""
    job: dict[str, Any] = json.loads(sys.argv[1])
    die_with_parent(job["supervisor"])
    start_logging(Path(job["folder"]))
    selection = Selection(**job["selection"])
    try:
        with open_run(
            job["file"], job["overrides"], selection=selection, run_id=job["run_id"], argv=job["argv"]
        ) as run:
            threading.Thread(target=_stop_when_asked, args=(run,), daemon=True).start()
            threading.Thread(target=_show_training, args=(run,), daemon=True).start()
            return _run(run, job)
    except SmeltError as error:
        log.error("%s", error)
        return error.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        log.error("%s", _message(error))
        log.debug("", exc_info=True)
        return 1


def _run(run: RunContext, job: dict[str, Any]) -> int:
    with prefect_api() as url:
        from flows.pipeline import flush_logs, pipeline

        if os.environ.get("PREFECT_API_URL") and "PREFECT_HOME" not in os.environ:
            run.record.data["links"]["prefect"] = url.removesuffix("/api")
        # What Prefect shows as parameters has no credentials in it; the run that is open here knows them.
        overrides = without_secrets(job["overrides"])
        state: Any = pipeline(job["file"], overrides, run_id=run.id, **job["selection"], return_state=True)
        flush_logs()
    if state.is_completed():
        return 0  # also where the wish to stop came after the last stage
    error = run.error or state.result(raise_on_failure=False)
    run.error = run.error or (error if isinstance(error, BaseException) else RuntimeError(str(error)))
    if run.engine.stopped:
        return INTERRUPTED
    log.error("%s", _message(error))
    log.debug("", exc_info=error if isinstance(error, BaseException) else None)
    return error.exit_status if isinstance(error, SmeltError) else 1


def _message(error: Any) -> str:
    """An error as one line for the user; the log has the traceback."""
    if isinstance(error, SmeltError):
        return str(error)
    if "No space left on device" in str(error):
        return f"the disk is full: make room, and run again; what was finished stays ({error})"
    return f"{type(error).__name__}: {error}"


def _stop_when_asked(run: RunContext) -> None:
    """Waits for the end of standard input: then every worker is killed, and the run ends by its own errors."""
    while os.read(
        sys.stdin.fileno(), 1
    ):  # unbuffered: a lock of Python's own reader would outlive the thread
        pass
    run.engine.stop()


def _show_training(run: RunContext) -> None:
    """Logs the training's newest metrics now and then while it runs."""
    from tasks.nodes import NODES

    told = 0
    while "pretrain" in NODES:
        time.sleep(15)
        entry = next((item for item in run.record.data["nodes"] if item["node"] == "pretrain"), None)
        if entry is None or entry["status"] != "running" or not entry["fingerprint"]:
            continue
        row = _last_row(run.store.artifact("pretrain", entry["fingerprint"]) / "metrics.jsonl")
        if row and row["step"] > told:
            told = row["step"]
            log.info(
                "pretrain          step %s  loss %.3f  %s tokens/s",
                f"{told:,}",
                row["loss"],
                f"{row['tokens_per_second']:,.0f}",
            )


def _last_row(path: Path) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            rows = [json.loads(line) for line in file.read().splitlines()[1:]]
    except (OSError, ValueError):
        return None
    return next((row for row in reversed(rows) if "tokens_per_second" in row), None)


def start_logging(folder: Path) -> None:
    """Plain lines on standard error, everything (tracebacks too) in the run's log."""
    from flows.render import printable

    class Plain(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return printable(super().format(record))

    folder.mkdir(parents=True, exist_ok=True)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    terminal, file = logging.StreamHandler(), logging.FileHandler(folder / "run.log")
    terminal.setLevel(logging.INFO)
    terminal.setFormatter(Plain("%(asctime)s  %(message)s", "%H:%M:%S"))
    file.setFormatter(Plain("%(asctime)s %(levelname)s %(message)s"))
    log.handlers = [terminal, file]


if __name__ == "__main__":
    sys.exit(main())
