"""The report on the quality classifier: how it was trained, how well it tells, what a threshold would keep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tasks.render import Content, Markup, charts, figures, join, table
from tasks.story import Node, Run, Section, mapping, numeric, parts, samples

SIGNAL = "quality_score"
SHARES = (0.1, 0.25, 0.5)


def quality(run: Run) -> Section:
    """The classifier's test, and the scores of the run's documents."""
    signals, trained = run.node("filter-signals"), run.node("filter-classifier")
    scores = _column(signals) if signals is not None else []
    if not scores and trained is None:
        return parts.absent(
            "quality", "Quality classifier", "This run has no quality classifier: filter.quality is null."
        )
    lead = (
        "fastText on words and word pairs: the probability that a document is like the positives."
        if trained is not None
        else "A classifier that was trained elsewhere scored the documents."
    )
    body = join(_test(trained) if trained is not None else None, _documents(run, scores))
    return Section("quality", "Quality classifier", lead, body)


def _column(signals: Node) -> Sequence[Path]:
    """The files of signals that have the score."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = []
    for path in signals.files("signals"):
        try:
            if SIGNAL in pq.read_schema(path).names:
                found.append(path)
        except (OSError, pa.ArrowException):
            continue
    return found


def _test(node: Node) -> Markup:
    """What was learned from, and how the held-out texts were told apart."""
    metrics = node.metrics
    sides = [mapping(metrics.get(name)) for name in ("positives", "negatives")]
    row = parts.stats(
        parts.stat(_score(metrics.get("auc")), "AUC, held-out texts"),
        parts.stat(_score(metrics.get("accuracy")), "accuracy at 0.5"),
        *(
            parts.stat(figures.count(numeric(side.get("train"))), f"{name} to learn from",
                 f"of {figures.count(numeric(side.get('texts')))} read, {figures.count(numeric(side.get('held_out')))} held out")
            for name, side in zip(("positives", "negatives"), sides, strict=True)
        ),
    )  # fmt: skip
    rows = [
        [_share(item.get("share")), _score(item.get("threshold")), _share(item.get("keeps_negatives")),
         _share(item.get("keeps_positives"))]
        for item in map(mapping, metrics.get("thresholds") or [])
    ]  # fmt: skip
    head = ["share", "score at least", "negatives kept", "positives kept"]
    limits = table(head, rows, numeric=(0, 1, 2, 3), class_="rules limits")
    return join(
        row,
        parts.grid(
            _held_out(node),
            parts.sub("Thresholds on the held-out texts", limits, note="that keep a share of the negatives"),
        ),
    )


def _held_out(node: Node) -> Content:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    groups: dict[str, list[float]] = {}
    for path in node.files("held_out"):
        try:
            held = pq.read_table(path)
        except (OSError, pa.ArrowException):
            continue
        for label, score in zip(held["label"].to_pylist(), held["score"].to_pylist(), strict=True):
            groups.setdefault(label, []).append(score)
    edges = np.linspace(0, 1, 21)
    bars = [
        charts.Bars(f"{label}s", [(float(low), float(high), float(count)) for low, high, count in
                                  zip(edges, edges[1:], np.histogram(groups[label], edges)[0], strict=False)], look)
        for label, look in (("negative", "c0"), ("positive", "c1")) if groups.get(label)
    ]  # fmt: skip
    x = charts.axis([0, 1], label="score", ticks=6)
    return (
        charts.histogram(bars, x, title="Scores of the held-out texts", unit="texts", log=True)
        if bars
        else None
    )


def _documents(run: Run, files: Sequence[Path]) -> Content:
    """How the run's documents score, and what would keep a tenth, a quarter, a half of them."""
    import numpy as np

    if not files:
        return None
    found = samples.column_histogram(files, SIGNAL, np.linspace(0, 1.0001, 41))
    if not found:
        return None
    config = run.nodes["filter"].config if "filter" in run.nodes else {}
    limit = numeric(mapping(config.get("quality")).get("min_score"))
    limits = [(float(limit), f"minimum {limit}")] if limit is not None else []
    x = charts.axis([0, 1], label="score", ticks=6)
    chart = charts.histogram([charts.Bars("documents", found.bins, "c2")], x, log=True, limits=limits,
                             title="Scores of this run's documents")  # fmt: skip
    values = samples.column_values(files, SIGNAL)
    rows = []
    for share in SHARES:
        threshold = float(np.quantile(values, 1 - share, method="higher"))
        rows.append([_share(share), _score(threshold), _share(float((values >= threshold).mean()))])
    head = ["share", "score at least", "kept"]
    keep = parts.sub("Thresholds on this run's documents", table(head, rows, numeric=(0, 1, 2), class_="rules limits"),
               note="that keep a share of all kinds and languages")  # fmt: skip
    return parts.grid(chart, keep)


def _score(value: Any) -> str:
    number = numeric(value)
    return figures.ABSENT if number is None else f"{number:.4f}"


def _share(value: Any) -> str:
    number = numeric(value)
    return figures.ABSENT if number is None else figures.share(number, 1)
