"""The report on the model: its training, its scores, its writing."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from flows.history import Run, generations, interval, mapping, numeric
from flows.history import scores as read_scores
from flows.render import (
    Axis,
    Content,
    Line,
    Mark,
    Markup,
    Series,
    axis,
    charts,
    excerpt,
    figures,
    join,
    line_chart,
    one_line,
    read_lines,
    read_series,
    table,
    tag,
)
from flows.report.parts import Section, absent, grid, stat, stats, sub

COLUMNS = ("loss", "validation_loss", "grad_norm", "learning_rate", "tokens_per_second", "mfu")
# event -> (letter on its flag, look); those that aren't here are ticks on the axis
FLAGS = {
    "skip": ("s", "warn"), "spike": ("↑", "warn"), "nan": ("N", "bad"), "rollback": ("↶", "bad"),
    "resume": ("▸", "calm"), "stop": ("■", "bad"),
}  # fmt: skip
MOST_EVENTS = 60
MOST_FLAGS = 40


def training(run: Run) -> Section:
    """Loss, gradient norm, learning rate and speed over the steps, with what happened on the way."""
    node = run.nodes.get("pretrain")
    begun = node is not None and (node.manifest or node.status in ("running", "failed", "interrupted"))
    path = node.file("metrics.jsonl") if node is not None and begun else None
    if node is None or path is None:
        return absent("training", "Training", "Pretrain is not part of this run, or hasn't logged a step.")
    series = read_series(path, COLUMNS)
    events = list(read_lines(node.file("events.jsonl"), 5000))
    steps = [step for column in series.values() for step, _ in column.means]
    if not steps:
        return absent("training", "Training", "Pretrain hasn't logged a step.")
    x = axis([0, *steps], tight=True, label="step", ticks=6, format=figures.round_count)
    marks = _marks(events)
    flags = [mark for mark in marks if mark.letter]
    small = [_small(series[chart.column], x, chart, flags if chart.log else []) for chart in SMALL]
    body = join(_figures(node.metrics, series), _loss(series, x, marks), grid(*small), _event_table(events))
    last = series["loss"].means[-1:] or series["validation_loss"].means[-1:]
    lead = f"{figures.count(last[0][0])} steps, loss {last[0][1]:.3f} at the end." if last else None
    return Section("training", "Training", lead, body)


def _figures(metrics: dict[str, Any], series: dict[str, Series]) -> Markup:
    mean, mfu = (numeric(metrics.get(name)) or series[name].mean for name in ("tokens_per_second", "mfu"))
    items = [
        ("parameters", figures.short_count(numeric(metrics.get("parameters")))),
        ("tokens seen", figures.short_count(numeric(metrics.get("tokens")))),
        ("tokens per second", figures.short_count(mean)),
        ("model FLOPs utilisation", f"{mfu:.1%}".replace("%", " %") if mfu is not None else figures.ABSENT),
        ("lowest validation loss", _lowest(series["validation_loss"])),
    ]
    return stats(*(stat(value, name) for name, value in items if value != figures.ABSENT))


def _lowest(series: Series) -> str:
    return f"{min(value for _, value in series.lows):.3f}" if len(series) else figures.ABSENT


def _loss(series: dict[str, Series], x: Axis, marks: list[Mark]) -> Content:
    loss, validation = series["loss"], series["validation_loss"]
    if not len(loss) and not len(validation):
        return None
    values = [value for _, value in [*loss.lows, *loss.highs, *validation.means]]
    log = min(values) > 0 and max(values) / min(values) > 2.5
    y = axis(values, log=log, ticks=6, label="nats per token" + (", log scale" if log else ""))
    lines = [
        Line("training", loss.smooth(), "c1"),
        Line("validation", validation.means, "c2"),
        Line("validation ", validation.means, "c2", dots=True),
    ]
    lines = [line for line in lines if line.points and not (line.dots and len(line.points) > 60)]
    shown = [Line("" if line.dots else line.name, line.points, line.look, line.dots) for line in lines]
    return line_chart(shown, x, y, title="Loss", height=300, band=(loss.lows, loss.highs), marks=marks)


@dataclass(frozen=True)
class Small:
    """One of the small charts: which column, how it is shown."""

    column: str
    title: str
    look: str
    unit: str = ""
    scale: float = 1.0
    log: bool = False
    format: charts.Format = figures.number


SMALL = (
    Small("grad_norm", "Gradient norm", "c3", log=True),
    Small("learning_rate", "Learning rate", "c4"),
    Small("tokens_per_second", "Throughput", "c2", "tokens/s", format=figures.round_count),
    Small("mfu", "Model FLOPs utilisation", "c5", "% of peak", scale=100.0),
)


def _small(series: Series, x: Axis, chart: Small, marks: list[Mark]) -> Content:
    """One line with its range behind it; nothing where nothing was logged."""
    if not len(series):
        return None
    lows, means, highs = (
        [(step, value * chart.scale) for step, value in points]
        for points in (series.lows, series.means, series.highs)
    )
    values = [value for _, value in lows + highs]
    log = chart.log and min(values) > 0 and max(values) / min(values) > 20
    label = ", ".join(filter(None, [chart.unit, "log scale" if log else ""]))
    y = axis(values, log=log, zero=not log, ticks=4, label=label, format=chart.format)
    line = Line("", means, chart.look)
    return line_chart([line], x, y, title=chart.title, height=150, band=(lows, highs), marks=marks)


def _marks(events: list[dict[str, Any]]) -> list[Mark]:
    """Flags for what went wrong or was done about it, ticks for checkpoints."""
    flags, ticks = [], []
    for event in events:
        step, name = numeric(event.get("step")), str(event.get("event"))
        if step is None:
            continue
        told = f"{name} at step {step:,}{_detail(event)}"
        if name in FLAGS:
            flags.append(Mark(float(step), one_line(told, 200), FLAGS[name][1], FLAGS[name][0]))
        elif name == "checkpoint":
            ticks.append(Mark(float(step), one_line(told, 200), "calm"))
    thin = max(1, -(-len(ticks) // 100))
    return flags[:MOST_FLAGS] + ticks[::thin]


def _detail(event: dict[str, Any]) -> str:
    detail = event.get("detail")
    if not detail:
        return ""
    if isinstance(detail, dict):
        return ": " + ", ".join(f"{name} {figures.number(value)}" for name, value in list(detail.items())[:8])
    return f": {json.dumps(detail, ensure_ascii=False)}"


def _event_table(events: list[dict[str, Any]]) -> Content:
    counts = Counter(str(event.get("event")) for event in events)
    if not counts:
        return None
    said = ", ".join(f"{n} × {one_line(name, 30)}" for name, n in counts.most_common(12))
    shown = [event for event in events if event.get("event") != "checkpoint"]
    rows: list[list[Content]] = []
    for event in shown[:MOST_EVENTS]:
        step, time = figures.count(numeric(event.get("step"))), figures.when(str(event.get("time") or ""))
        told = tag("span", one_line(_detail(event)[2:], 300), class_="soft")
        rows.append([step, _flag(str(event.get("event"))), told, tag("span", time, class_="soft")])
    more = f"and {len(shown) - MOST_EVENTS} more" if len(shown) > MOST_EVENTS else None
    whole = table(["step", "event", "detail", "time"], rows, numeric=(0,), class_="long events")
    return sub("What happened", whole, tag("p", more, class_="soft") if more else None, note=said)


def _flag(name: str) -> Markup:
    letter, look = FLAGS.get(name, ("", "calm"))
    return tag("span", f"{letter} " if letter else None, one_line(name, 30), class_=f"event {look}")


def score_section(run: Run) -> Section:
    """Benchmarks with their intervals, contamination and outcomes."""
    found = read_scores(run)
    benchmarks = mapping(found.get("benchmarks"))
    if not benchmarks:
        return absent("scores", "Scores", "Evaluate is not part of this run, or hasn't finished.")
    values = [
        numeric(mapping(score).get(name)) for score in benchmarks.values() for name in ("value", "high")
    ]
    top = max([0.5, *(value for value in values if value is not None)])
    x = axis(
        [0.0, 1.0 if top > 0.5 else 0.5], tight=True, format=lambda value: f"{value:.0%}".replace("%", " %")
    )
    rows = [_score(name, mapping(score), x) for name, score in list(benchmarks.items())[:60]]
    scale = tag("span", tag("span", x.format(x.low)), tag("span", x.format(x.high)), class_="scale")
    head = ["benchmark", "metric", "value", scale, "95 % interval", "items", "contaminated", "also"]
    lead = "Each with its 95 % interval: with a few dozen items, most differences are noise."
    return Section("scores", "Scores", lead, table(head, rows, numeric=(2, 5, 6), class_="scores"))


def _score(name: str, score: dict[str, Any], x: Axis) -> list[Content]:
    value, spoilt = numeric(score.get("value")), numeric(score.get("contaminated"))
    low, high, chance = (numeric(score.get(key)) for key in ("low", "high", "chance"))
    return [
        tag("b", one_line(name, 48)),
        one_line(score.get("metric") or "", 32),
        tag("b", f"{value:.3f}") if value is not None else tag("span", "not scored", class_="soft"),
        charts.whisker(low, float(value), high, x, chance) if value is not None else None,
        interval(score),
        figures.count(numeric(score.get("items"))),
        tag("span", figures.count(spoilt), class_="lost") if spoilt else figures.count(spoilt),
        tag("span", ", ".join(_also(score)), class_="soft"),
    ]


def _also(score: dict[str, Any]) -> list[str]:
    """What else is known of a score: why there is none, the clean items' value, other metrics, outcomes."""
    found = [one_line(score["reason"], 160)] if score.get("reason") else []
    clean = numeric(mapping(score.get("clean")).get("value"))
    if clean is not None and score.get("contaminated"):
        found.append(f"{clean:.3f} without the contaminated")
    for key, item in [*mapping(score.get("more")).items(), *mapping(score.get("outcomes")).items()][:10]:
        if numeric(item) is not None:
            found.append(f"{one_line(key, 30)} {figures.number(item)}")
    return found


def writing(run: Run) -> Section:
    """Texts that the model wrote, prompts in bold."""
    found = [item for item in generations(run, 8) if str(item.get("text") or "").strip()]
    if not found:
        return absent("writing", "What the model writes", "This run has written no text yet.")
    texts = [
        tag("blockquote", tag("b", excerpt(item.get("prompt") or "", 600)) if item.get("prompt") else None,
            excerpt("." + str(item["text"]), 1600)[1:], dir="auto")
        for item in found
    ]  # fmt: skip
    lead = "Sampled at evaluation; the prompt is bold, the rest is the model's."
    return Section("writing", "What the model writes", lead, grid(*texts))
