"""The Prefect server of a local run: one, private, on loopback, gone with the run."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from flows.store import FileLock
from tasks.errors import StageError
from tasks.process import end, spawn

BOOT_SECONDS = 120.0
HOMES = "smelt-prefect-"
CLIENT = {  # what Prefect finds in its environment, unless the user says otherwise
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # The terminal is smelt's own; what it logs goes to Prefect's API as well.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "smelt",
}
SERVER = {
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "OMP_NUM_THREADS": "1",
}
UVICORN = "uvicorn --factory prefect.server.api.server:create_app --log-level error --timeout-keep-alive 5"
FULL_BYTES = 8 << 20  # less than the server's own database takes


@contextlib.contextmanager
def prefect_api() -> Iterator[str]:
    """The URL of the Prefect API that this run reports to.

    PREFECT_API_URL, if it is set, names a standing server. Otherwise a server of this run's own is started on a
    private home and a free loopback port, and stopped in the end; it dies with this process in any case. Its home is
    a temporary folder: a store may lie on a network file system, which SQLite can't use, or on a disk that fills up.
    Sets the environment that Prefect reads on import: call it before importing Prefect.
    """
    os.environ.update(CLIENT | os.environ)
    if url := os.environ.get("PREFECT_API_URL"):
        yield url
        return
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=HOMES))
    owner = FileLock(home / "owner")
    owner.acquire()
    os.environ["PREFECT_HOME"] = str(home)
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", *UVICORN.split(), "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, **SERVER}
    with open(home / "server.log", "wb") as log:
        process = spawn(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, cwd=home)
    try:
        _wait_until_healthy(url, process, home / "server.log")
        os.environ["PREFECT_API_URL"] = url
        yield url
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        end(process, grace=2.0)
        shutil.rmtree(home, ignore_errors=True)
        owner.release()


def _sweep() -> None:
    """Removes the homes that killed runs of this user left; a young one may not have its owner's lock yet."""
    for home in Path(tempfile.gettempdir()).glob(f"{HOMES}*"):
        with contextlib.suppress(OSError):
            found = home.lstat()
            owner = FileLock(home / "owner")
            if found.st_uid == os.getuid() and time.time() - found.st_mtime > 60 and owner.try_acquire():
                shutil.rmtree(home, ignore_errors=True)
                owner.release()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            if shutil.disk_usage(log.parent).free < FULL_BYTES:
                raise StageError(f"the disk of {log.parent} is full: make room, and run again")
            tail = log.read_text(errors="replace").strip().splitlines()[-3:]
            raise StageError("Prefect's server ended while starting: " + " / ".join(tail))
        with contextlib.suppress(OSError):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{url}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.1)
    raise StageError(f"Prefect's server didn't answer within {BOOT_SECONDS:.0f} s")
