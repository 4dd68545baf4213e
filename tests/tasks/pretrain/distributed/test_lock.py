import fcntl
import os

import pytest

from tasks.errors import StageError
from tasks.pretrain.distributed import lock


def test_ranks_share_the_lock_and_the_next_run_waits_for_the_last_of_them(tmp_path):
    first, second = lock.share(tmp_path), lock.share(tmp_path)
    os.close(first)
    with pytest.raises(StageError, match=r"train\.lock is held by another training run"):
        lock._take(tmp_path, fcntl.LOCK_EX, patience=0)
    os.close(second)
    lock.wait_until_free(tmp_path)
