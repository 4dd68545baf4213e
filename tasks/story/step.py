"""What one stage did with one document, as `smelt explain` tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tasks.render import figures
from tasks.story.lookup import Rows, find
from tasks.story.run import Node


@dataclass(frozen=True)
class Subject:
    """The document that is told of.

    record: its row in the ledger of the node that read it. read: the document as it was read; empty where it was lost.
    """

    id: str
    record: dict[str, Any] = field(default_factory=dict)
    read: dict[str, Any] = field(default_factory=dict)

    def rows(self, node: Node | None, output: str) -> Rows:
        """Its rows in an output of a node; a document's rows lie in shards of the same name."""
        return find(node.files(output), self.id, near=self.read.get("_file"), exact=True) if node else []


@dataclass(frozen=True)
class Step:
    """What one stage did with a document.

    verdict: kept | dropped | done | "" (it has nothing to say of it); facts: name -> plain value, in order.
    lines: fact -> its lines on a terminal, where name and value alone would say too little.
    """

    stage: str
    verdict: str
    summary: str
    facts: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)


def judged(node: Node, subject: Subject, kept: str) -> Step:
    """The verdict of a node's ledger; `kept` is said of a document that stayed."""
    rows = subject.rows(node, "ledger")
    if not rows:
        return Step(node.stage, "", "has no row for it in its ledger")
    row = rows[0]
    said = kept if row["verdict"] == "kept" else f"dropped by {row['rule']}"
    return Step(node.stage, str(row["verdict"]), said, verdict_facts(row))


def verdict_facts(row: dict[str, Any]) -> dict[str, Any]:
    """What a ledger's row says beside the verdict."""
    failed = row.get("failed_rules") or []
    facts = {
        "score": row.get("score"),
        "threshold": row.get("threshold"),
        "failed rules": ", ".join(map(str, failed)) if len(failed) > 1 else None,
        "matched": row.get("matched_id"),
        "similarity": row.get("similarity"),
    }
    return {name: value for name, value in facts.items() if value is not None}


def edit_facts(node: Node | None, subject: Subject) -> dict[str, Any]:
    """What a node took out of the text: {"edits": {rule: "3 times, 120 bytes"}}, if anything."""
    told = {}
    for row in subject.rows(node, "edits"):
        times = "once" if row["count"] == 1 else f"{figures.count(row['count'])} times"
        told[str(row["rule"])] = f"{times}, {figures.count(row['bytes'])} bytes taken out"
    return {"edits": told} if told else {}
