"""The report on the documents: what came in, what went and why, what is left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from flows import charts, figures, samples
from flows.funnel import Passage, funnel
from flows.markup import Content, Markup, join, table, tag
from flows.report_parts import Section, absent, grid, stat, stats, sub
from flows.runs import Node, Run, mapping, numeric
from flows.text import excerpt, one_line

MOST_RULES = 14
MOST_SOURCES = 40
JUDGES = ("filter", "dedup", "decontaminate")


def funnel_section(run: Run) -> Section:
    """Documents and bytes into and out of every stage, with what each rule took."""
    steps = funnel(node.manifest for node in run.nodes.values())
    if not steps:
        return absent("funnel", "Funnel", "No stage of this run has counted documents yet.")
    whole = max(step.documents_in for step in steps)
    most = max((step.bytes_in or 0) for step in steps)
    first, last = steps[0], steps[-1]
    lead = (
        f"Of {figures.count(first.documents_in)} records, {figures.count(last.documents_out)} "
        f"({figures.share(last.documents_out, first.documents_in)}) reached the end. "
        "A document counts for the first rule that it failed."
    )
    failed = {node.stage: mapping(node.metrics.get("failed")) for node in run.nodes.values() if node.metrics}
    legend = tag(
        "ul",
        [
            tag("li", charts.swatch(look), name)
            for look, name in (("c1", "kept"), ("gone", "dropped"), ("c0", "bytes kept"))
        ],
        class_="legend",
    )
    rows = [_step(step, whole, most, failed.get(step.stage, {})) for step in steps]
    return Section("funnel", "Funnel", lead, join(legend, tag("div", rows, class_="funnel")))


def _step(step: Passage, whole: int, most: int, failed: dict[str, Any]) -> Markup:
    lost = (
        f"−{figures.count(step.dropped)} ({figures.share(step.dropped, step.documents_in)})"
        if step.dropped
        else "none dropped"
    )
    kept_told = f"{step.stage}: {figures.count(step.documents_out)} kept"
    documents = charts.bar(
        [(step.documents_out, "c1", kept_told), (step.dropped, "gone", f"{step.stage}: {figures.count(step.dropped)} dropped")],
        whole, 22,
    )  # fmt: skip
    size = charts.bar([(step.bytes_out or 0, "c0", f"{figures.size(step.bytes_out)} of text kept")], most, 6)
    said = tag(
        "p",
        tag("b", step.stage, class_="stage"),
        tag("span", figures.count(step.documents_in), " → ", tag("b", figures.count(step.documents_out))),
        tag("span", lost, class_="lost" if step.dropped else "soft"),
        tag("span", figures.size(step.bytes_in), " → ", figures.size(step.bytes_out), class_="soft"),
    )
    return tag("div", said, documents, size if step.bytes_out else None, _rules(step, failed), class_="step")


def _rules(step: Passage, failed: dict[str, Any]) -> Content:
    """A stage's rules, those that dropped most first; `failed` counts every document that breaks a rule."""
    if not step.drops:
        return None
    most = step.drops[0].documents
    rows: list[list[Content]] = []
    for drop in step.drops[:MOST_RULES]:
        also = numeric(failed.get(drop.rule))
        rows.append([
            tag("code", one_line(drop.rule, 60)), figures.count(drop.documents),
            charts.bar([(drop.documents, "gone", f"{figures.count(drop.documents)} documents")], most, 8),
            figures.share(drop.documents, step.documents_in), figures.size(drop.bytes), *([figures.count(also)] if failed else []),
        ])  # fmt: skip
    head = ["rule", "documents", "", "of those in", "bytes", *(["broken by"] if failed else [])]
    rest = step.drops[MOST_RULES:]
    more = f"and {len(rest)} more rules with {sum(d.documents for d in rest):,} documents" if rest else None
    return join(
        table(head, rows, numeric=(1, 3, 4, 5), class_="rules"),
        tag("p", more, class_="soft") if more else None,
    )


