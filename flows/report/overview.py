"""The top of a report: what came out, in a sentence and a few figures, and the stages that made it."""

from __future__ import annotations

from typing import Any

from flows.history import Node, Run, funnel, mapping, numeric, scores
from flows.render import Content, Markup, charts, excerpt, figures, join, one_line, table, tag
from flows.report.parts import Section, code, sub

WORDS = {
    "done": "ran",
    "reused": "reused",
    "failed": "failed",
    "interrupted": "interrupted",
    "running": "running",
    "waiting": "not reached",
}
SIGNS = {"done": "✓", "reused": "↺", "failed": "✕", "interrupted": "✕", "running": "…", "waiting": "·"}


def header(run: Run) -> Markup:
    """Title, status, headline and the cards."""
    record = run.record
    git = mapping(record.get("git"))
    commit = (
        str(git.get("commit") or "")[:10] + ("+changes" if git.get("dirty") else "")
        if git.get("commit")
        else ""
    )
    host = mapping(record.get("host"))
    facts = [
        ("started", figures.when(record.get("start"))),
        ("took", figures.duration(numeric(record.get("seconds")))),
        ("pipeline", one_line(str(record.get("pipeline") or "–").rsplit("/", 1)[-1], 60)),
        ("commit", one_line(commit, 24) or "–"),
        ("machine", one_line(_host(host), 60)),
    ]
    error = record.get("error") if record.get("error") != run.status else None
    return tag(
        "header",
        tag(
            "p",
            tag("span", "smelt", class_="brand"),
            tag("span", run.id, class_="id"),
            pill(run.status),
            class_="top",
        ),
        tag("h1", headline(run)),
        tag("pre", excerpt(error, 4000), class_="error") if error else None,
        tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts], class_="facts"),
        cards(run),
    )


def _host(host: dict[str, Any]) -> str:
    cores = numeric(host.get("cores"))
    parts = [
        str(host.get("name") or ""),
        f"{cores} cores" if cores else "",
        f"Python {host['python']}" if "python" in host else "",
    ]
    return ", ".join(part for part in parts if part) or "–"


def pill(status: str) -> Markup:
    known = status if status in SIGNS else "waiting"
    return tag(
        "span",
        f"{SIGNS[known]} ",
        "done" if status == "done" else one_line(status, 20),
        class_=f"pill {known}",
    )


def headline(run: Run) -> str:
    """The run in one sentence, as far as it came."""
    steps = funnel(node.manifest for node in run.nodes.values())
    tokens, parameters = total_tokens(run), numeric(run.metrics("pretrain").get("parameters"))
    bits = mapping(scores(run).get("bits_per_byte"))
    model, xz = numeric(bits.get("model")), numeric(bits.get("xz"))
    if run.status in ("failed", "interrupted"):
        broken = next(
            (node.name for node in run.nodes.values() if node.status in ("failed", "interrupted")), None
        )
        said = "The run failed" if run.status == "failed" else "The run was interrupted"
        return f"{said} at {broken}" if broken else said
    if not steps:
        return "The run is under way" if run.status == "running" else "Nothing was made yet"
    made = [f"{figures.count(steps[-1].documents_out)} documents"]
    made += [f"{figures.short_count(tokens)} tokens"] if tokens else []
    made += [f"a model of {figures.short_count(parameters)} parameters"] if parameters else []
    said = f"{figures.count(steps[0].documents_in)} records became {enumeration(made)}"
    if model is None:
        return said
    side = "less" if xz and model <= xz else "more"
    than = f", {abs(1 - model / xz) * 100:.1f} % {side} than xz" if xz else ""
    return f"{said} that takes {model:.3f} bits per byte{than}"


