"""The DAG's nodes, in the order in which they run. A new stage is its module and a line here."""

from __future__ import annotations

import importlib
from types import ModuleType

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