def documents(run: Run) -> Section:
    """How long documents are, in what language, and how sure that is."""
    ingest, tokenize, signals = (run.node(name) for name in ("ingest", "tokenize", "filter-signals"))
    if ingest is None:
        return absent("documents", "Documents", "Ingest hasn't finished in this run.")
    before = samples.length_histogram(ingest.files("documents"))
    final, name = _last_documents(run, tokenize)
    after = samples.length_histogram(final) if final else samples.Histogram()
    medians = [
        f"{figures.size(h.median)} {said}" for h, said in ((before, "at ingest"), (after, name)) if h.median
    ]
    lead = (
        f"Half of the documents are longer than {', '.join(medians)}."
        if medians
        else "There are no documents."
    )
    parts: list[Content] = [_lengths(before, after, name)]
    if signals is not None:
        parts.append(_language_scores(run, signals))
    fraction = min(before.fraction, after.fraction if after else 1)
    note = (
        tag("p", f"Estimated from a sample of {fraction:.1%} of the rows.", class_="soft")
        if fraction < 1
        else None
    )
    return Section("documents", "Documents", lead, join(grid(*parts), note, _languages(run, signals)))


def _last_documents(run: Run, tokenize: Node | None) -> tuple[Sequence[Any], str]:
    """The files that tell the lengths of what is left, and what that is called."""
    if tokenize is not None and tokenize.files("documents", ".parquet"):
        return tokenize.files("documents", ".parquet"), "in the end"
    for name in reversed(JUDGES):
        node = run.node(name)
        if node is not None:
            return node.files("documents"), f"after {name}"
    return [], ""


def _lengths(before: samples.Histogram, after: samples.Histogram, name: str) -> Content:
    if not before:
        return None
    ends = [edge for h in (before, after) for low, high, _ in h.bins for edge in (low, high)]
    x = charts.axis(ends, log=True, tight=True, label="UTF-8 bytes of text", format=figures.size, ticks=6)
    groups = [charts.Bars("at ingest", before.bins, "c0")]
    if after:
        groups.append(charts.Bars(name, after.bins, "c1"))
    return charts.histogram(groups, x, title="Length of documents")


def _language_scores(run: Run, signals: Node) -> Content:
    import numpy as np

    found = samples.column_histogram(signals.files("signals"), "language_score", np.linspace(0, 1.0001, 41))
    if not found:
        return None
    limit = numeric(
        mapping(mapping(run.nodes["filter"].config if "filter" in run.nodes else {}).get("language")).get(
            "min_score"
        )
    )
    x = charts.axis([0, 1], label="score of the likeliest language", format=figures.number, ticks=6)
    limits = [(float(limit), f"minimum {limit}")] if limit is not None else []
    bars = [charts.Bars("documents", found.bins, "c2")]
    return charts.histogram(bars, x, title="Language score", log=True, limits=limits)


def _languages(run: Run, signals: Node | None) -> Content:
    if signals is None:
        return None
    counts = samples.count_by(signals.files("signals"), ["language"])
    ranked = sorted(
        ((str(key[0] or "unknown"), n["rows"]) for key, n in counts.items()),
        key=lambda item: (-item[1], item[0]),
    )
    if not ranked:
        return None
    total = sum(n for _, n in ranked)
    shown, rest = ranked[:8], ranked[8:]
    if rest:
        shown.append((f"{len(rest)} others", sum(n for _, n in rest)))
    rows = [[tag("b", one_line(name, 20)), figures.count(n), charts.bar([(n, "c2", name)], total, 8), figures.share(n, total)]
            for name, n in shown]  # fmt: skip
    return sub("Languages", table(["language", "documents", "", "share"], rows, numeric=(1, 3), class_="rules"),
               note="as detected, before any rule")  # fmt: skip


