"""`smelt tune` for a terminal."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from tasks.render import add_row, figures, one_line, text_table

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from tasks.filter.replay.tuning import Flips, Tally, Tuning

MOST_RULES = 20
MOST_PAIRS = 6
MOST_SHOWN = 8


def print_tuning(found: Tuning, console: Console | None = None) -> None:
    """The comparison: what changes, kept and dropped, rules, documents that turn, the sweep."""
    from rich.console import Console
    from rich.text import Text

    out = console or Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    total = found.before.kept + found.before.dropped
    out.print(Text.assemble(
        ("run ", "dim"), (one_line(found.run, 60), "bold"),
        (f"  {figures.count(total)} documents judged from their signals", "dim"),
    ))  # fmt: skip
    for key, was, now in found.changes:
        out.print(Text(f"  {one_line(key, 80)}: {_shown(was)} → {_shown(now)}"))
    for note in found.notes:
        out.print(Text(f"  note: {note}", "yellow"))
    parts: list[RenderableType | None] = [
        _totals(found),
        _steps(found),
        _rules(found),
        _pairs(found.after),
        _flips("Newly dropped", found.newly_dropped),
        _flips("Newly kept", found.newly_kept),
    ]
    for part in parts:
        if part is not None:
            out.print()
            out.print(part)


def _shown(value: Any) -> str:
    return "null" if value is None else one_line(value, 60)


def _totals(found: Tuning) -> RenderableType:
    table = text_table("", "kept", "", "text", "dropped", "text", right=(1, 2, 3, 4, 5), title="Documents")
    sides = [("this run", found.before), *([("then", found.after)] if found.changes else [])]
    for name, tally in sides:
        total = tally.kept + tally.dropped
        add_row(
            table, name, (figures.count(tally.kept), "bold"), (figures.share(tally.kept, total), "dim"),
            figures.size(tally.kept_bytes), figures.count(tally.dropped), figures.size(tally.dropped_bytes),
        )  # fmt: skip
    if found.changes:
        documents = found.after.kept - found.before.kept
        size = found.after.kept_bytes - found.before.kept_bytes
        changes = (signed(documents), "", _signed_size(size), signed(-documents), _signed_size(-size))
        add_row(table, ("change", "dim"), *changes)
    return table


def signed(number: int) -> str:
    """
    >>> signed(1200), signed(-3), signed(0)
    ('+1,200', '−3', '±0')
    """
    return f"+{number:,}" if number > 0 else f"−{-number:,}" if number else "±0"


def _signed_size(number: int) -> str:
    return ("+" if number > 0 else "−") + figures.size(abs(number)) if number else "±0"


def _steps(found: Tuning) -> RenderableType | None:
    if found.sweep is None:
        return None
    name = found.sweep.removeprefix("filter.")
    table = text_table(
        name.rsplit(".", 1)[-1], "kept", "", "text", "than this run", "fail it", "only it",
        right=(0, 1, 2, 3, 4, 5, 6), title=f"Sweep of {one_line(name, 60)}",
    )  # fmt: skip
    rule = "language" if name == "language.min_score" else name
    for step in found.steps:
        tally, reasons = step.tally, step.tally.reasons
        add_row(
            table, (figures.number(step.value), "bold"), figures.count(tally.kept),
            (figures.share(tally.kept, tally.kept + tally.dropped), "dim"), figures.size(tally.kept_bytes),
            signed(tally.kept - found.before.kept), figures.count(reasons.failed[rule]),
            figures.count(reasons.alone[rule]),
        )  # fmt: skip
    return table


def _rules(found: Tuning) -> RenderableType | None:
    """Every rule that drops; with changes, those whose counts change."""
    old, new = found.before.reasons, found.after.reasons
    names = list(dict.fromkeys([*new.ranked(), *old.ranked()]))
    if found.changes:
        names = [name for name in names if _counts(old, name) != _counts(new, name)]
    if not names:
        return None
    title = "Rules whose counts change" if found.changes else "Rules"
    table = text_table("rule", "first", "at all", "only it", right=(1, 2, 3), title=title)
    for name in names[:MOST_RULES]:
        pairs = zip(_counts(old, name), _counts(new, name), strict=True)
        add_row(table, one_line(name, 50), *(_change(was, now) for was, now in pairs))
    if len(names) > MOST_RULES:
        add_row(table, (f"and {len(names) - MOST_RULES} more", "dim"))
    return table


def _counts(reasons: Any, name: str) -> tuple[int, int, int]:
    return reasons.first[name], reasons.failed[name], reasons.alone[name]


def _change(was: int, now: int) -> str:
    return f"{now:,}" if was == now else f"{was:,} → {now:,}"


def _pairs(tally: Tally) -> RenderableType | None:
    found = tally.reasons.common_pairs(MOST_PAIRS)
    if not found:
        return None
    table = text_table("rules that fail together", "", "documents", right=(2,), title="Most frequent pairs")
    for (one, other), count in found:
        add_row(table, one_line(one, 44), one_line(other, 44), figures.count(count))
    return table


def _flips(title: str, flips: Flips) -> RenderableType | None:
    if not flips.documents:
        return None
    from rich.console import Group
    from rich.text import Text

    head = f"{title}: {figures.count(flips.documents)} documents, {figures.size(flips.bytes)}"
    table = text_table("id", "rule", "score", "", "url", right=(2, 3), title=head)
    for row in flips.examples[:MOST_SHOWN]:
        add_row(
            table, row["id"][:12], one_line(row["rule"], 40), figures.number(row["score"]),
            (f"of {figures.number(row['threshold'])}", "dim"), (one_line(row["url"] or row["source"], 70), "dim"),
        )  # fmt: skip
    lines: list[RenderableType] = [table]
    if flips.documents > MOST_SHOWN:
        lines.append(
            Text(f"  and {figures.count(flips.documents - MOST_SHOWN)} more (--json lists some)", "dim")
        )
    counted = [("by source", flips.sources), ("by language", flips.languages)]
    lines += [Text(f"  {name}: {_counted(counter)}") for name, counter in counted]
    return Group(*lines)


def _counted(counter: Counter[str]) -> str:
    shown = [f"{one_line(name, 40)} {number:,}" for name, number in counter.most_common(8)]
    return ", ".join(shown) + (f", {len(counter) - 8} others" if len(counter) > 8 else "")
