"""A run's own folder: its record, its log, and the link that names the latest run."""

from __future__ import annotations

import datetime
import json
import logging
import os
import secrets
import threading
import time
from pathlib import Path
from typing import Any

from flows.provenance import git_state, host, now, without_secrets
from flows.run.plan import Step
from flows.settings import Settings
from flows.store import Store, write_atomically

log = logging.getLogger("smelt")

PLANNED = ("node", "stage", "action", "reason", "fingerprint", "shards", "shards_reused")
UNTOUCHED = {"status": "waiting", "seconds": None, "error": None}  # of a node that hasn't run


def new_run_id() -> str:
    """Sorts by time, and differs between runs that start in the same second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(2)


class RunRecord:
    """run.json: what a run set out to do, how far it is, how it ended. Saved at every change."""

    def __init__(self, store: Store, run_id: str, settings: Settings, steps: list[Step], argv: list[str]):
        self.folder = store.run(run_id)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._clock = time.monotonic()
        self._guard = threading.Lock()
        self.data: dict[str, Any] = {
            "id": run_id,
            "status": "running",
            "start": now(),
            "end": None,
            "seconds": 0.0,
            "pipeline": str(settings.file),
            "argv": without_secrets(argv),
            "host": host(),
            "git": git_state(),
            "settings": without_secrets(settings.raw),
            "error": None,
            "links": {},
            "nodes": [{**{name: getattr(step, name) for name in PLANNED}, **UNTOUCHED} for step in steps],
        }
        self.save()
        _point_latest(store, run_id)

    def node(self, name: str, **changes: Any) -> None:
        """Changes a node's entry, making one if the plan had none."""
        for entry in self.data["nodes"]:
            if entry["node"] == name:
                entry.update(changes)
                break
        else:
            self.data["nodes"].append({"node": name, **changes})
        self.save()

    def close(self, status: str, error: str | None = None) -> None:
        """The run's end: status done, failed or interrupted."""
        _close(self.data, status, error)
        self.save()

    def save(self) -> None:
        with self._guard:
            self.data["seconds"] = round(time.monotonic() - self._clock, 3)
            write_atomically(self.folder / "run.json", json.dumps(self.data, indent=1, default=str))


def _close(record: dict[str, Any], status: str, error: str | None) -> None:
    for entry in record["nodes"]:
        if entry["status"] == "running":
            entry.update(status="failed" if status == "failed" else "interrupted", error=error)
    record.update(status=status, error=error, end=now())


def _point_latest(store: Store, run_id: str) -> None:
    fresh = store.root / ".runs" / f".latest.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(run_id)
    os.replace(fresh, store.root / ".runs" / "latest")


def mark_interrupted(run: Path, error: str) -> None:
    """Closes the record of a run whose driver could not do it any more."""
    path = run / "run.json"
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError):
        return
    if data["status"] == "running":
        _close(data, "interrupted", error)
        write_atomically(path, json.dumps(data, indent=1))
