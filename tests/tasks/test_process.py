"""Child processes: what they may import."""

import sys

import pytest

from tasks.process import spawn

CHILD = """
import subprocess, sys
from multiprocessing import get_context
import json
subprocess.run([sys.executable, "-c", "import json"], check=True)
subprocess.run([sys.executable, "-m", "json.tool"], input=b"{}", check=True)
worker = get_context("spawn").Process(target=print)
worker.start()
worker.join()
sys.exit(worker.exitcode)
"""


@pytest.mark.parametrize("env", [None, {}, {"PYTHONSAFEPATH": ""}], ids=["ours", "empty", "switched off"])
def test_a_child_and_its_children_import_nothing_from_their_folder(tmp_path, env):
    for name in ("json", "multiprocessing"):
        (tmp_path / f"{name}.py").write_text("open('imported', 'a').write(__name__)")
    assert spawn([sys.executable, "-c", CHILD], env=env, cwd=tmp_path).wait(60) == 0
    assert not (tmp_path / "imported").exists()
