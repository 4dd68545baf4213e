"""What dedup says of itself: a document's cluster and its survivor, and the section of the report on duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.render import Content, Markup, charts, figures, join, one_line, tag
from tasks.story import (
    Node,
    Run,
    Section,
    Step,
    Subject,
    edit_facts,
    edited,
    find,
    judged,
    mapping,
    numeric,
    parts,
    samples,
)

LARGEST = 30  # clusters of more documents share a bar
MOST_CLUSTERS = 6
FEW_ALARMS = 4  # the rest is folded
MOST_ALARMS = 200


def tell(run: Run, node: Node, subject: Subject) -> Step:
    """The verdict, its cluster, and the paragraphs that were cut out of it."""
    step = judged(node, subject, "no document like it")
    step = replace(step, facts=step.facts | edit_facts(node, subject))
    rows = find(node.files("clusters"), subject.id, exact=True)
    if not rows:
        return step
    row = rows[0]
    mates = find(node.files("clusters"), row["cluster"], column="cluster")
    facts = {"cluster": row["cluster"], "documents in the cluster": len(mates), "survivor": row["survivor"],
             "similarity": row["similarity"]}  # fmt: skip
    alone = row["survivor"] == subject.id
    said = "kept as the survivor of its cluster" if alone else "kept, but has near-duplicates"
    return replace(step, summary=said if step.verdict == "kept" else step.summary, facts=step.facts | facts)


def duplicates(run: Run) -> Section:
    """Clusters of near-duplicates: how large, how like."""
    node = run.node("dedup")
    if node is None:
        return parts.absent("duplicates", "Duplicates", "Dedup is not part of this run, or hasn't finished.")
    files = node.files("clusters")
    sizes = [counts["rows"] for counts in samples.count_by(files, ["cluster"]).values()]
    cut = edited(node, "Paragraphs that an earlier document has")
    if not sizes:
        return Section("duplicates", "Duplicates", "No two documents were alike.", cut)
    lead = "A document is removed only if it is like enough to one that stays, compared shingle by shingle."
    into, out = (numeric(node.metrics.get(name)) or 0 for name in ("documents_in", "documents_out"))
    row = parts.stats(
        parts.stat(figures.count(len(sizes)), "clusters"),
        parts.stat(figures.count(sum(sizes)), "documents in them"),
        parts.stat(figures.count(into - out), "documents removed"),
        parts.stat(figures.count(max(sizes)), "in the largest"),
    )
    charted = parts.grid(_cluster_sizes(sizes), _similarities(files))
    return Section("duplicates", "Duplicates", lead, join(alarms(node), row, charted, largest(node), cut))


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


def alarms(node: Node) -> Content:
    """A line for each source that lost more than `dedup.alarm.share` of its documents."""
    said = node.metrics.get("alarms")
    lines = [one_line(line, 200) for line in said if line] if isinstance(said, list) else []
    told = [tag("p", tag("span", line, class_="event warn")) for line in lines[:MOST_ALARMS]]
    return [told[:FEW_ALARMS], parts.fold(told[FEW_ALARMS:])] if told else None


def largest(node: Node) -> Content:
    """The largest clusters: a survivor of each, and some of the documents that it stands for."""
    found = node.metrics.get("top_clusters")
    clusters = [mapping(item) for item in found[:MOST_CLUSTERS]] if isinstance(found, list) else []
    told = [_cluster(item) for item in clusters if isinstance(item.get("samples"), list)]
    return parts.sub("The largest clusters", told) if told else None


def _cluster(cluster: dict[str, Any]) -> Markup:
    documents, kept = (figures.count(numeric(cluster.get(name))) for name in ("documents", "kept"))
    summary = tag("summary", tag("b", f"{documents} documents"), f", {kept} kept")
    samples = [_sample(mapping(item)) for item in cluster["samples"]]
    return tag("details", summary, parts.grid(*samples))


def _sample(sample: dict[str, Any]) -> Markup:
    id, similarity = str(sample.get("id")), numeric(sample.get("similarity"))
    fate = "kept" if sample.get("survivor") == sample.get("id") else "removed"
    if fate == "removed":
        fate = f"removed, similarity {figures.number(similarity)}"
    return parts.document(id, str(sample.get("text") or ""), fate, None, short=(200, 5))


SECTIONS = (duplicates,)
