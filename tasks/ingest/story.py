"""What ingest says of itself: what a document was read as, and the sections of the report on documents and sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tasks.render import Content, charts, figures, join, one_line, table, tag
from tasks.story import (
    Node,
    Run,
    Section,
    Step,
    Subject,
    json_object,
    mapping,
    numeric,
    parts,
    samples,
    verdict_facts,
)

MOST_RULES = 14
MOST_SOURCES = 40
SPLITS = ("train", "validation")


def tell(run: Run, node: Node, subject: Subject) -> Step:
    """What it was read as, or why it was lost."""
    record, known = subject.record, subject.read
    if record["verdict"] == "dropped":
        return Step(node.stage, "dropped", f"lost: {record['rule']}", verdict_facts(record))
    facts = {name: known.get(name) for name in ("kind", "source", "date", "language")}
    facts["bytes"] = len((known.get("text") or "").encode("utf-8", "replace"))
    facts |= json_object(known.get("metadata"))
    told = {name: value for name, value in facts.items() if value is not None}
    return Step(node.stage, "kept", "read", told)


def documents(run: Run) -> Section:
    """How long documents are, in what language, and how sure that is."""
    ingest, signals = run.node("ingest"), run.node("filter-signals")
    if ingest is None:
        return parts.absent("documents", "Documents", "Ingest hasn't finished in this run.")
    before = samples.length_histogram(ingest.files("documents"))
    final, name = _last_documents(run)
    after = samples.length_histogram(final) if final else samples.Histogram()
    pairs = ((before, "at ingest"), (after, name))
    medians = [f"{figures.size(found.median)} {said}" for found, said in pairs if found.median]
    lead = f"Half of the documents are longer than {' and '.join(medians)}." if medians else "There are none."
    fraction = min(before.fraction, after.fraction if after else 1)
    note = f"Estimated from a sample of {fraction:.1%} of the rows." if fraction < 1 else None
    charted = parts.grid(_lengths(before, after, name), _language_scores(run, signals) if signals else None)
    body = join(
        charted, tag("p", note, class_="soft") if note else None, _languages(signals) if signals else None
    )
    return Section("documents", "Documents", lead, body)


def _last_documents(run: Run) -> tuple[Sequence[Path], str]:
    """The files that tell the lengths of what is left, and what that is called."""
    tokenize = run.node("tokenize")
    if tokenize is not None and tokenize.files("documents", ".parquet"):
        return tokenize.files("documents", ".parquet"), "in the end"
    for name in ("decontaminate", "dedup", "filter"):
        node = run.node(name)
        if node is not None:
            return node.files("documents"), f"after {name}"
    return [], ""


def _lengths(before: samples.Histogram, after: samples.Histogram, name: str) -> Content:
    if not before:
        return None
    ends = [edge for found in (before, after) for low, high, _ in found.bins for edge in (low, high)]
    label = "UTF-8 bytes of text, log scale"
    x = charts.axis(ends, log=True, tight=True, label=label, format=figures.round_size, ticks=6)
    groups = [charts.Bars("at ingest", before.bins, "c0")]
    if after:
        groups.append(charts.Bars(name, after.bins, "c1"))
    return charts.histogram(groups, x, title="Length of documents")


def _language_scores(run: Run, signals: Node) -> Content:
    import numpy as np

    found = samples.column_histogram(signals.files("signals"), "language_score", np.linspace(0, 1.0001, 41))
    if not found:
        return None
    config = run.nodes["filter"].config if "filter" in run.nodes else {}
    limit = numeric(mapping(config.get("language")).get("min_score"))
    limits = [(float(limit), f"minimum {limit}")] if limit is not None else []
    x = charts.axis([0, 1], label="score of the likeliest language", ticks=6)
    bars = [charts.Bars("documents", found.bins, "c2")]
    return charts.histogram(bars, x, title="Language score", log=True, limits=limits)


def _languages(signals: Node) -> Content:
    counts = samples.count_by(signals.files("signals"), ["language"])
    ranked = [(str(key[0] or "unknown"), n["rows"]) for key, n in counts.items()]
    ranked.sort(key=lambda item: (-item[1], item[0]))
    if not ranked:
        return None
    total = sum(n for _, n in ranked)
    shown, rest = ranked[:8], ranked[8:]
    if rest:
        shown.append((f"{len(rest)} others", sum(n for _, n in rest)))
    rows = []
    for name, n in shown:
        line = charts.bar([(n, "c2", one_line(name, 20))], total, 8)
        rows.append([tag("b", one_line(name, 20)), figures.count(n), line, figures.share(n, total)])
    whole = table(["language", "documents", "", "share"], rows, numeric=(1, 3), class_="rules")
    return parts.sub("Languages", whole, note="as detected, before any rule")


def sources(run: Run) -> Section:
    """What each source gave and what became of it."""
    ingest = run.node("ingest")
    if ingest is None:
        return parts.absent("sources", "Sources", "Ingest hasn't finished in this run.")
    given = {
        str(name): _given(mapping(metrics))
        for name, metrics in mapping(ingest.metrics.get("sources")).items()
    }
    left = _left(run)
    names = sorted(given.keys() | left.keys(), key=lambda name: (-left.get(name, Counter())["tokens"], name))
    if not names:
        return parts.absent("sources", "Sources", "Ingest has counted no source.")
    counts = [counter["tokens"] for counter in left.values()]
    tokens, most = sum(counts), max(counts, default=0)
    rows = [
        _source(name, given.get(name, Counter()), left.get(name), tokens, most)
        for name in names[:MOST_SOURCES]
    ]
    head = ["source", "files", "records", "lost", "documents", "kept", "tokens", "", "held out"]
    files = sum(counter["files"] for counter in given.values())
    lead = f"{figures.count(len(names))} sources in {figures.count(files)} files."
    rest = len(names) - MOST_SOURCES
    more = tag("p", f"and {rest} more sources", class_="soft") if rest > 0 else None
    whole = table(head, rows, numeric=(1, 2, 3, 4, 5, 6, 8), class_="sources")
    return Section("sources", "Sources", lead, join(whole, more, _lost(ingest)))


def _given(metrics: dict[str, Any]) -> Counter[str]:
    """What a source gave: files, records, documents and what was lost."""
    names = {"files": "files", "records": "documents_in", "documents": "documents_out"}
    counts = Counter({name: int(numeric(metrics.get(key)) or 0) for name, key in names.items()})
    counts["lost"] = counts["records"] - counts["documents"]
    return counts


def _left(run: Run) -> dict[str, Counter[str]]:
    """Source -> documents and tokens in the token shards, and tokens held out."""
    tokenize = run.node("tokenize")
    found: dict[str, Counter[str]] = {}
    if tokenize is not None:
        files = tokenize.files("documents", ".parquet")
        for (source, split), counts in samples.count_by(files, ["source", "split"], ["length"]).items():
            entry = found.setdefault(str(source), Counter())
            if split in SPLITS:
                entry.update(documents=counts["rows"], tokens=counts["length"])
            if split == "validation":
                entry["held out"] += counts["length"]
    return found


def _source(
    name: str, given: Counter[str], left: Counter[str] | None, tokens: int, most: int
) -> list[Content]:
    numbers: list[Content] = [figures.count(given[key]) for key in ("files", "records", "lost", "documents")]
    if left is None:
        return [tag("b", one_line(name, 48)), *numbers, "–", "–", None, "–"]
    share = figures.share(left["documents"], given["documents"])
    told = f"{figures.share(left['tokens'], tokens)} of all tokens"
    return [
        tag("b", one_line(name, 48)),
        *numbers,
        join(figures.count(left["documents"]), tag("small", f" {share}")),
        figures.short_count(left["tokens"]),
        charts.bar([(left["tokens"], "c1", told)], most, 8),
        figures.share(left["held out"], left["tokens"]),
    ]


def _lost(ingest: Node) -> Content:
    """Why records were lost, by source."""
    found = {
        (str(source), str(reason)): int(numeric(mapping(counts).get("documents")) or 0)
        for source, metrics in mapping(ingest.metrics.get("sources")).items()
        for reason, counts in mapping(mapping(metrics).get("dropped")).items()
    }
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_RULES]
    if not ranked:
        return None
    most = ranked[0][1]
    rows = []
    for (source, reason), n in ranked:
        line = charts.bar([(n, "gone", one_line(reason, 60))], most, 8)
        rows.append([parts.name(reason), figures.count(n), line, one_line(source, 48)])
    return parts.sub(
        "Lost records", table(["reason", "records", "", "source"], rows, numeric=(1,), class_="rules lost-by")
    )


SECTIONS = (documents, sources)
