"""The report on edits: what was taken out of texts that stayed, by rule, with passages to look at."""

from __future__ import annotations

from typing import Any

from flows.history import Edit, Node, Run, edits, numeric, samples
from flows.render import Content, Markup, charts, figures, join, one_line, table, tag
from flows.report import parts
from flows.report.parts import Section, absent, stat, stats, sub

MOST_RULES = 24
PER_RULE = 5


# The nodes that leave repeated paragraphs and benchmark items out of texts that stay.
LATER = {"dedup": "Paragraphs that an earlier document has", "decontaminate": "Benchmark items cut out"}


def edits_section(run: Run) -> Section:
    """Lines and marks that were removed, personal data that was replaced, and what was cut out later."""
    node = run.node("filter-edits")
    found = edits(node.manifest or {}) if node else ()
    later = join(*(_cut(run, name, title) for name, title in LATER.items()))
    if node and found:
        lead = "Lines that no author wrote and personal data, taken out before a text is judged. Personal data is masked."
        shown = _samples(node, found)
        passages = sub("Some of the passages", shown) if shown else None
        return Section("edits", "Edits", lead, join(_totals(node, found), _rules(found), passages, later))
    if later:
        return Section("edits", "Edits", "What was taken out of texts that stayed.", later)
    if node:
        return Section("edits", "Edits", "No rule had anything to take out of a text.")
    return absent("edits", "Edits", "No texts were edited in this run, or that node hasn't finished.")


def _totals(node: Node, found: tuple[Edit, ...]) -> Markup:
    before, after, touched, emptied = (
        numeric(node.metrics.get(name)) or 0 for name in ("bytes_in", "bytes_out", "edited", "emptied")
    )
    return stats(
        stat(figures.count(touched), "documents edited"),
        stat(figures.count(sum(edit.count for edit in found)), "edits"),
        stat(figures.size(before - after), "less text", figures.share(before - after, before)),
        stat(figures.count(emptied), "texts left empty"),
    )


def _cut(run: Run, name: str, title: str) -> Content:
    """What a later node cut out of documents, if it did."""
    node = run.node(name)
    found = edits(node.manifest or {}) if node else ()
    return sub(title, _rules(found), _samples(node, found)) if node and found else None


def _rules(found: tuple[Edit, ...]) -> Markup:
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


def _samples(node: Node, found: tuple[Edit, ...]) -> Content:
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
