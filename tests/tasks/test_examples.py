"""The examples in the docstrings."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "nodes",
        "node",
        "render.text",
        "render.figures",
        "render.markup",
        "story.results",
        "filter.replay.terminal",
        "filter.replay.rules",
        "filter.replay.tuning",
        "text.charset",
        "ingest.tables.columns",
        "ingest.code.generated",
        "ingest.books.gutenberg",
        "ingest.code.languages",
        "ingest.code.licences",
        "ingest.code.files",
        "io.container",
        "ingest.warc.source",
    ],
)
def test_the_examples_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"tasks.{name}"))
    assert found.attempted
    assert not found.failed
