"""Machine code is kept where it can be, for just the sources and the CPU that it is of; no place to keep it is no failure.

Each test has a package `tasks` of its own: a kernel that calls another one across files.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tasks import kernels

TASKS = Path(kernels.__file__).parent
SOURCES = {
    "room/inner.py": "from tasks.jit import compiled\nFACTOR = 2\n@compiled\ndef inner(x):\n    return FACTOR * x\n",
    "room/outer.py": "from tasks.jit import compiled\nfrom tasks.room.inner import inner\n"
    "@compiled\ndef outer(x):\n    return inner(x)\n",
    "room/kernels.py": "def outer():\n    from tasks.room.outer import outer\n    outer(1)\n",
}
# Prints what a kernel returns, and how many functions were compiled for it.
PROGRAM = """
import sys, tempfile
import llvmlite.binding
import numba.core.event

if "--elsewhere" in sys.argv:
    llvmlite.binding.get_host_cpu_name = lambda: "znver5"
if "--nowhere" in sys.argv:
    tempfile.tempdir = "/dev/null"
count = 0
class Counter(numba.core.event.Listener):
    def on_start(self, event):
        global count
        count += 1
    def on_end(self, event):
        pass
numba.core.event.register("numba:compile", Counter())
from tasks.room.outer import outer
print(outer(21), count)
"""


@pytest.fixture
def package(tmp_path):
    for name, source in SOURCES.items():
        path = tmp_path / "tasks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    for name in ("jit.py", "kernels.py"):
        shutil.copy(TASKS / name, tmp_path / "tasks")
    return tmp_path / "tasks"


def python(package, *arguments, **environment):
    inherited = {
        name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=package.parent,
        env={**inherited, "HOME": "/dev/null", "PYTHONPATH": str(package.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run(package, *options, **environment):
    return python(package, "-c", PROGRAM, *options, **environment)


def test_what_one_process_compiles_the_next_one_reads(package, tmp_path):
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path)) == "42 2"
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path)) == "42 0"


def test_a_kernel_is_compiled_anew_when_one_that_it_calls_changes_in_another_file(package, tmp_path):
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path)) == "42 2"
    (package / "room/inner.py").write_text(SOURCES["room/inner.py"].replace("= 2", "= 3"))
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path)) == "63 2"


def test_a_copy_in_another_place_and_of_another_age_compiles_nothing(package, tmp_path):
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path)) == "42 2"
    copy = shutil.copytree(package, tmp_path / "copy/tasks")
    for path in copy.rglob("*.py"):
        os.utime(path, (1e9, 1e9))
    assert run(copy, NUMBA_CACHE_DIR=str(tmp_path)) == "42 0"


def test_a_kernel_that_was_cut_off_is_compiled_again(package, tmp_path):
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path)) == "42 2"
    for path in tmp_path.glob("smelt/*/*.kernel"):
        path.write_bytes(path.read_bytes()[:100])
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path)) == "42 2"


def test_kernels_compiled_ahead_serve_a_machine_with_another_cpu(package, tmp_path, monkeypatch):
    ahead, cache = tmp_path / "ahead", tmp_path / "cache"
    monkeypatch.setenv("SMELT_KERNELS", str(ahead))
    if kernels.baseline() is None:
        pytest.skip("this machine lacks the baseline of its architecture")
    assert "compiled in" in python(package, "-m", "tasks.kernels", SMELT_KERNELS=str(ahead))
    before = sorted(ahead.rglob("*"))
    found = run(package, "--elsewhere", SMELT_KERNELS=str(ahead), NUMBA_CACHE_DIR=str(cache))
    assert (found, sorted(ahead.rglob("*"))) == ("42 0", before)


def test_a_private_temporary_folder_serves_where_no_other_can_be_written(package, tmp_path):
    assert run(package, TMPDIR=str(tmp_path)) == "42 2"
    assert list(tmp_path.glob(f"smelt-kernels-{os.getuid()}/*/*.kernel"))


def test_without_any_place_each_process_compiles_for_itself(package):
    assert [run(package, "--nowhere") for _ in range(2)] == ["42 2", "42 2"]


@pytest.mark.parametrize("depth", [0, 1])
def test_a_folder_that_others_can_write_is_neither_read_nor_written(package, tmp_path, depth):
    assert run(package, TMPDIR=str(tmp_path)) == "42 2"
    shared = tmp_path / f"smelt-kernels-{os.getuid()}"
    [folder] = [shared, *shared.iterdir()][depth : depth + 1]
    folder.chmod(0o777)
    before = sorted(shared.rglob("*"))
    assert run(package, TMPDIR=str(tmp_path)) == "42 2"
    assert sorted(shared.rglob("*")) == before


def test_a_relative_folder_is_left_alone(package, tmp_path):
    run(package, "--nowhere", NUMBA_CACHE_DIR="here")
    assert not (tmp_path / "here").exists()
