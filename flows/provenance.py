"""Where and with which code a run happens, for its record and its manifests."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tasks.io import shown


def now() -> str:
    """The time in UTC, ISO 8601 with milliseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def without_secrets(value: Any) -> Any:
    """Plain data with credentials and queries taken out of every address in it."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {name: without_secrets(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return value


@cache
def host() -> dict[str, Any]:
    """Where a run happens, as far as it helps to read its figures."""
    return {
        "name": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
    }


@cache
def git_state() -> dict[str, Any] | None:
    """Commit and dirtiness of the code's checkout; None where there is none."""
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 10}
    here = Path(__file__).parent
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, **options)
        state = subprocess.run(["git", "status", "--porcelain"], cwd=here, **options)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if commit.returncode != 0:
        return None
    return {"commit": commit.stdout.strip(), "dirty": bool(state.stdout.strip())}
