"""The architecture: imports point one way, flows -> tasks -> model, and what is heavy is imported late."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.nodes import NODES

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "tasks": {"flows", "prefect"},
    "model": {"flows", "tasks", "prefect", "deepspeed"},
}
HEAVY = (
    "torch",
    "deepspeed",
    "prefect",
    "numba",
    "numpy",
    "pyarrow",
    "transformers",
    "tokenizers",
    "lm_eval",
)


def imported_packages(file: Path) -> Iterator[tuple[str, int]]:
    """The top-level packages that a file imports anywhere in it, with the line."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name.split(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0], node.lineno


def loaded_after(statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of the modules a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_point_one_way(package):
    found = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in sorted((ROOT / package).rglob("*.py"))
        for name, line in imported_packages(file)
        if name in FORBIDDEN[package]
    ]
    assert found == []


@pytest.mark.parametrize("node", NODES)
def test_a_node_module_imports_nothing_heavy(node):
    assert loaded_after(f"import {NODES[node]}", HEAVY) == []


@pytest.mark.parametrize(
    "module",
    ["flows.cli", "tasks.filter.replay.tuning, tasks.filter.story", "flows.explain, flows.report.page"],
)
def test_what_only_reads_the_store_imports_neither_torch_nor_deepspeed_nor_prefect(module):
    assert loaded_after(f"import {module}", ("torch", "deepspeed", "prefect")) == []
