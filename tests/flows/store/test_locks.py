import subprocess
import sys

from flows.store.locks import FileLock

HOLD = """
import sys, pathlib
from flows.store.locks import FileLock
lock = FileLock(pathlib.Path(sys.argv[1]))
assert lock.try_acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_held_by_one_and_freed_by_release(tmp_path):
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.try_acquire()
    assert not second.try_acquire()
    first.release()
    assert second.try_acquire()
    second.release()


def test_the_death_of_the_owner_frees_the_lock(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout.readline() == "held\n"
    lock = FileLock(tmp_path / "lock")
    assert not lock.try_acquire()
    assert lock.owner() == str(owner.pid)
    owner.kill()
    owner.wait()
    assert lock.try_acquire()
    lock.release()


def test_children_do_not_inherit_the_lock(tmp_path):
    lock = FileLock(tmp_path / "lock")
    assert lock.try_acquire()
    program = "import sys; print('up', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    child = subprocess.Popen([sys.executable, "-c", program], close_fds=False, text=True, **pipes)
    assert child.stdout.readline() == "up\n"
    lock.release()
    other = FileLock(tmp_path / "lock")
    assert other.try_acquire()
    other.release()
    child.communicate()


def test_who_waits_is_told_once(tmp_path):
    told = []
    first = FileLock(tmp_path / "lock")
    assert first.try_acquire()

    def waits(owner):
        told.append(owner)
        first.release()

    with FileLock(tmp_path / "lock", on_wait=waits, poll=0.001):
        assert len(told) == 1
