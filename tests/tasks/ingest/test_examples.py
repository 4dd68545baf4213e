"""The examples in the docstrings."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "charset",
        "columns",
        "generated",
        "gutenberg",
        "languages",
        "licences",
        "source_code",
        "container",
        "warc",
    ],
)
def test_the_examples_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"tasks.ingest.{name}"))
    assert found.attempted
    assert not found.failed