def enumeration(items: list[str]) -> str:
    """
    >>> enumeration(["a", "b", "c"]), enumeration(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)


def total_tokens(run: Run) -> float | None:
    """Tokens that tokenize wrote."""
    return numeric(run.metrics("tokenize").get("tokens"))


def cards(run: Run) -> Markup:
    """The figures that one looks for first."""
    steps = funnel(node.manifest for node in run.nodes.values())
    tokens, pretrain = total_tokens(run), run.metrics("pretrain")
    loss, seen = numeric(pretrain.get("validation_loss")), numeric(pretrain.get("tokens"))
    found = []
    if steps:
        note = (
            f"of {figures.count(steps[0].documents_in)} records, {figures.size(steps[-1].bytes_out)} of text"
        )
        found.append(card("Documents", figures.count(steps[-1].documents_out), note))
    if tokens:
        size = steps[-1].bytes_out if steps else None
        found.append(
            card("Tokens", figures.short_count(tokens), f"{size / tokens:.2f} bytes each" if size else "")
        )
    if loss is not None:
        note = f"after {figures.short_count(seen)} tokens" if seen else ""
        found.append(card("Validation loss", f"{loss:.3f}", note))
    found.append(card("Time", figures.duration(numeric(run.record.get("seconds"))), _reuse(run)))
    bits = mapping(scores(run).get("bits_per_byte"))
    if numeric(bits.get("model")) is not None:
        found.append(compression(bits))
    return tag("div", found, class_="cards")


def card(name: str, value: str, note: str) -> Markup:
    return tag("div", tag("span", name, class_="name"), tag("b", value), tag("small", note), class_="card")


def _reuse(run: Run) -> str:
    reused = sum(node.status == "reused" for node in run.nodes.values())
    return f"{reused} of {len(run.nodes)} nodes reused" if reused else f"{len(run.nodes)} nodes, none reused"


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


def stages(run: Run) -> Section:
    """The DAG as columns of stages, where the time went, and why each node ran."""
    done = sum(node.status in ("done", "reused") for node in run.nodes.values())
    lead = (
        f"{done} of {len(run.nodes)} nodes are done; a node is reused when nothing that it reads has changed."
    )
    columns = [
        tag("li", tag("h3", stage), [_node(node) for node in nodes]) for stage, nodes in run.stages.items()
    ]
    chain = tag("ol", columns, class_="dag")
    return Section("stages", "Stages", lead, join(chain, _time(run), _reasons(run)))


def _node(node: Node) -> Markup:
    known = node.status if node.status in SIGNS else "waiting"
    time = figures.duration(node.seconds) if node.seconds and node.status != "reused" else WORDS[known]
    return tag(
        "div",
        tag("span", SIGNS[known], class_="sign"),
        tag("span", node.name, class_="what"),
        tag("span", time, class_="time"),
        code(node.fingerprint, 8),
        class_=f"node {known}",
        title=one_line(node.entry.get("reason") or "", 300) or None,
    )


def _time(run: Run) -> Content:
    spent = [(stage, sum(node.seconds or 0 for node in nodes)) for stage, nodes in run.stages.items()]
    total = sum(seconds for _, seconds in spent)
    if not total:
        return None
    parts = [
        (seconds, f"s{at % 8}", f"{stage}: {figures.duration(seconds)}")
        for at, (stage, seconds) in enumerate(spent)
    ]
    legend = [
        tag("li", charts.swatch(f"s{at % 8}"), stage, tag("b", figures.duration(seconds)))
        for at, (stage, seconds) in enumerate(spent)
        if seconds
    ]
    return sub("Where the time went", charts.bar(parts, total, 18), tag("ul", legend, class_="legend spread"))


def _reasons(run: Run) -> Markup:
    rows = []
    for node in run.nodes.values():
        shards, reused = (numeric(node.entry.get(name)) for name in ("shards", "shards_reused"))
        known = node.status if node.status in SIGNS else "waiting"
        reason = node.entry.get("error") or node.entry.get("reason") or ""
        rows.append([
            tag("b", node.name), tag("span", f"{SIGNS[known]} {WORDS[known]}", class_=f"state {known}"),
            tag("span", excerpt(reason, 400), class_="why"),
            f"{reused or 0} / {shards}" if shards else "–",
            figures.duration(node.seconds) if node.seconds else "–", figures.duration(node.first_seconds),
        ])  # fmt: skip
    head = ["node", "", "why", "shards reused", "this run", "when made"]
    return tag("details", tag("summary", "Why each node ran or not"), table(head, rows, numeric=(3, 4, 5)))
