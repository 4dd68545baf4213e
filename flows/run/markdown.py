"""Tables and markdown for Prefect's UI artifacts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tasks.render import figures, one_line
from tasks.story import Passage, funnel, mapping, numeric, passage

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$])")
MOST_RULES = 20


def plain(text: object, limit: int = 120) -> str:
    """Text from outside as markdown that shows it and does nothing else.

    >>> plain("<b>|`x`")
    '\\\\<b\\\\>\\\\|\\\\`x\\\\`'
    """
    return _SPECIAL.sub(r"\\\1", one_line(text, limit))


def funnel_table(manifests: Iterable[Mapping[str, Any] | None]) -> list[dict[str, Any]]:
    """The funnel as rows for a table artifact, a row per stage that counts documents."""
    return [
        {
            "stage": step.stage,
            "documents in": figures.count(step.documents_in),
            "documents out": figures.count(step.documents_out),
            "dropped": f"{figures.count(step.dropped)} ({figures.share(step.dropped, step.documents_in)})",
            "bytes in": figures.size(step.bytes_in),
            "bytes out": figures.size(step.bytes_out),
            "most dropped by": ", ".join(
                f"{one_line(drop.rule, 60)} {drop.documents:,}" for drop in step.drops[:3]
            ),
        }
        for step in funnel(manifests)
    ]


def stage_markdown(manifest: Mapping[str, Any]) -> str:
    """What a node took and left, as markdown: time, funnel, rules, figures, outputs, fingerprint."""
    step = passage(manifest)
    shards = [shard for shard in manifest.get("shards") or [] if isinstance(shard, dict)]
    reused = sum(bool(shard.get("reused")) for shard in shards)
    lines = [
        f"# {plain(manifest.get('node'))}",
        "",
        f"**{figures.duration(numeric(manifest.get('seconds')))}**, "
        f"{figures.duration(numeric(manifest.get('cpu_seconds')))} of CPU, "
        f"{len(shards)} shards, {reused} of them reused",
        *(_passage(step) if step else []),
        *_figures(mapping(manifest.get("metrics"))),
        *_outputs(mapping(manifest.get("outputs"))),
        "",
        f"Fingerprint `{str(manifest.get('fingerprint'))[:64]}`",
    ]
    return "\n".join(lines) + "\n"


def _passage(step: Passage) -> list[str]:
    lines = [
        "",
        f"{step.documents_in:,} → {step.documents_out:,} documents, "
        f"{figures.size(step.bytes_in)} → {figures.size(step.bytes_out)}",
    ]
    if step.drops:
        lines += ["", "| rule | documents | bytes |", "| --- | ---: | ---: |"]
        lines += [
            f"| {plain(d.rule)} | {d.documents:,} | {figures.size(d.bytes)} |"
            for d in step.drops[:MOST_RULES]
        ]
        if len(step.drops) > MOST_RULES:
            lines.append(f"| and {len(step.drops) - MOST_RULES} more | | |")
    return lines


def _figures(metrics: Mapping[str, Any]) -> list[str]:
    known = {"documents_in", "documents_out", "bytes_in", "bytes_out"}
    rest = [
        (name, value) for name, value in metrics.items() if name not in known and numeric(value) is not None
    ]
    if not rest:
        return []
    rows = [f"| {plain(name)} | {figures.number(value)} |" for name, value in rest[:40]]
    return ["", "| figure | value |", "| --- | ---: |", *rows]


def _outputs(outputs: Mapping[str, Any]) -> list[str]:
    if not outputs:
        return []
    rows = [
        f"| {plain(name)} | {figures.count(numeric(mapping(item).get('files')))} "
        f"| {figures.size(numeric(mapping(item).get('bytes')))} | `{str(mapping(item).get('digest'))[:12]}` |"
        for name, item in outputs.items()
    ]
    return ["", "| output | files | bytes | content |", "| --- | ---: | ---: | --- |", *rows]
