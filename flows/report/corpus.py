"""The report on the documents: what came in, what each rule took, what is left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.history import Node, Passage, Run, funnel, mapping, numeric, samples
from flows.render import Content, Markup, charts, figures, join, one_line, table, tag
from flows.report import parts
from flows.report.parts import Section, absent, grid, sub

MOST_RULES = 14
MOST_SOURCES = 40
SPLITS = ("train", "validation")


def funnel_section(run: Run) -> Section:
    """Documents and bytes into and out of every stage, with what each rule took."""
    steps = funnel(node.manifest for node in run.nodes.values())
    if not steps:
        return absent("funnel", "Funnel", "No stage of this run has counted documents yet.")
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


def documents(run: Run) -> Section:
    """How long documents are, in what language, and how sure that is."""
    ingest, signals = run.node("ingest"), run.node("filter-signals")
    if ingest is None:
        return absent("documents", "Documents", "Ingest hasn't finished in this run.")
    before = samples.length_histogram(ingest.files("documents"))
    final, name = _last_documents(run)
    after = samples.length_histogram(final) if final else samples.Histogram()
    pairs = ((before, "at ingest"), (after, name))
    medians = [f"{figures.size(found.median)} {said}" for found, said in pairs if found.median]
    lead = f"Half of the documents are longer than {' and '.join(medians)}." if medians else "There are none."
    fraction = min(before.fraction, after.fraction if after else 1)
    note = f"Estimated from a sample of {fraction:.1%} of the rows." if fraction < 1 else None
    charted = grid(_lengths(before, after, name), _language_scores(run, signals) if signals else None)
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
    return sub("Languages", whole, note="as detected, before any rule")


def sources(run: Run) -> Section:
    """What each source gave and what became of it."""
    ingest = run.node("ingest")
    if ingest is None:
        return absent("sources", "Sources", "Ingest hasn't finished in this run.")
    columns = ["records", "documents", "lost", "bytes"]
    given = {
        str(key[0]): counts
        for key, counts in samples.count_by(ingest.files("files"), ["source"], columns).items()
    }
    left = _left(run)
    names = sorted(given.keys() | left.keys(), key=lambda name: (-left.get(name, Counter())["tokens"], name))
    if not names:
        return absent("sources", "Sources", "Ingest left no table of files.")
    tokens = sum(counter["tokens"] for counter in left.values())
    rows = [
        _source(name, given.get(name, Counter()), left.get(name), tokens) for name in names[:MOST_SOURCES]
    ]
    head = ["source", "files", "records", "lost", "documents", "kept", "tokens", "", "held out"]
    files = sum(counter["rows"] for counter in given.values())
    lead = f"{figures.count(len(names))} sources in {figures.count(files)} files."
    rest = len(names) - MOST_SOURCES
    more = tag("p", f"and {rest} more sources", class_="soft") if rest > 0 else None
    whole = table(head, rows, numeric=(1, 2, 3, 4, 5, 6, 8))
    return Section("sources", "Sources", lead, join(whole, more, _lost(ingest)))


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


def _source(name: str, given: Counter[str], left: Counter[str] | None, tokens: int) -> list[Content]:
    numbers: list[Content] = [figures.count(given[key]) for key in ("rows", "records", "lost", "documents")]
    if left is None:
        return [tag("b", one_line(name, 48)), *numbers, "–", "–", None, "–"]
    share = figures.share(left["documents"], given["documents"])
    told = f"{figures.share(left['tokens'], tokens)} of all tokens"
    return [
        tag("b", one_line(name, 48)),
        *numbers,
        join(figures.count(left["documents"]), tag("small", f" {share}")),
        figures.short_count(left["tokens"]),
        charts.bar([(left["tokens"], "c1", told)], tokens, 8),
        figures.share(left["held out"], left["tokens"]),
    ]


def _lost(ingest: Node) -> Content:
    """Why records were lost, by source."""
    found: dict[tuple[str, str], int] = {}
    for batch in samples.row_groups(ingest.files("files"), most_rows=50_000).read(["source", "reasons"]):
        for row in batch.to_pylist():
            reasons = mapping(json.loads(row.get("reasons") or "{}"))
            for reason, n in reasons.items():
                key = (str(row.get("source")), str(reason))
                found[key] = found.get(key, 0) + int(numeric(n) or 0)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_RULES]
    if not ranked:
        return None
    most = ranked[0][1]
    rows = []
    for (source, reason), n in ranked:
        line = charts.bar([(n, "gone", one_line(reason, 60))], most, 8)
        rows.append([parts.name(reason), figures.count(n), line, one_line(source, 48)])
    return sub("Lost records", table(["reason", "records", "", "source"], rows, numeric=(1,), class_="rules"))
