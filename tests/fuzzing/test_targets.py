"""Every target of `tests/bench/fuzz.py` on a few cases, so that the campaign itself doesn't rot, and that it sees a fault."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from fuzzing.case import Case, Target
from fuzzing.targets import TARGETS, made

CASES = 12


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tests/bench/fuzz.py as a module."""
    spec = importlib.util.spec_from_file_location("bench_fuzz", Path(__file__).parents[1] / "bench/fuzz.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench_fuzz", module)
    monkeypatch.setattr(sys, "path", sys.path[:])
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", TARGETS)
def test_the_laws_hold_on_a_few_cases(name: str) -> None:
    if name == "git" and shutil.which("git") is None:
        pytest.skip("git is not installed")
    for number in range(3 if name == "growth" else CASES):
        TARGETS[name].check(made(name, 1, number))


@pytest.mark.parametrize("name", TARGETS)
def test_a_case_is_the_same_every_time_and_when_it_was_kept(name: str, tmp_path: Path) -> None:
    if name == "git" and shutil.which("git") is None:
        pytest.skip("git is not installed")
    case = made(name, 1, 5)
    assert made(name, 1, 5) == case
    assert made(name, 2, 5) != case or made(name, 3, 5) != case
    assert Case.load(case.save(tmp_path, "x")) == case


def fails(case: Case) -> None:
    raise KeyError(case.target)


def takes_memory(case: Case) -> None:
    assert len(b"x" * (128 << 20))


def takes_time(case: Case) -> None:
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass


@pytest.mark.parametrize(
    ("check", "kind"),
    [(fails, "KeyError"), (takes_memory, "memory"), (takes_time, "slow"), (lambda _: None, "None")],
)
def test_a_fault_is_seen(
    check: Callable[[Case], None], kind: str, command: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.forget_peak()  # this process has been many things before
    monkeypatch.setattr(command, "MEMORY", command.peak() + 64)
    target = Target(lambda draw: Case("x", b""), check, seconds=0.1 if check is takes_time else 60)
    monkeypatch.setitem(TARGETS, "x", target)
    assert str(command.examine(Case("x", b""))[0]).startswith(kind)
