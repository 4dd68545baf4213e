"""The scores of a run's model, and what it wrote."""

from __future__ import annotations

from typing import Any

from tasks.render import read_lines
from tasks.story.run import Run, numeric, read_json


def scores(run: Run) -> dict[str, Any]:
    """What `scores.json` says, whichever node left it; empty where none has."""
    node = run.having("scores")
    return read_json(node.file("scores.json")) if node else {}


def generations(run: Run, limit: int) -> list[dict[str, Any]]:
    """The first texts of `generations.jsonl`, which the model wrote: {"prompt", "text"}."""
    node = run.having("generations")
    return list(read_lines(node.file("generations.jsonl"), limit)) if node else []


def interval(score: dict[str, Any]) -> str:
    """A score's interval, "low – high", or nothing where it has none.

    >>> interval({"low": 0.1, "high": 0.25}), interval({})
    ('0.100 – 0.250', '')
    """
    low, high = numeric(score.get("low")), numeric(score.get("high"))
    return "" if low is None or high is None else f"{low:.3f} – {high:.3f}"
