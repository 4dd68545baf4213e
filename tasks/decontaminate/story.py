"""What decontaminate says of itself: the benchmark items that a document holds, and its section of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tasks.render import Content, figures, join, one_line, table, tag
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

MOST_BENCHMARKS = 40
EACH = 4  # hits shown of a benchmark
MOST_HITS = 24
RULES = {"question": "words of the question", "answer": "an answer, mostly", "phrase": "the whole question"}


def tell(run: Run, node: Node, subject: Subject) -> Step:
    """The items it holds, the words that gave them away, and what was cut out."""
    step = judged(node, subject, "shares nothing with the benchmarks")
    hits = find(node.files("hits"), subject.id, exact=True)
    if not hits:
        return step
    hits.sort(key=lambda row: -(row.get("share") or 0))
    told = [{name: value for name, value in row.items() if name not in ("id", "_file")} for row in hits[:3]]
    first = f"{hits[0]['benchmark']}/{hits[0]['item']}"
    more = f" and {len(hits) - 1} more" if len(hits) > 1 else ""
    dropped = step.verdict == "dropped"
    said = f"{step.summary}: it holds {first}{more}" if dropped else f"kept, without {first}{more}"
    return replace(step, summary=said, facts=step.facts | edit_facts(node, subject) | {"hits": told})


def contamination(run: Run) -> Section:
    """Which benchmarks' items were found in the documents, and what share of injected ones is."""
    node = run.node("decontaminate")
    if node is None:
        why = "Decontaminate is not part of this run, or hasn't finished."
        return parts.absent("contamination", "Contamination", why)
    known = mapping(node.metrics.get("benchmarks")) or _counted(node)
    if not known:
        return Section("contamination", "Contamination", "No benchmark item was found in the documents.")
    benchmarks = {str(name): mapping(numbers) for name, numbers in sorted(known.items())[:MOST_BENCHMARKS]}
    recall = {str(name): mapping(kinds) for name, kinds in mapping(node.metrics.get("self_test")).items()}
    lead = "No document repeats a benchmark item."
    if any(numbers.get("items_hit") for numbers in benchmarks.values()):
        what = "What repeats a benchmark item is cut out of the documents"
        if node.config.get("mode") != "cut":
            what = "Documents that repeat a benchmark item are taken out"
        lead = f"{what} before the tokenizer sees them; the scores are also given without these items."
    body = join(
        _figures(node, benchmarks, recall),
        _table(benchmarks, recall),
        _self_test(recall),
        _hits(node),
        edited(node, "Benchmark items cut out"),
    )
    return Section("contamination", "Contamination", lead, body)


def _figures(node: Node, benchmarks: dict[str, Any], recall: dict[str, Any]) -> Content:
    def total(name: str) -> float:
        return sum(numeric(numbers.get(name)) or 0 for numbers in benchmarks.values())

    dropped = sum(
        numeric(mapping(counts).get("documents")) or 0
        for counts in mapping(node.metrics.get("dropped")).values()
    )
    edited = mapping(mapping(node.metrics.get("edits")).get("contaminated"))
    worst = _worst(kinds for kinds in recall.values())
    return parts.stats(
        parts.stat(figures.count(total("items")), "items searched for") if total("items") else None,
        parts.stat(figures.count(total("items_hit")), "found in documents"),
        parts.stat(figures.count(dropped), "documents dropped"),
        parts.stat(
            figures.count(numeric(edited.get("documents"))),
            "documents cut",
            figures.size(numeric(edited.get("bytes"))),
        )
        if edited
        else None,
        parts.stat(worst, "recall of injected items", "in the worst disguise") if worst else None,
    )


