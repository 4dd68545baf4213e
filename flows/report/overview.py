"""The top of a report: what came out, in a sentence and a few figures, and the stages that made it."""

from __future__ import annotations

from typing import Any

from tasks.nodes import hooks
from tasks.render import Content, Markup, charts, excerpt, figures, join, one_line, table, tag
from tasks.story import Node, Run, Section, funnel, mapping, numeric, parts

SIGNS = {"done": "✓", "reused": "↺", "failed": "✕", "interrupted": "✕", "running": "…", "waiting": "·"}
WORDS = {name: name for name in SIGNS} | {"done": "ran", "waiting": "not reached"}
ENDED = ("failed", "interrupted")


def header(run: Run) -> Markup:
    """Title, status, headline and the cards."""
    record = run.record
    git = mapping(record.get("git"))
    commit = str(git.get("commit") or "")[:10]
    commit += "+changes" if commit and git.get("dirty") else ""
    host = mapping(record.get("host"))
    facts = [
        ("started", figures.when(record.get("start"))),
        ("took", figures.duration(numeric(record.get("seconds")))),
        ("pipeline", one_line(str(record.get("pipeline") or "–").rsplit("/", 1)[-1], 60)),
        ("commit", one_line(commit, 24) or "–"),
        ("machine", one_line(_host(host), 60)),
    ]
    error = record.get("error") if record.get("error") != run.status else None
    brand, id = tag("span", "smelt", class_="brand"), tag("span", run.id, class_="id")
    return tag(
        "header",
        tag("p", brand, id, pill(run.status), class_="top"),
        tag("h1", headline(run)),
        tag("pre", excerpt(error, 4000), class_="error") if error else None,
        tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts], class_="facts"),
        cards(run),
    )


def _host(host: dict[str, Any]) -> str:
    cores = numeric(host.get("cores"))
    known = [
        str(host.get("name") or ""),
        f"{cores} cores" if cores else "",
        f"Python {host['python']}" if "python" in host else "",
    ]
    return ", ".join(part for part in known if part) or "–"


def pill(status: str) -> Markup:
    known = status if status in SIGNS else "waiting"
    return tag("span", f"{SIGNS[known]} {one_line(status, 20)}", class_=f"pill {known}")


def headline(run: Run) -> str:
    """The run in one sentence, as far as it came."""
    steps = funnel(node.manifest for node in run.nodes.values())
    if run.status in ENDED:
        broken = next((name for name, node in run.nodes.items() if node.status in ENDED), None)
        said = "The run failed" if run.status == "failed" else "The run was interrupted"
        return f"{said} at {broken}" if broken else said
    if not steps:
        return "The run is under way" if run.status == "running" else "Nothing was made yet"
    made = [f"{figures.count(steps[-1].documents_out)} documents", *_said(run, "made")]
    said = f"{figures.count(steps[0].documents_in)} records became {enumeration(made)}"
    return " ".join([said, *_said(run, "claim")])


def _said(run: Run, name: str) -> list[Any]:
    """What the stages have to say of a run under that name."""
    return [found for hook in hooks(name).values() if (found := hook(run)) is not None]


def enumeration(items: list[str]) -> str:
    """
    >>> enumeration(["a", "b", "c"]), enumeration(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)


def cards(run: Run) -> Markup:
    """The figures that one looks for first."""
    steps = funnel(node.manifest for node in run.nodes.values())
    found = []
    if steps:
        note = (
            f"of {figures.count(steps[0].documents_in)} records, {figures.size(steps[-1].bytes_out)} of text"
        )
        found.append(parts.card("Documents", figures.count(steps[-1].documents_out), note))
    took = parts.card("Time", figures.duration(numeric(run.record.get("seconds"))), _reuse(run))
    return tag("div", found, took, _said(run, "figure"), class_="cards")


def _reuse(run: Run) -> str:
    reused = sum(node.status == "reused" for node in run.nodes.values())
    return f"{reused} of {len(run.nodes)} nodes reused" if reused else f"{len(run.nodes)} nodes, none reused"


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
        parts.code(node.fingerprint, 8),
        class_=f"node {known}",
        title=one_line(node.entry.get("reason") or "", 300) or None,
    )


def _time(run: Run) -> Content:
    spent = [(stage, sum(node.seconds or 0 for node in nodes)) for stage, nodes in run.stages.items()]
    total = sum(seconds for _, seconds in spent)
    if not total:
        return None
    shares = [
        (seconds, f"s{at % 8}", f"{stage}: {figures.duration(seconds)}")
        for at, (stage, seconds) in enumerate(spent)
    ]
    legend = [
        tag("li", charts.swatch(f"s{at % 8}"), stage, tag("b", figures.duration(seconds)))
        for at, (stage, seconds) in enumerate(spent)
        if seconds
    ]
    return parts.sub(
        "Where the time went", charts.bar(shares, total, 18), tag("ul", legend, class_="legend spread")
    )


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
