"""The examples in the docstrings, run."""

import doctest
import importlib

import pytest

MODULES = ("history.summary", "report.record", "report.overview", "run.markdown")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name):
    found = doctest.testmod(importlib.import_module(f"flows.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