def sources(run: Run) -> Section:
    """What each source gave and what became of it."""
    ingest = run.node("ingest")
    if ingest is None:
        return absent("sources", "Sources", "Ingest hasn't finished in this run.")
    given = samples.count_by(ingest.files("files"), ["source"], ["records", "documents", "lost", "bytes"])
    tokenize = run.node("tokenize")
    left: dict[str, Counter[str]] = {}
    if tokenize is not None:
        files = tokenize.files("documents", ".parquet")
        for (source, split), counts in samples.count_by(files, ["source", "split"], ["length"]).items():
            entry = left.setdefault(str(source), Counter())
            entry.update(documents=counts["rows"], tokens=counts["length"])
            entry["held out"] += counts["length"] if split == "validation" else 0
    names = sorted(
        {str(key[0]) for key in given} | set(left),
        key=lambda name: (-left.get(name, Counter())["tokens"], name),
    )
    if not names:
        return absent("sources", "Sources", "Ingest left no table of files.")
    every = {str(key[0]): counts for key, counts in given.items()}
    rows = [
        _source(name, every.get(name, Counter()), left.get(name), _sum(left, "tokens"))
        for name in names[:MOST_SOURCES]
    ]
    head = ["source", "files", "records", "lost", "documents", "kept", "tokens", "", "held out"]
    more = f"and {len(names) - MOST_SOURCES} more sources" if len(names) > MOST_SOURCES else None
    lead = f"{figures.count(len(names))} sources in {figures.count(_sum(every, 'rows'))} files."
    body = join(
        table(head, rows, numeric=(1, 2, 3, 4, 5, 6, 8)), tag("p", more, class_="soft") if more else None
    )
    return Section("sources", "Sources", lead, join(body, _reasons(ingest)))


def _sum(counters: dict[str, Counter[str]], name: str) -> int:
    return sum(counter[name] for counter in counters.values())


def _source(name: str, given: Counter[str], left: Counter[str] | None, tokens: int) -> list[Content]:
    kept = left["documents"] if left else None
    return [
        tag("b", one_line(name, 48)), figures.count(given["rows"]), figures.count(given["records"]),
        figures.count(given["lost"]), figures.count(given["documents"]),
        join(figures.count(kept), tag("small", f" {figures.share(kept, given['documents'])}")) if left else "–",
        figures.short_count(left["tokens"]) if left else "–",
        charts.bar([(left["tokens"], "c1", f"{figures.share(left['tokens'], tokens)} of all tokens")], tokens, 8) if left else None,
        figures.share(left["held out"], left["tokens"]) if left else "–",
    ]  # fmt: skip


def _reasons(ingest: Node) -> Content:
    """Why records were lost, by source."""
    found: dict[tuple[str, str], int] = {}
    for batch in samples.row_groups(ingest.files("files"), most_rows=50_000).read(["source", "reasons"]):
        for row in batch.to_pylist():
            reasons = row.get("reasons")
            reasons = mapping(json.loads(reasons)) if isinstance(reasons, str) else {}
            for reason, n in reasons.items():
                key = (str(row.get("source")), str(reason))
                found[key] = found.get(key, 0) + int(numeric(n) or 0)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_RULES]
    if not ranked:
        return None
    most = ranked[0][1]
    rows = [[tag("code", one_line(reason, 60)), one_line(source, 48), figures.count(n),
             charts.bar([(n, "gone", reason)], most, 8)] for (source, reason), n in ranked]  # fmt: skip
    return sub("Lost records", table(["reason", "source", "records", ""], rows, numeric=(2,), class_="rules"))


def duplicates(run: Run) -> Section:
    """Clusters of near-duplicates: how large, how like."""
    import numpy as np

    node = run.node("dedup")
    if node is None:
        return absent("duplicates", "Duplicates", "Dedup is not part of this run, or hasn't finished.")
    files = node.files("clusters")
    sizes = sorted((counts["rows"] for counts in samples.count_by(files, ["cluster"]).values()), reverse=True)
    if not sizes:
        return absent("duplicates", "Duplicates", "No two documents were alike.")
    lead = "A document is removed only if it is like enough to one that stays, compared shingle by shingle."
    figures_row = stats(
        stat(figures.count(len(sizes)), "clusters"),
        stat(figures.count(sum(sizes)), "documents in them"),
        stat(figures.count(_dropped(node)), "documents removed"),
        stat(figures.count(sizes[0]), "in the largest"),
    )
    bars = [
        (float(low) - 0.5, float(low) + 0.5, float(n))
        for low, n in sorted(Counter(min(size, 30) for size in sizes).items())
    ]
    x = charts.axis([1.5, min(sizes[0], 30) + 0.5], tight=True, label="documents in a cluster" + (" (30 or more)" if sizes[0] > 30 else ""),
                    ticks=6, format=figures.number)  # fmt: skip
    chart = charts.histogram(
        [charts.Bars("clusters", bars, "c3")],
        x,
        title="Size of clusters",
        unit="clusters",
        log=len(sizes) > 50,
    )
    alike = samples.column_histogram(files, "similarity", np.linspace(0.5, 1.0001, 26))
    y = charts.axis(
        [alike.bins[0][0] if alike else 0.5, 1],
        tight=True,
        label="Jaccard similarity to the survivor",
        ticks=6,
    )
    second = (
        charts.histogram([charts.Bars("documents", alike.bins, "c4")], y, title="Similarity")
        if alike
        else None
    )
    return Section("duplicates", "Duplicates", lead, join(figures_row, grid(chart, second)))


