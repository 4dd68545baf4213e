"""What was taken out of texts that stayed, by rule, with passages to look at."""

from __future__ import annotations

from typing import Any

from tasks.render import Content, Markup, charts, figures, one_line, table, tag
from tasks.story import parts, samples
from tasks.story.counts import Edit, edits
from tasks.story.parts import sub
from tasks.story.run import Node

MOST_RULES = 24
PER_RULE = 5


def edited(node: Node, title: str) -> Content:
    """What a node cut out of documents that stayed, if it did."""
    found = edits(node.manifest or {})
    return sub(title, edit_table(found), edit_samples(node, found)) if found else None


def edit_table(found: tuple[Edit, ...]) -> Markup:
    """Documents, edits and bytes by rule."""
    most = found[0].bytes
    rows: list[list[Content]] = [
        [
            parts.name(edit.rule),
            figures.count(edit.documents),
            figures.count(edit.count),
            figures.size(edit.bytes),
            charts.bar([(edit.bytes, "gone", f"{figures.size(edit.bytes)}")], most, 8),
        ]
        for edit in found[:MOST_RULES]
    ]
    return table(["rule", "documents", "edits", "bytes", ""], rows, numeric=(1, 2, 3), class_="rules")


def edit_samples(node: Node, found: tuple[Edit, ...]) -> Content:
    """A few passages of each rule, from as many files as have some."""
    shown: dict[str, list[dict[str, Any]]] = {edit.rule: [] for edit in found[:MOST_RULES]}
    for batch in samples.row_groups(node.files("samples"), most_rows=20_000).read(
        ["rule", "text", "replacement", "id"]
    ):
        for row in batch.to_pylist():
            kept = shown.get(str(row["rule"]))
            if kept is not None and len(kept) < PER_RULE and row["text"] not in [one["text"] for one in kept]:
                kept.append(row)
    rows: list[list[Content]] = [
        [
            parts.name(rule) if at == 0 else None,
            tag("q", one_line(row["text"], 200)),
            tag("code", one_line(row["replacement"], 40)) if row["replacement"] else None,
            tag("code", one_line(row["id"], 64)[:12]),
        ]
        for rule, kept in shown.items()
        for at, row in enumerate(kept)
    ]
    head = ["rule", "taken out", "now", "document"]
    return table(head, rows, class_="long") if rows else None
