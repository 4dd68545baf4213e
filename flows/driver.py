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

log = logging.getLogger("smelt")
INTERRUPTED = 130


def main() -> int:
    """Runs what the one argument, a JSON object, asks for; returns the exit status."""
    job: dict[str, Any] = json.loads(sys.argv[1])
    start_logging(Path(job["folder"]))
    selection = Selection(**job["selection"])
    try:
        told = {name: job[name] for name in ("file", "overrides", "run_id", "argv")}
        with open_run(**told, selection=selection) as run:
            threading.Thread(target=_stop_when_asked, args=(run,), daemon=True).start()
            threading.Thread(target=_show_progress, args=(run,), daemon=True).start()
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
    while os.read(sys.stdin.fileno(), 1):  # unbuffered: a lock of Python's reader would outlive the thread
        pass
    run.engine.stop()


def _show_progress(run: RunContext) -> None:
    """Logs now and then how far the running nodes are, of those that tell."""
    from tasks.nodes import hooks

    told: dict[str, str] = {}
    while progress := hooks("progress"):
        time.sleep(15)
        for entry in run.record.data["nodes"]:
            node, fingerprint = entry["node"], entry["fingerprint"]
            if node not in progress or entry["status"] != "running" or not fingerprint:
                continue
            said = progress[node](run.store.artifact(node, fingerprint))
            if said and said != told.get(node):
                told[node] = said
                log.info("%-17s %s", node, said)


def start_logging(folder: Path) -> None:
    """Plain lines on standard error, everything (tracebacks too) in the run's log."""
    from tasks.render import printable

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
