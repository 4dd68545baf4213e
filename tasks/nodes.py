"""The DAG's nodes, in the order in which they run. A new stage is its module and a line here."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

NODES: dict[str, str] = {
    "ingest": "tasks.ingest.node",
    "filter-edits": "tasks.filter.edits",
    "filter-classifier": "tasks.filter.classifier",
    "filter-signals": "tasks.filter.signals",
    "filter-hosts": "tasks.filter.hosts",
    "filter": "tasks.filter.verdicts",
    "dedup-signatures": "tasks.dedup.signatures",
    "dedup-candidates": "tasks.dedup.candidates",
    "dedup-matches": "tasks.dedup.matches",
    "dedup-survivors": "tasks.dedup.survivors",
    "dedup-passages": "tasks.dedup.passages",
    "dedup-repeats": "tasks.dedup.repeats",
    "dedup": "tasks.dedup.outcome",
    "decontaminate": "tasks.decontaminate.node",
    "tokenize-train": "tasks.tokenize.train",
    "tokenize": "tasks.tokenize.encode",
    "pretrain": "tasks.pretrain.node",
    "evaluate": "tasks.evaluate.node",
}


def load(name: str) -> ModuleType:
    """The module of a node."""
    return importlib.import_module(NODES[name])


def stage_of(name: str) -> str:
    """The stage that a node belongs to: the last node of a stage bears its name.

    >>> stage_of("filter-signals"), stage_of("filter")
    ('filter', 'filter')
    """
    return name.split("-", 1)[0]


def stages() -> dict[str, list[str]]:
    """Stage -> its nodes, both in order."""
    found: dict[str, list[str]] = {}
    for name in NODES:
        found.setdefault(stage_of(name), []).append(name)
    return found


def hooks(name: str) -> dict[str, Any]:
    """Stage -> what it declares under a name, in the DAG's order, of those that do (see `tasks.node`).

    A stage's last node speaks for it: itself, or the module that it names as its STORY.
    """
    found = {}
    for stage, nodes in stages().items():
        module = load(nodes[-1])
        story = importlib.import_module(getattr(module, "STORY", module.__name__))
        if hasattr(story, name):
            found[stage] = getattr(story, name)
    return found
