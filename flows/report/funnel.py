"""The report's funnel: what came in, what each rule took, what is left."""

from __future__ import annotations

from typing import Any

from tasks.render import Content, Markup, charts, figures, join, table, tag
from tasks.story import Passage, Run, Section, funnel, mapping, numeric, parts

MOST_RULES = 14


def funnel_section(run: Run) -> Section:
    """Documents and bytes into and out of every stage, with what each rule took."""
    steps = funnel(node.manifest for node in run.nodes.values())
    if not steps:
        return parts.absent("funnel", "Funnel", "No stage of this run has counted documents yet.")
    first, last = steps[0], steps[-1]
    lead = (
        f"Of {figures.count(first.documents_in)} records, {figures.count(last.documents_out)} "
        f"({figures.share(last.documents_out, first.documents_in)}) reached the end. "
        "A document counts for the first rule that it failed."
    )
    looks = (("c1", "documents kept"), ("gone", "dropped"), ("c0", "bytes kept"))
    legend = tag("ul", [tag("li", charts.swatch(look), name) for look, name in looks], class_="legend")
    most_documents = max(step.documents_in for step in steps)
    most_bytes = max((step.bytes_out or 0) for step in steps)
    failed = {node.stage: mapping(node.metrics.get("failed")) for node in run.nodes.values() if node.metrics}
    rows = [_step(step, most_documents, most_bytes, failed.get(step.stage, {})) for step in steps]
    return Section("funnel", "Funnel", lead, join(legend, tag("div", rows, class_="funnel")))


def _step(step: Passage, most_documents: int, most_bytes: int, failed: dict[str, Any]) -> Markup:
    lost = f"−{figures.count(step.dropped)} ({figures.share(step.dropped, step.documents_in)})"
    said = tag(
        "p",
        tag("b", step.stage, class_="stage"),
        tag("span", figures.count(step.documents_in), " → ", tag("b", figures.count(step.documents_out))),
        tag("span", lost, class_="lost") if step.dropped else tag("span", "none dropped", class_="soft"),
        tag("span", figures.size(step.bytes_in), " → ", figures.size(step.bytes_out), class_="soft"),
    )
    shares = [
        (step.documents_out, "c1", f"{step.stage}: {figures.count(step.documents_out)} kept"),
        (step.dropped, "gone", f"{step.stage}: {figures.count(step.dropped)} dropped"),
    ]
    documents = charts.bar(shares, most_documents, 16)
    text = [(step.bytes_out or 0, "c0", f"{figures.size(step.bytes_out)} of text kept")]
    size = charts.bar(text, most_bytes, 5) if step.bytes_out else None
    return tag("div", said, documents, size, _edited(step), _rules(step, failed), class_="step")


def _edited(step: Passage) -> Content:
    """How many bytes edits took, and the rules that took most; `report_edits` has the rest."""
    if not step.edits:
        return None
    most = [join(parts.name(edit.rule), f" {figures.size(edit.bytes)}") for edit in step.edits[:3]]
    total = figures.size(sum(edit.bytes for edit in step.edits))
    return tag("p", f"{total} taken out of texts by edits: ", [[", " if at else "", one] for at, one in enumerate(most)],
               " and more" if len(step.edits) > 3 else None, class_="soft")  # fmt: skip


def _rules(step: Passage, failed: dict[str, Any]) -> Content:
    """A stage's rules, those that dropped most first; `failed` counts every document that breaks a rule."""
    if not step.drops:
        return None
    most = step.drops[0].documents
    rows: list[list[Content]] = []
    for drop in step.drops[:MOST_RULES]:
        row: list[Content] = [
            parts.name(drop.rule),
            figures.count(drop.documents),
            charts.bar([(drop.documents, "gone", f"{figures.count(drop.documents)} documents")], most, 8),
            figures.share(drop.documents, step.documents_in),
            figures.size(drop.bytes),
        ]
        rows.append([*row, figures.count(numeric(failed.get(drop.rule)))] if failed else row)
    head = ["rule", "documents", "", "of those in", "bytes", *(["broken by"] if failed else [])]
    rest = step.drops[MOST_RULES:]
    count = sum(drop.documents for drop in rest)
    more = tag("p", f"and {len(rest)} more rules with {count:,} documents", class_="soft") if rest else None
    return join(table(head, rows, numeric=(1, 3, 4, 5), class_="rules"), more)
