"""What evaluate says of itself: the model's bits per byte, and the sections of the report on scores and on its writing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.render import Content, Markup, charts, excerpt, figures, one_line, table, tag
from tasks.story import Run, Section, generations, interval, mapping, numeric, parts, scores


def scores_section(run: Run) -> Section:
    """Benchmarks with their intervals, contamination and outcomes."""
    found = scores(run)
    benchmarks = mapping(found.get("benchmarks"))
    if not benchmarks:
        return parts.absent("scores", "Scores", "Evaluate is not part of this run, or hasn't finished.")
    values = [
        numeric(mapping(score).get(name)) for score in benchmarks.values() for name in ("value", "high")
    ]
    top = max([0.5, *(value for value in values if value is not None)])
    x = charts.axis(
        [0.0, 1.0 if top > 0.5 else 0.5], tight=True, format=lambda value: f"{value:.0%}".replace("%", " %")
    )
    rows = [_score(name, mapping(score), x) for name, score in list(benchmarks.items())[:60]]
    scale = tag("span", tag("span", x.format(x.low)), tag("span", x.format(x.high)), class_="scale")
    head = ["benchmark", "metric", "value", scale, "95 % interval", "items", "contaminated", "also"]
    lead = "Each with its 95 % interval: with a few dozen items, most differences are noise."
    return Section("scores", "Scores", lead, table(head, rows, numeric=(2, 5, 6), class_="scores"))


def _score(name: str, score: dict[str, Any], x: charts.Axis) -> list[Content]:
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
        return parts.absent("writing", "What the model writes", "This run has written no text yet.")
    texts = [
        tag("blockquote", tag("b", excerpt(item.get("prompt") or "", 600)) if item.get("prompt") else None,
            excerpt("." + str(item["text"]), 1600)[1:], dir="auto")
        for item in found
    ]  # fmt: skip
    lead = "Sampled at evaluation; the prompt is bold, the rest is the model's."
    return Section("writing", "What the model writes", lead, parts.grid(*texts))


def claim(run: Run) -> str | None:
    """What is to be said of the model, for the headline."""
    bits = mapping(scores(run).get("bits_per_byte"))
    model, xz = numeric(bits.get("model")), numeric(bits.get("xz"))
    if model is None:
        return None
    side = "less" if xz and model <= xz else "more"
    than = f", {abs(1 - model / xz) * 100:.1f} % {side} than xz" if xz else ""
    return f"that takes {model:.3f} bits per byte{than}"


def figure(run: Run) -> Content:
    """Its card at the top of the report."""
    bits = mapping(scores(run).get("bits_per_byte"))
    return compression(bits) if numeric(bits.get("model")) is not None else None


def compression(bits: dict[str, Any]) -> Markup:
    """Bits per byte of the model and of the compressors, as bars from zero."""
    rows = [
        (name, numeric(bits.get(key)))
        for name, key in (("this model", "model"), ("xz -9", "xz"), ("gzip -9", "gzip"))
    ]
    known = [(name, float(value)) for name, value in rows if value is not None]
    most = max(value for _, value in known)
    bars = []
    for at, (name, value) in enumerate(known):
        line = charts.bar([(value, "c1" if at == 0 else "c0", f"{name} {value:.3f}")], most, 10)
        cells = (tag("td", name), tag("td", f"{value:.3f}", class_="n"), tag("td", line, class_="bars"))
        bars.append(tag("tr", cells))
    low, high = numeric(bits.get("low")), numeric(bits.get("high"))
    spread = f"95 % interval {low:.3f} – {high:.3f}, " if low is not None and high is not None else ""
    note = f"{spread}{figures.count(numeric(bits.get('documents')))} held-out documents"
    return tag(
        "div",
        tag("span", "Bits per byte", class_="name"),
        tag("table", bars),
        tag("small", note),
        class_="card broad",
    )


def checks() -> Iterator[tuple[str, str, str]]:
    """Whether the sandbox runs generated code here."""
    try:
        from tasks.evaluate.sandbox import run_problem

        test = "def check(candidate):\n    assert candidate() == 1\n"
        result = run_problem("def one():\n", "    return 1\n", test, "one", timeout=10)
        failed = "" if result.passed else result.outcome
    except Exception as error:
        failed = str(error)
    if failed:
        yield "warn", "sandbox", f"not usable ({failed}): HumanEval is not scored"
    else:
        yield "ok", "sandbox", "runs generated code"


SECTIONS = (scores_section, writing)
