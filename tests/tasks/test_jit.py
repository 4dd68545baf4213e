"""Compiled code is kept where it can be, and no place to keep it is no failure."""

import os
import subprocess
import sys

PROGRAM = """
import tempfile
import numba.core.caching
from tasks import jit

cache = numba.core.caching.CompileResultCacheImpl
cache._locator_classes = [item for item in cache._locator_classes if "UserProvided" in item.__name__]
tempfile.tempdir = {temporary!r}

def double(x):
    return 2 * x

print(jit.compiled(double)(21))
"""


def run(tmp_path, temporary):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM.format(temporary=str(temporary)))
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)


def test_a_private_temporary_folder_serves_where_no_other_can_be_written(tmp_path):
    done = run(tmp_path, tmp_path)
    assert done.stdout == "42\n", done.stderr
    assert list(tmp_path.glob("smelt-numba-*/**/*.nbc"))


def test_without_any_place_each_process_compiles_for_itself(tmp_path):
    done = run(tmp_path, tmp_path / "missing")
    assert done.stdout == "42\n", done.stderr


def test_a_folder_that_others_can_write_is_not_trusted(tmp_path):
    folder = tmp_path / f"smelt-numba-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    done = run(tmp_path, tmp_path)
    assert done.stdout == "42\n", done.stderr
    assert not list(folder.iterdir())
