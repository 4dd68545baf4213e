import fcntl
import os
import subprocess
import sys
import threading

import pytest

from tasks.errors import StageError
from tasks.pretrain.distributed import lock


def test_ranks_share_the_lock_and_the_next_run_waits_for_the_last_of_them(tmp_path):
    first, second = lock.share(tmp_path), lock.share(tmp_path)
    os.close(first)
    held = rf"train\.lock is held by another training run \(process {os.getpid()}"
    with pytest.raises(StageError, match=held):
        lock._take(tmp_path, fcntl.LOCK_EX, patience=0)
    os.close(second)
    lock.wait_until_free(tmp_path)


def test_who_waits_says_for_which_process_at_once_and_only_for_a_living_one(tmp_path, caplog):
    script = f"from pathlib import Path\nfrom tasks.pretrain.distributed import lock\nlock.share(Path({str(tmp_path)!r}))"
    ended = subprocess.Popen([sys.executable, "-c", script])
    assert ended.wait() == 0
    held = lock.share(tmp_path)
    threading.Timer(0.3, os.close, [held]).start()
    lock.wait_until_free(tmp_path)
    (warning,) = caplog.messages
    assert f"(process {os.getpid()})" in warning
    assert (tmp_path / lock.LOCK).read_text() == ""
