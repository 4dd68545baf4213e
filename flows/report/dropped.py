"""The report on what was taken out: samples of what every rule dropped."""

from __future__ import annotations

from typing import Any

from tasks.render import Content, Markup, figures, join, one_line, tag
from tasks.story import Run, Section, mapping, numeric, parts, samples


def dropped(run: Run) -> Section:
    """A few of the documents that each rule dropped, to see whether it is right."""
    found: list[Markup] = []
    given = None  # the last node that left documents: their texts are what the next one judged
    for node in run.nodes.values():
        counts = mapping(node.metrics.get("dropped"))
        if given is not None and counts:
            shown = samples.dropped_samples(node.files("ledger"), given.files("documents"))
            ranked = sorted(shown.items(), key=lambda item: (-_documents(counts.get(item[0])), item[0]))
            found += [_rule(node.stage, rule, _documents(counts.get(rule)), items) for rule, items in ranked]
        if "documents" in node.outputs:
            given = node
    if not found:
        return parts.absent("dropped", "Dropped documents", "No stage of this run has dropped a document.")
    lead = "Some documents that each rule dropped, with the score that decided: are the rules right?"
    return Section("dropped", "Dropped documents", lead, join(found))


def _documents(numbers: Any) -> int:
    return int(numeric(mapping(numbers).get("documents")) or 0)


def _rule(stage: str, rule: str, count: int, items: list[samples.Dropped]) -> Markup:
    title = join(tag("span", stage, class_="soft"), " ", parts.name(rule))
    said = f"{figures.count(count)} documents" if count else None
    return parts.sub(title, parts.grid(*(_document(item) for item in items), class_="three"), note=said)


def _document(item: samples.Dropped) -> Markup:
    facts: list[Content] = []
    if item.score is not None:
        limit = f", threshold {figures.number(item.threshold)}" if item.threshold is not None else ""
        facts.append(join("score ", tag("b", figures.number(item.score)), limit))
    if item.matched_id:
        facts.append(join("like ", tag("code", one_line(item.matched_id, 64)[:12])))
    told = [[fact, tag("br")] for fact in facts]
    place = item.url or item.source or ""
    return parts.document(item.id, item.text, told, place, short=(260, 9), long=1400)
