"""What the supervisor makes of a signal: the driver is asked to stop, and its answer decides."""

import signal
import subprocess
import sys

import pytest

from flows.run import supervisor
from flows.settings import load_settings

DRIVER = """
import os, signal, sys
os.kill(os.getppid(), signal.SIGTERM)
sys.stdin.read()
sys.exit({status})
"""


@pytest.mark.parametrize(
    ("driver", "expected"),
    [(130, 128 + signal.SIGTERM), (1, 128 + signal.SIGTERM), (0, 0)],
    ids=["interrupted", "failed while it stopped", "complete already"],
)
def test_a_signal_is_the_exit_status_unless_the_run_was_complete(tmp_path, monkeypatch, driver, expected):
    def start(_command, **options):
        return subprocess.Popen(
            [sys.executable, "-c", DRIVER.format(status=driver)], start_new_session=True, **options
        )

    (tmp_path / "pipeline.yaml").write_text("store: store\n")
    monkeypatch.setattr(supervisor, "spawn", start)
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    status, _ = supervisor.supervise(load_settings(tmp_path / "pipeline.yaml", ()), {}, [])
    assert status == expected
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers
