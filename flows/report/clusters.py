"""The report on the largest clusters of duplicates, and on sources that lost more than they should."""

from __future__ import annotations

from typing import Any

from flows.history import Node, mapping, numeric
from flows.render import Content, Markup, excerpt, figures, one_line, tag
from flows.report.parts import grid, sub

MOST_CLUSTERS = 6


def alarms(node: Node) -> Content:
    """A line for each source that lost more than `dedup.alarm.share` of its documents."""
    said = node.metrics.get("alarms")
    lines = [one_line(line, 200) for line in said if line] if isinstance(said, list) else []
    return [tag("p", tag("span", line, class_="event warn")) for line in lines] or None


def largest(node: Node) -> Content:
    """The largest clusters: a survivor of each, and some of the documents that it stands for."""
    found = node.metrics.get("top_clusters")
    clusters = [mapping(item) for item in found[:MOST_CLUSTERS]] if isinstance(found, list) else []
    parts = [_cluster(item) for item in clusters if isinstance(item.get("samples"), list)]
    return sub("The largest clusters", parts) if parts else None


def _cluster(cluster: dict[str, Any]) -> Markup:
    documents, kept = (figures.count(numeric(cluster.get(name))) for name in ("documents", "kept"))
    summary = tag("summary", tag("b", f"{documents} documents"), f", {kept} kept")
    samples = [_sample(mapping(item)) for item in cluster["samples"]]
    return tag("details", summary, grid(*samples))


def _sample(sample: dict[str, Any]) -> Markup:
    id, similarity = str(sample.get("id")), numeric(sample.get("similarity"))
    fate = "kept" if sample.get("survivor") == sample.get("id") else "removed"
    if fate == "removed":
        fate = f"removed, similarity {figures.number(similarity)}"
    return tag(
        "article",
        tag("p", fate, class_="score"),
        tag("div", excerpt(str(sample.get("text") or ""), 200, lines=5), class_="text", dir="auto"),
        tag("code", one_line(id, 64)[:12], title=one_line(id, 64)),
    )
