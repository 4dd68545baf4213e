"""The report on what was taken out: duplicates, and samples of what every rule dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.history import Run, mapping, numeric, samples
from flows.render import Content, Markup, charts, excerpt, figures, join, one_line, tag
from flows.report import clusters
from flows.report import parts as report_parts
from flows.report.parts import Section, absent, grid, stat, stats, sub

JUDGES = ("filter", "dedup", "decontaminate")
LARGEST = 30  # clusters of more documents share a bar


def duplicates(run: Run) -> Section:
    """Clusters of near-duplicates: how large, how like."""
    node = run.node("dedup")
    if node is None:
        return absent("duplicates", "Duplicates", "Dedup is not part of this run, or hasn't finished.")
    files = node.files("clusters")
    sizes = [counts["rows"] for counts in samples.count_by(files, ["cluster"]).values()]
    if not sizes:
        return Section("duplicates", "Duplicates", "No two documents were alike.")
    lead = "A document is removed only if it is like enough to one that stays, compared shingle by shingle."
    into, out = (numeric(node.metrics.get(name)) or 0 for name in ("documents_in", "documents_out"))
    row = stats(
        stat(figures.count(len(sizes)), "clusters"),
        stat(figures.count(sum(sizes)), "documents in them"),
        stat(figures.count(into - out), "documents removed"),
        stat(figures.count(max(sizes)), "in the largest"),
    )
    alarms = clusters.alarms(node)
    body = join(alarms, row, grid(_cluster_sizes(sizes), _similarities(files)), clusters.largest(node))
    return Section("duplicates", "Duplicates", lead, body)


def _cluster_sizes(sizes: Sequence[int]) -> Markup:
    counts = Counter(min(size, LARGEST) for size in sizes)
    bars = [(size - 0.5, size + 0.5, float(n)) for size, n in sorted(counts.items())]
    top = min(max(sizes), LARGEST)
    label = "documents in a cluster" + (f" ({LARGEST} or more)" if max(sizes) > LARGEST else "")
    x = charts.axis([1.5, max(top, 4) + 0.5], tight=True, label=label, ticks=6)
    group = charts.Bars("clusters", bars, "c3")
    return charts.histogram([group], x, title="Size of clusters", unit="clusters", log=len(sizes) > 50)


def _similarities(files: Sequence[Path]) -> Content:
    import numpy as np

    found = samples.column_histogram(files, "similarity", np.linspace(0.5, 1.0001, 26))
    if not found:
        return None
    label = "Jaccard similarity to the survivor"
    x = charts.axis([min(found.bins[0][0], 0.9), 1], tight=True, label=label, ticks=6)
    return charts.histogram([charts.Bars("documents", found.bins, "c4")], x, title="Similarity")


def dropped(run: Run) -> Section:
    """A few of the documents that each rule dropped, to see whether it is right."""
    parts = []
    upstream = run.node("filter-edits") or run.node("ingest")
    for name in JUDGES:
        node = run.node(name)
        if node is None:
            break
        if upstream is not None:
            found = samples.dropped_samples(node.files("ledger"), upstream.files("documents"))
            counts = mapping(node.metrics.get("dropped"))
            ranked = sorted(found.items(), key=lambda item: (-_documents(counts.get(item[0])), item[0]))
            parts += [_rule(name, rule, _documents(counts.get(rule)), items) for rule, items in ranked]
        upstream = node
    if not parts:
        return absent("dropped", "Dropped documents", "No stage of this run has dropped a document.")
    lead = "Some documents that each rule dropped, with the score that decided: are the rules right?"
    return Section("dropped", "Dropped documents", lead, join(parts))


def _documents(numbers: Any) -> int:
    return int(numeric(mapping(numbers).get("documents")) or 0)


def _rule(stage: str, rule: str, count: int, items: list[samples.Dropped]) -> Markup:
    title = join(tag("span", stage, class_="soft"), " ", report_parts.name(rule))
    said = f"{figures.count(count)} documents" if count else None
    return sub(title, grid(*(_document(item) for item in items), class_="three"), note=said)


def _document(item: samples.Dropped) -> Markup:
    facts: list[Content] = []
    if item.score is not None:
        limit = f", threshold {figures.number(item.threshold)}" if item.threshold is not None else ""
        facts.append(join("score ", tag("b", figures.number(item.score)), limit))
    if item.matched_id:
        facts.append(join("like ", tag("code", one_line(item.matched_id, 64)[:12])))
    short, long = excerpt(item.text, 260, lines=9), excerpt(item.text, 1400)
    text: Content = short
    if long != short:
        text = tag("details", tag("summary", tag("span", short)), long)
    return tag(
        "article",
        tag("p", [[fact, tag("br")] for fact in facts], class_="score") if facts else None,
        tag("p", one_line(item.url or item.source or "", 140), class_="url"),
        tag("div", text, class_="text", dir="auto"),
        tag("code", item.id[:12], title=one_line(item.id, 64)),
    )
