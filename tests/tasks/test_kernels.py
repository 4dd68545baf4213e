"""Kernels are compiled once, before work is shared out, by one of several runs, and all of those that are needed."""

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import small_pipeline

from tasks import kernels
from tasks.nodes import NODES, load


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("SMELT_KERNELS", raising=False)
    for remembered in (kernels.version, kernels.shipped, kernels.own):
        remembered.cache_clear()
    yield kernels.own()
    for remembered in (kernels.version, kernels.shipped, kernels.own):
        remembered.cache_clear()


class Compiler:
    """Stands for the processes that compile: notes what it is asked for, and stops at `dies_at`."""

    def __init__(self, folder, dies_at=None):
        self.folder, self.dies_at, self.asked, self.said = folder, dies_at, [], []

    def __call__(self, function, jobs):
        for (name,) in jobs:
            if name == self.dies_at:
                raise KeyboardInterrupt
            self.asked.append(name)
            (self.folder / f"{name}.done").touch()
        return []


def test_what_is_there_is_not_compiled_and_not_spoken_of(folder):
    compiler = Compiler(folder)
    kernels.compile_missing(["a", "b"], compiler, compiler.said.append)
    assert compiler.asked == ["a", "b"]
    assert compiler.said[0].startswith("compiling kernels")
    said = len(compiler.said)
    kernels.compile_missing(["a", "b"], compiler, compiler.said.append)
    assert (compiler.asked, len(compiler.said)) == (["a", "b"], said)


def test_a_run_that_was_killed_leaves_what_it_compiled_and_the_rest_to_do(folder):
    with pytest.raises(KeyboardInterrupt):
        kernels.compile_missing(["a", "b"], Compiler(folder, "b"), print)
    compiler = Compiler(folder)
    kernels.compile_missing(["a", "b"], compiler, print)
    assert compiler.asked == ["b"]


def test_of_two_runs_at_once_one_compiles(folder):
    program = "import sys; from tasks import kernels; kernels.compile_missing(['tasks.text.kernels.ngram_sets'], " \
        "lambda function, jobs: [function(*job) for job in jobs], print)"  # fmt: skip
    root = str(Path(kernels.__file__).parents[1])
    runs = [
        subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sum("compiled in" in text for text in said) == 1


def test_other_versions_go_when_nobody_has_used_them_for_long(folder):
    old, young, other = (folder.parent / name for name in ("0" * 16, "1" * 16, "notes"))
    for path in (old, young, other):
        path.mkdir()
    long_ago = time.time() - (kernels.UNUSED_DAYS + 1) * 86400
    for path in (old, other):
        os.utime(path, (long_ago, long_ago))
    kernels.compile_missing(["a"], Compiler(folder), print)
    assert [path.exists() for path in (old, young, other)] == [False, True, True]


def test_whether_something_is_missing_is_known_without_numba():
    program = "import sys; from tasks import kernels; kernels.missing(['a']); print('numba' in sys.modules)"
    root = str(Path(kernels.__file__).parents[1])
    assert subprocess.check_output([sys.executable, "-c", program], cwd=root, text=True) == "False\n"


def test_every_group_that_a_node_names_is_a_function():
    named = {name for node in NODES for name in getattr(load(node), "KERNELS", ())}
    assert named <= set(kernels.groups())
    assert all(
        callable(getattr(importlib.import_module(module), function))
        for module, _, function in (name.rpartition(".") for name in named)
    )


@pytest.mark.parametrize(
    ("engine", "names"), [("fast", ["blocks"]), ("resiliparse", ["pages"]), ("trafilatura", [])]
)
def test_ingest_needs_the_kernels_of_the_engines_that_read_its_pages(engine, names):
    ingest = load("ingest")
    source = {"kind": "warc", "name": "web", "paths": ["a"], "engine": engine}
    config = ingest.Config.model_validate({"sources": [source]})
    assert kernels.needed(ingest, config) == [f"tasks.ingest.kernels.{name}" for name in names]


@pytest.mark.slow
def test_a_run_compiles_nothing_after_its_first_step(tmp_path):
    small_pipeline.write(tmp_path)
    done = small_pipeline.smelt(tmp_path, "run", "--to", "tokenize", NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "compiled in" in done.stderr
    [folder] = (tmp_path / "cache/smelt").iterdir()
    last = max(path.stat().st_mtime_ns for path in folder.glob("*.done"))
    assert [path.name for path in folder.glob("*.kernel") if path.stat().st_mtime_ns > last] == []
