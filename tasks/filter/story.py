"""What the filter says of itself: a document's verdict with every rule, its sections of the report, `smelt tune`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.filter.replay import FACT, print_tuning, render_rules, rule_facts, tune
from tasks.filter.report import edits, quality, rules
from tasks.story import Node, Run, Step, Subject, edit_facts, judged

SECTIONS = (edits.edits_section, rules.rules, quality.quality)

__all__ = ["SECTIONS", "checks", "print_tuning", "tell", "tune"]


def tell(run: Run, node: Node, subject: Subject) -> Step:
    """The verdict, every rule against what was measured, what was edited before."""
    step = judged(node, subject, "passed every rule")
    rows = subject.rows(run.node("filter-signals"), "signals")
    measured = {name: value for name, value in rows[0].items() if name not in ("id", "_file")} if rows else {}
    measured |= _host(run, subject)
    held = rule_facts(run, subject.read.get("kind"), measured)
    lines = {FACT: render_rules(held[FACT])} if held else {}
    facts = step.facts | held | edit_facts(run.node("filter-edits"), subject)
    return Step(
        step.stage, step.verdict, step.summary, facts | ({"signals": measured} if measured else {}), lines
    )


def _host(run: Run, subject: Subject) -> dict[str, Any]:
    """Its place among the documents of its host, where the run counted them."""
    if (node := run.nodes.get("filter-hosts")) is None:
        return {}
    rows = subject.rows(node, "hosts")
    return {name: rows[0][name] if rows else None for name in ("host_rank", "host_share")}


def checks() -> Iterator[tuple[str, str, str]]:
    """Whether fastText is fit for training a quality classifier; reading models works in any case."""
    import importlib.util

    if importlib.util.find_spec("fasttext") is None:
        yield "bad", "fasttext", "not installed: make install"
        return
    from tasks.filter.quality import UNSOUND, clears_memory

    sound = clears_memory()
    yield ("ok", "fasttext", "trains from cleared memory") if sound else ("warn", "fasttext", UNSOUND)
