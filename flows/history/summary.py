"""What `smelt run` says at its end and `smelt status` says at any time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.history.runs import load_run
from tasks.render import add_row, excerpt, figures, one_line, text_table
from tasks.story import Run, funnel, generations, interval, mapping, numeric, scores

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

SIGNS = {"done": "✓", "reused": "↺", "failed": "✗", "interrupted": "✗", "running": "…", "waiting": "·"}
COLOURS = {"done": "green", "reused": "cyan", "failed": "red", "interrupted": "yellow", "running": "yellow"}


def print_summary(store: Path, run: Path | None = None, console: Console | None = None) -> None:
    """The end of a run (the last one without `run`): funnel, stages, scores, a sample of the model's text."""
    found = load_run(store, run)
    parts: list[RenderableType | None] = [_funnel(found), _stages(found), _scores(found), _sample(found)]
    _print(found, parts, console)


def print_status(store: Path, console: Console | None = None) -> None:
    """The last run: what it is, its stages, the funnel, the scores."""
    found = load_run(store)
    _print(found, [_stages(found), _funnel(found), _scores(found)], console)


def status_data(store: Path) -> dict[str, Any]:
    """The last run as plain JSON values: status, time, nodes with their artifacts, funnel, scores."""
    found = load_run(store)
    keep = ("id", "status", "start", "end", "seconds", "pipeline", "error", "links", "git", "host")
    return {
        **{name: found.record.get(name) for name in keep},
        "folder": str(found.folder.resolve()),
        "nodes": [
            {**node.entry, "artifact": str(node.folder) if node.manifest else None, "metrics": node.metrics}
            for node in found.nodes.values()
        ],
        "funnel": [
            {"stage": step.stage, "documents_in": step.documents_in, "documents_out": step.documents_out,
             "bytes_in": step.bytes_in, "bytes_out": step.bytes_out,
             "dropped": {drop.rule: {"documents": drop.documents, "bytes": drop.bytes}
                         for drop in step.drops}}
            for step in funnel(node.manifest for node in found.nodes.values())
        ],
        "scores": scores(found),
    }  # fmt: skip


def _print(run: Run, parts: list[RenderableType | None], console: Console | None) -> None:
    from rich.console import Console

    out = console or Console(highlight=False)
    out.print(_headline(run))
    for part in parts:
        if part is not None:
            out.print()
            out.print(part)


def _headline(run: Run) -> RenderableType:
    from rich.text import Text

    look = COLOURS.get(run.status, "bold")
    started = figures.when(run.record.get("start"))
    text = Text.assemble(
        ("run ", "dim"), (one_line(run.id, 60), "bold"), "  ", (one_line(run.status, 20), f"bold {look}"),
        (f"  {figures.duration(numeric(run.record.get('seconds')))}, started {one_line(started, 40)}", "dim"),
    )  # fmt: skip
    if run.record.get("error"):
        text.append("\n" + excerpt(run.record["error"], 1000), "red")
    return text


def _funnel(run: Run) -> RenderableType | None:
    steps = funnel(node.manifest for node in run.nodes.values())
    if not steps:
        return None
    table = text_table("stage", "in", "out", "", "text", "dropped by", right=(1, 2, 3, 4), title="Documents")
    for step in steps:
        rules = [f"{drop.documents:,} {one_line(drop.rule, 40)}" for drop in step.drops[:3]]
        more = len(step.drops) - len(rules)
        add_row(
            table,
            step.stage,
            figures.count(step.documents_in),
            (figures.count(step.documents_out), "bold"),
            (f"−{figures.share(step.dropped, step.documents_in)}" if step.dropped else "", "dim"),
            figures.size(step.bytes_out),
            ("\n".join(rules) + (f"\nand {more} more rules" if more > 0 else ""), "dim"),
        )
    return table


def _stages(run: Run) -> RenderableType | None:
    table = text_table("", "node", "", "time", "shards", "artifact", right=(3, 4), title="Stages")
    for node in run.nodes.values():
        look = COLOURS.get(node.status, "dim")
        total, reused = numeric(node.entry.get("shards")), numeric(node.entry.get("shards_reused"))
        some = total and reused and 0 < reused < total
        add_row(
            table,
            (SIGNS.get(node.status, "·"), look),
            one_line(node.name, 40),
            (one_line(node.status, 20), look),
            figures.duration(node.seconds) if node.seconds and node.status != "reused" else "",
            (f"{reused:,.0f} of {total:,.0f} reused" if some else f"{total:,.0f}") if total else "",
            (one_line(node.fingerprint[:12]) if node.manifest else "", "dim"),
        )
    return table if run.nodes else None


def _scores(run: Run) -> RenderableType | None:
    found = scores(run)
    bits, benchmarks = mapping(found.get("bits_per_byte")), mapping(found.get("benchmarks"))
    if not bits and not benchmarks:
        return None
    table = text_table("score", "", "value", "95 % interval", "items", "", right=(2, 3, 4), title="Scores")
    if numeric(bits.get("model")) is not None:
        add_row(
            table,
            "held-out text",
            "bits per byte",
            (f"{bits['model']:.3f}", "bold"),
            interval(bits),
            "",
            (against(bits), "dim"),
        )
    for name, score in benchmarks.items():
        score = mapping(score)
        value, spoilt = numeric(score.get("value")), numeric(score.get("contaminated"))
        add_row(
            table,
            one_line(name, 40),
            one_line(score.get("metric") or "", 30),
            ("not scored" if value is None else f"{value:.3f}", "bold"),
            interval(score),
            figures.count(numeric(score.get("items"))),
            (f"{spoilt} contaminated" if spoilt else "", "yellow"),
        )
    return table


def against(bits: dict[str, Any]) -> str:
    """The model's bits per byte beside the compressors'.

    >>> against({"model": 1.4, "xz": 1.6, "gzip": 2.0})
    '12.5 % below xz (1.600), 30.0 % below gzip (2.000)'
    """
    model, parts = numeric(bits.get("model")), []
    for name in ("xz", "gzip"):
        other = numeric(bits.get(name))
        if model is not None and other:
            side = "below" if model <= other else "above"
            parts.append(f"{abs(1 - model / other):.1%} {side} {name} ({other:.3f})".replace("%", " %"))
    return ", ".join(parts)


def _sample(run: Run) -> RenderableType | None:
    from rich import box
    from rich.panel import Panel
    from rich.text import Text

    for sample in generations(run, 20):
        if str(sample.get("text") or "").strip():
            body = Text(excerpt(sample.get("prompt") or "", 300), "bold")
            body.append(Text(excerpt("." + str(sample["text"]), 600)[1:], ""))
            return Panel(
                body,
                title="The model writes",
                title_align="left",
                box=box.ROUNDED,
                width=100,
                border_style="dim",
            )
    return None