def _table(benchmarks: dict[str, Any], recall: dict[str, Any]) -> Content:
    names = {
        "items": "items",
        "unsearchable": "too short to search",
        "items_hit": "found in documents",
        "documents_hit": "documents",
        "hits": "hits",
    }
    columns = [key for key in names if any(key in numbers for numbers in benchmarks.values())]
    rows: list[list[Content]] = []
    for name, numbers in benchmarks.items():
        row: list[Content] = [tag("b", one_line(name, 60))]
        for key in columns:
            value: Content = figures.count(numeric(numbers.get(key)))
            if key == "items_hit" and numeric(numbers.get("items")) and numeric(numbers.get(key)):
                share = figures.share(numeric(numbers.get(key)), numeric(numbers.get("items")))
                value = [value, tag("small", f" {share}")]
            if key == "unsearchable" and isinstance(numbers.get("unsearchable_items"), list):
                missed = ", ".join(one_line(item, 60) for item in numbers["unsearchable_items"])
                value = tag("span", value, title=missed) if missed else value
            row.append(value)
        rows.append([*row, *([_worst([mapping(recall.get(name))]) or "–"] if recall else [])])
    head = ["benchmark", *(names[key] for key in columns), *(["self-test recall"] if recall else [])]
    return table(head, rows, numeric=range(1, 7), class_="rules")


def _worst(benchmarks: Any) -> str | None:
    """The least share found, of all disguises."""
    shares = [
        (found / items, found, items)
        for kinds in benchmarks
        for items, found in map(_counts, kinds.values())
        if items
    ]
    return figures.share(*min(shares)[1:]) if shares else None


def _counts(kind: Any) -> tuple[float, float]:
    counts = mapping(kind)
    return numeric(counts.get("items")) or 0, numeric(counts.get("found")) or 0


def _self_test(recall: dict[str, Any]) -> Content:
    """Injected and found by benchmark and disguise; the missed by name where the mouse rests."""
    if not any(recall.values()):
        return None
    kinds = list(dict.fromkeys(str(kind) for found in recall.values() for kind in found))
    rows: list[list[Content]] = []
    for name, found in sorted(recall.items())[:MOST_BENCHMARKS]:
        row: list[Content] = [tag("b", one_line(name, 60))]
        for kind in kinds:
            items, hit = _counts(found.get(kind))
            missed = mapping(found.get(kind)).get("missed")
            title = "missed: " + ", ".join(one_line(item, 60) for item in missed[:20]) if missed else None
            row.append(tag("span", figures.share(hit, items), title=title))
        rows.append(row)
    most = figures.count(max(_counts(kind)[0] for found in recall.values() for kind in found.values()))
    note = f"the share found of injected items, up to {most} of a benchmark"
    return parts.sub("Self-test", table(["benchmark", *kinds], rows, numeric=range(1, 20)), note=note)


def _counted(node: Node) -> dict[str, dict[str, int]]:
    """Items and hits by benchmark, from the hits themselves."""
    found: dict[str, dict[str, int]] = {}
    for (benchmark, _), counts in samples.count_by(node.files("hits"), ["benchmark", "item"]).items():
        entry = found.setdefault(str(benchmark), {"items_hit": 0, "hits": 0})
        entry["items_hit"] += 1
        entry["hits"] += counts["rows"]
    return found


def _hits(node: Node) -> Content:
    """A few hits of each benchmark with the words that were found."""
    shown: dict[str, list[dict[str, Any]]] = {}
    columns = ["benchmark", "item", "id", "ngram", "rule", "count", "share"]
    for batch in samples.row_groups(node.files("hits"), most_rows=10_000).read(columns):
        for row in batch.to_pylist():
            rows = shown.setdefault(str(row["benchmark"]), [])
            if len(rows) < EACH and row["item"] not in [one["item"] for one in rows]:
                rows.append(row)
    chosen = [row for _, rows in sorted(shown.items()) for row in rows][:MOST_HITS]
    if not chosen:
        return None
    head = ["benchmark", "item", "found", "share", "words", "document"]
    return parts.sub(
        "Some of the passages", table(head, [_hit(row) for row in chosen], numeric=(3,), class_="long")
    )


def _hit(row: dict[str, Any]) -> Sequence[Content]:
    return [
        tag("b", one_line(row["benchmark"], 40)),
        parts.name(row["item"], 40),
        RULES.get(str(row.get("rule")), "–"),
        figures.share(numeric(row.get("share")), 1),
        tag("q", one_line(row["ngram"], 160)) if row.get("ngram") else "–",
        parts.code(one_line(row["id"], 64)),
    ]


SECTIONS = (contamination,)
