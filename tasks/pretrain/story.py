"""What pretrain says of itself: how far it is, what it made, and the section of the report on training."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.render import (
    Content,
    Markup,
    Series,
    charts,
    figures,
    join,
    one_line,
    read_lines,
    read_series,
    table,
    tag,
)
from tasks.story import Run, Section, numeric, parts

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
        return parts.absent(
            "training", "Training", "Pretrain is not part of this run, or hasn't logged a step."
        )
    series = read_series(path, COLUMNS)
    events = list(read_lines(node.file("events.jsonl"), 5000))
    steps = [step for column in series.values() for step, _ in column.means]
    if not steps:
        return parts.absent("training", "Training", "Pretrain hasn't logged a step.")
    x = charts.axis([0, *steps], tight=True, label="step", ticks=6, format=figures.round_count)
    marks = _marks(events)
    flags = [mark for mark in marks if mark.letter]
    small = [_small(series[chart.column], x, chart, flags if chart.log else []) for chart in SMALL]
    body = join(
        _figures(node.metrics, series), _loss(series, x, marks), parts.grid(*small), _event_table(events)
    )
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
    return parts.stats(*(parts.stat(value, name) for name, value in items if value != figures.ABSENT))


def _lowest(series: Series) -> str:
    return f"{min(value for _, value in series.lows):.3f}" if len(series) else figures.ABSENT


def _loss(series: dict[str, Series], x: charts.Axis, marks: list[charts.Mark]) -> Content:
    loss, validation = series["loss"], series["validation_loss"]
    if not len(loss) and not len(validation):
        return None
    values = [value for _, value in [*loss.lows, *loss.highs, *validation.means]]
    log = min(values) > 0 and max(values) / min(values) > 2.5
    y = charts.axis(values, log=log, ticks=6, label="nats per token" + (", log scale" if log else ""))
    lines = [
        charts.Line("training", loss.smooth(), "c1"),
        charts.Line("validation", validation.means, "c2"),
        charts.Line("validation ", validation.means, "c2", dots=True),
    ]
    lines = [line for line in lines if line.points and not (line.dots and len(line.points) > 60)]
    shown = [charts.Line("" if line.dots else line.name, line.points, line.look, line.dots) for line in lines]
    return charts.line_chart(shown, x, y, title="Loss", height=300, band=(loss.lows, loss.highs), marks=marks)


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


def _small(series: Series, x: charts.Axis, chart: Small, marks: list[charts.Mark]) -> Content:
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
    y = charts.axis(values, log=log, zero=not log, ticks=4, label=label, format=chart.format)
    line = charts.Line("", means, chart.look)
    return charts.line_chart([line], x, y, title=chart.title, height=150, band=(lows, highs), marks=marks)


def _marks(events: list[dict[str, Any]]) -> list[charts.Mark]:
    """Flags for what went wrong or was done about it, ticks for checkpoints."""
    flags, ticks = [], []
    for event in events:
        step, name = numeric(event.get("step")), str(event.get("event"))
        if step is None:
            continue
        told = f"{name} at step {step:,}{_detail(event)}"
        if name in FLAGS:
            flags.append(charts.Mark(float(step), one_line(told, 200), FLAGS[name][1], FLAGS[name][0]))
        elif name == "checkpoint":
            ticks.append(charts.Mark(float(step), one_line(told, 200), "calm"))
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
    return parts.sub("What happened", whole, tag("p", more, class_="soft") if more else None, note=said)


def _flag(name: str) -> Markup:
    letter, look = FLAGS.get(name, ("", "calm"))
    return tag("span", f"{letter} " if letter else None, one_line(name, 30), class_=f"event {look}")


def made(run: Run) -> str | None:
    """What came of it, for the headline."""
    parameters = numeric(run.metrics("pretrain").get("parameters"))
    return f"a model of {figures.short_count(parameters)} parameters" if parameters else None


def figure(run: Run) -> Content:
    """Its card at the top of the report."""
    metrics = run.metrics("pretrain")
    loss, seen = numeric(metrics.get("validation_loss")), numeric(metrics.get("tokens"))
    note = f"after {figures.short_count(seen)} tokens" if seen else ""
    return parts.card("Validation loss", f"{loss:.3f}", note) if loss is not None else None


def progress(folder: Path) -> str | None:
    """Where a training that is under way has come to, from the newest line of its metrics that tells the speed."""
    try:
        with (folder / "metrics.jsonl").open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 8192))
            rows = [json.loads(line) for line in file.read().splitlines()[1:]]
    except (OSError, ValueError):
        return None
    row = next((row for row in reversed(rows) if "tokens_per_second" in row), None)
    if row is None:
        return None
    return f"step {row['step']:,}  loss {row['loss']:.3f}  {row['tokens_per_second']:,.0f} tokens/s"


SECTIONS = (training,)