def _dropped(node: Node) -> int:
    return int(
        (numeric(node.metrics.get("documents_in")) or 0) - (numeric(node.metrics.get("documents_out")) or 0)
    )


def contamination(run: Run) -> Section:
    """Which benchmarks' items were found in the documents."""
    node = run.node("decontaminate")
    if node is None:
        return absent(
            "contamination", "Contamination", "Decontaminate is not part of this run, or hasn't finished."
        )
    pairs = samples.count_by(node.files("hits"), ["benchmark", "item"])
    if not pairs:
        return Section(
            "contamination", "Contamination", "No document shares a passage with a benchmark item."
        )
    found: dict[str, Counter[str]] = {}
    for (benchmark, _), counts in pairs.items():
        found.setdefault(str(benchmark), Counter()).update(items=1, hits=counts["rows"])
    rows = [
        [tag("b", one_line(name, 60)), figures.count(n["items"]), figures.count(n["hits"])]
        for name, n in sorted(found.items())[:40]
    ]
    lead = "Documents that repeat a passage of a benchmark item are taken out before the tokenizer sees them."
    body = table(["benchmark", "items found", "hits"], rows, numeric=(1, 2))
    return Section("contamination", "Contamination", lead, join(body, _hits(node)))


def _hits(node: Node) -> Content:
    """A few hits, with whatever text the table keeps of them."""
    shown = []
    for batch in samples.row_groups(node.files("hits"), most_rows=1000).read(
        ["benchmark", "item", "id", "matched", "ngram", "text"]
    ):
        for row in batch.slice(0, 6 - len(shown)).to_pylist():
            passage = next((row[name] for name in ("matched", "ngram", "text") if row.get(name)), "")
            shown.append([tag("b", one_line(row["benchmark"], 40)), tag("code", one_line(row["item"], 30)),
                          tag("q", one_line(passage, 160)) if passage else "–", tag("code", one_line(row["id"], 12))])  # fmt: skip
        if len(shown) >= 6:
            break
    return (
        sub("Some of the passages", table(["benchmark", "item", "passage", "document"], shown))
        if shown
        else None
    )


def dropped(run: Run) -> Section:
    """A few of the documents that each rule dropped, to see whether it is right."""
    parts = []
    upstream = run.node("ingest")
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
    title = join(tag("span", stage, class_="soft"), " ", tag("code", one_line(rule, 60)))
    said = f"{figures.count(count)} documents" if count else None
    return sub(title, grid(*(_document(item) for item in items), class_="three"), note=said)


def _document(item: samples.Dropped) -> Markup:
    facts = []
    if item.score is not None:
        facts.append(
            join(
                "score ",
                tag("b", figures.number(item.score)),
                f", threshold {figures.number(item.threshold)}",
            )
        )
    if item.matched_id:
        facts.append(
            join("like ", tag("code", one_line(item.matched_id, 12), title=one_line(item.matched_id, 64)))
        )
    short, long = excerpt(item.text, 260), excerpt(item.text, 1400)
    text = (
        tag("details", tag("summary", tag("span", short)), tag("div", long))
        if len(long) > len(short)
        else tag("p", short)
    )
    return tag(
        "article",
        tag("p", join(*(join(fact, tag("br")) for fact in facts)), class_="score") if facts else None,
        tag("p", one_line(item.url or item.source or "", 140), class_="url"),
        tag("div", text, class_="text", dir="auto"),
        tag("code", item.id[:12], title=one_line(item.id, 64)),
    )
