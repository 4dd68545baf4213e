"""The funnel: what each stage took and left, from the metrics of its artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasks.nodes import stage_of
from tasks.story.run import mapping, numeric


@dataclass(frozen=True)
class Drop:
    """What one rule removed."""

    rule: str
    documents: int
    bytes: int


@dataclass(frozen=True)
class Edit:
    """What one rule took out of texts: how often, in how many documents."""

    rule: str
    documents: int
    count: int
    bytes: int


@dataclass(frozen=True)
class Passage:
    """Documents and UTF-8 bytes into and out of one stage, and what was dropped or edited in between, most first."""

    stage: str
    documents_in: int
    documents_out: int
    bytes_in: int | None
    bytes_out: int | None
    drops: tuple[Drop, ...]
    edits: tuple[Edit, ...] = ()

    @property
    def dropped(self) -> int:
        return max(0, self.documents_in - self.documents_out)


def passage(manifest: Mapping[str, Any]) -> Passage | None:
    """The passage of a node that counts documents in and out, else None."""
    metrics = mapping(manifest.get("metrics"))
    into, out = numeric(metrics.get("documents_in")), numeric(metrics.get("documents_out"))
    if into is None or out is None:
        return None
    drops = []
    for rule, numbers in mapping(metrics.get("dropped")).items():
        counts = numbers if isinstance(numbers, dict) else {"documents": numbers}
        documents, size = (numeric(counts.get(name)) or 0 for name in ("documents", "bytes"))
        if documents:
            drops.append(Drop(str(rule), int(documents), int(size)))
    drops.sort(key=lambda drop: (-drop.documents, drop.rule))
    sizes = [numeric(metrics.get(name)) for name in ("bytes_in", "bytes_out")]
    bytes_in, bytes_out = (None if size is None else int(size) for size in sizes)
    stage = str(manifest.get("stage") or stage_of(str(manifest.get("node"))))
    return Passage(stage, int(into), int(out), bytes_in, bytes_out, tuple(drops))


def edits(manifest: Mapping[str, Any]) -> tuple[Edit, ...]:
    """What the rules of a node that edits texts took out, most bytes first."""
    found = []
    for rule, counts in mapping(mapping(manifest.get("metrics")).get("edits")).items():
        numbers = [int(numeric(mapping(counts).get(name)) or 0) for name in ("documents", "count", "bytes")]
        found.append(Edit(str(rule), *numbers))
    return tuple(sorted(found, key=lambda edit: (-edit.bytes, edit.rule)))


def funnel(manifests: Iterable[Mapping[str, Any] | None]) -> list[Passage]:
    """The passages of the stages, in the order given: a stage's last node speaks for it.

    Where a node before it edits texts, the stage's bytes in are those before the edits.
    """
    found = []
    edited: dict[str, Passage] = {}
    for manifest in manifests:
        if not manifest or (step := passage(manifest)) is None:
            continue
        if taken := edits(manifest):
            edited[step.stage] = replace(step, edits=taken)
        if manifest.get("node") == step.stage:
            first = edited.get(step.stage)
            found.append(replace(step, bytes_in=first.bytes_in, edits=first.edits) if first else step)
    return found
