"""Every rule of a document's profile against what was measured of it, with the margin by which it passed or failed."""

from __future__ import annotations

import math
from typing import Any

from tasks.errors import StageError
from tasks.filter.replay.batches import filter_config
from tasks.render import figures, one_line
from tasks.story import Run

FACT = "rules"


def rule_facts(run: Run, kind: Any, signals: dict[str, Any]) -> dict[str, Any]:
    """`profile`, and under `rules` one entry for each active rule, in the profile's order.

    An entry: rule, signal, value, bound ("min" or "max"), threshold, failed, margin (see tasks/filter/replay/margins.py);
    value and margin are None where nothing was measured.
    Nothing where the run's filter was configured for another version, or knows no such kind.
    """
    import pyarrow as pa

    from tasks.filter.replay.margins import held_against

    try:
        config = filter_config(run)
    except StageError:
        return {}
    profile = config.kinds.get(kind)
    if profile is None or not signals:
        return {}
    rules = [
        {
            "rule": held.name,
            "signal": held.signal,
            "value": _finite(held.values[0]),
            "bound": held.bound,
            "threshold": float(held.thresholds[0]),
            "failed": bool(held.failed()[0]),
            "margin": _finite(held.margins()[0]),
        }
        for held in held_against(pa.Table.from_pylist([signals]), profile, config)
    ]
    return {"profile": profile, FACT: rules} if rules else {}


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def render_rules(rules: list[dict[str, Any]]) -> list[str]:
    """A line for each rule, the nearest calls first: failures, then those that passed, by margin."""
    ordered = sorted(rules, key=_nearness)
    lines = ["rules, the nearest to its threshold first, and the margin as a share of the threshold:"]
    for item in ordered:
        sign = "✗" if item["failed"] else "✓"
        relation = {("min", True): "<", ("min", False): "≥", ("max", True): ">", ("max", False): "≤"}
        value, limit = figures.number(item["value"]), figures.number(item["threshold"])
        compared = f"{value:>8} {relation[item['bound'], item['failed']]} {limit:<8}"
        lines.append(f"  {sign} {one_line(item['rule'], 60):<50} {compared} {_percent(item['margin']):>9}")
    return lines


def _nearness(item: dict[str, Any]) -> tuple[bool, float]:
    """Failures first, then by margin; what is counted and wasn't found at all is far from its most."""
    nothing = item["bound"] == "max" and item["value"] == 0
    return not item["failed"], 1.0 if nothing else abs(item["margin"] or 0.0)


def _percent(margin: float | None) -> str:
    """
    >>> _percent(0.5), _percent(-0.123), _percent(25.0), _percent(0.0)
    ('+50 %', '−12 %', '> +999 %', '±0 %')
    """
    if not margin:
        return figures.ABSENT if margin is None else "±0 %"
    percent = 100 * margin
    if abs(percent) > 999:
        return "> +999 %" if percent > 0 else "< −999 %"
    digits = 1 if 0 < abs(percent) < 9.95 else 0
    return f"{percent:+.{digits}f} %".replace("-", "−")
