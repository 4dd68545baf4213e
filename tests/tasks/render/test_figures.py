"""The examples in the docstrings, run."""

import doctest
import importlib

import pytest

MODULES = ("figures", "text", "markup", "markdown", "summary", "report_overview", "report_record")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name):
    found = doctest.testmod(importlib.import_module(f"flows.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
