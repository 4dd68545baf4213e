"""One document's way through every stage, told from the ledgers."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from flows.history import Node, Run, find, find_named, find_urls, is_id, load_run
from flows.inspect.explain_rules import FACT, render_rules, rule_facts
from flows.render import excerpt, figures, one_line, printable
from tasks.errors import StageError

MOST = 5  # documents that one url may name in a story


@dataclass(frozen=True)
class Step:
    """What one stage did with a document.

    verdict: kept | dropped | done | "" (it has nothing to say of it); facts: name -> plain value, in order.
    """

    stage: str
    verdict: str
    summary: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Passage:
    """One document: what it is, how it begins, what every stage did with it. url: or its path or title."""

    id: str
    url: str | None
    source: str | None
    text: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Story:
    """What `explain` found: `key` as it was asked, the run, and the documents it names."""

    key: str
    run: str
    documents: tuple[Passage, ...]
    more: int = 0


def explain(store: Path, run: Path | None, key: str) -> Story:
    """The way of a document through a run's stages.

    key: an id, its first six or more hex digits, a url, which may name several records, or the path or title
    of a document that has no url.
    run: the run's folder; the last run without it.
    Raises StageError if the key names nothing, or if digits begin several ids: with what comes near.
    """
    found = load_run(store, run)
    ingest = found.node("ingest")
    if ingest is None:
        raise StageError(
            f"run {found.id} has no documents: its ingest hasn't finished; start it with `smelt run`"
        )
    key = key.strip()
    rows = find(ingest.files("ledger"), key) if is_id(key) else []
    if not rows:
        rows = find_urls(ingest.files("ledger"), key) or _by_name(ingest, key)
    if not rows:
        raise StageError(_not_found(ingest, key, found))
    ids = list(dict.fromkeys(str(row["id"]) for row in rows if row["id"]))
    if is_id(key) and len(ids) > 1 and all(name.startswith(key.lower()) for name in ids):
        shown = ", ".join(name[: len(key) + 8] for name in ids[:6])
        raise StageError(
            f"{len(ids)} documents begin with {key}: {shown}{' …' if len(ids) > 6 else ''}; give more digits"
        )
    rows.sort(key=lambda row: row["verdict"] != "kept")
    documents = tuple(_passage(found, row) for row in rows[:MOST])
    return Story(key, found.id, documents, max(0, len(rows) - MOST))


def _by_name(ingest: Node, key: str) -> list[dict[str, Any]]:
    """The ledger's rows of documents with that path or title, if they have no url."""
    named = find_named(ingest.files("documents"), key, most=MOST + 1)
    rows = [find(ingest.files("ledger"), row["id"], near=row["_file"], exact=True)[:1] for row in named]
    return [row for found in rows for row in found]


def _not_found(ingest: Node, key: str, run: Run) -> str:
    shown = one_line(key, 200)
    if is_id(key):
        return (
            f"no document of run {run.id} has an id that begins with {shown}: "
            "`smelt explain` takes 6 or more of an id's 32 digits, or a url as it stands in the ledger"
        )
    if len(key) < 6 and all(letter in "0123456789abcdefABCDEF" for letter in key):
        return f"{shown} is too short: give at least 6 digits of the id, or a whole url"
    part = key.split("//", 1)[-1].rstrip("/")
    near = [row["url"] for row in find_urls(ingest.files("ledger"), part, contained=True, most=200)]
    if not near:
        documents = find_named(ingest.files("documents"), part, contained=True, most=200)
        near = [
            _metadata(row["metadata"]).get("path") or _metadata(row["metadata"]).get("title")
            for row in documents
        ]
    names = sorted({one_line(name, 160) for name in near if name})
    names.sort(key=lambda name: -difflib.SequenceMatcher(None, name, key, autojunk=False).ratio())
    hint = "; near it: " + ", ".join(names[:5]) if names else ""
    return f"no record of run {run.id} has the url, path or id {shown}{hint}"


def _passage(run: Run, record: dict[str, Any]) -> Passage:
    id = str(record["id"] or "")
    ingest = run.node("ingest")
    document = (
        find(ingest.files("documents"), id, near=record["_file"], exact=True)[:1] if ingest and id else []
    )
    known = document[0] if document else {}
    steps = [_ingest(record, known)]
    dropped = record["verdict"] == "dropped"
    for name, tell in TELLERS.items():
        stage = name.split("-", 1)[0]
        if dropped:
            break
        node = run.node(name)
        if node is None:
            steps.append(Step(stage, "", "is not part of this run, or hasn't finished"))
            continue
        step = tell(run, node, id, known)
        steps.append(step)
        dropped = step.verdict == "dropped"
    described = _metadata(known.get("metadata"))
    label = record.get("url") or known.get("url") or described.get("path") or described.get("title")
    return Passage(id, label, known.get("source") or record.get("source"),
                   excerpt(known.get("text") or "", 400), tuple(steps))  # fmt: skip


def _ingest(record: dict[str, Any], known: dict[str, Any]) -> Step:
    if record["verdict"] == "dropped":
        return Step("ingest", "dropped", f"lost: {record['rule']}", _verdict_facts(record))
    facts = {name: known.get(name) for name in ("kind", "source", "date", "language")}
    facts["bytes"] = len((known.get("text") or "").encode("utf-8", "replace"))
    facts |= _metadata(known.get("metadata"))
    return Step("ingest", "kept", "read", {name: value for name, value in facts.items() if value is not None})


def _metadata(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _verdict_facts(row: dict[str, Any]) -> dict[str, Any]:
    failed = row.get("failed_rules") or []
    facts = {
        "score": row.get("score"),
        "threshold": row.get("threshold"),
        "failed rules": ", ".join(map(str, failed)) if len(failed) > 1 else None,
        "matched": row.get("matched_id"),
        "similarity": row.get("similarity"),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _judged(stage: str, node: Node, id: str, kept: str, known: dict[str, Any]) -> Step:
    rows = find(node.files("ledger"), id, near=known.get("_file"), exact=True)
    if not rows:
        return Step(stage, "", "has no row for it in its ledger")
    row = rows[0]
    said = kept if row["verdict"] == "kept" else f"dropped by {row['rule']}"
    return Step(stage, str(row["verdict"]), said, _verdict_facts(row))


def _filter(run: Run, node: Node, id: str, known: dict[str, Any]) -> Step:
    step = _judged("filter", node, id, "passed every rule", known)
    signals = run.node("filter-signals")
    rows = find(signals.files("signals"), id, near=known.get("_file"), exact=True) if signals else []
    measured = {name: value for name, value in rows[0].items() if name not in ("id", "_file")} if rows else {}
    measured |= _host(run, id, known)
    rules = rule_facts(run, known.get("kind"), measured)
    facts = (
        step.facts
        | rules
        | _edits(run.node("filter-edits"), id, known)
        | ({"signals": measured} if measured else {})
    )
    return Step(step.stage, step.verdict, step.summary, facts)


def _host(run: Run, id: str, known: dict[str, Any]) -> dict[str, Any]:
    """Its place among the documents of its host, where the run counted them."""
    node = run.nodes.get("filter-hosts")
    if node is None:
        return {}
    rows = find(node.files("hosts"), id, near=known.get("_file"), exact=True)
    return {name: rows[0][name] if rows else None for name in ("host_rank", "host_share")}


def _edits(node: Node | None, id: str, known: dict[str, Any]) -> dict[str, Any]:
    """What a node took out of the text: {"edits": {rule: "3 times, 120 bytes"}}, if anything."""
    rows = find(node.files("edits"), id, near=known.get("_file"), exact=True) if node else []
    told = {}
    for row in rows:
        times = "once" if row["count"] == 1 else f"{figures.count(row['count'])} times"
        told[str(row["rule"])] = f"{times}, {figures.count(row['bytes'])} bytes taken out"
    return {"edits": told} if told else {}


def _dedup(run: Run, node: Node, id: str, known: dict[str, Any]) -> Step:
    step = _judged("dedup", node, id, "no document like it", known)
    step = replace(step, facts=step.facts | _edits(node, id, known))
    rows = find(node.files("clusters"), id, exact=True)
    if not rows:
        return step
    row = rows[0]
    mates = find(node.files("clusters"), row["cluster"], column="cluster")
    facts = {"cluster": row["cluster"], "documents in the cluster": len(mates), "survivor": row["survivor"],
             "similarity": row["similarity"]}  # fmt: skip
    said = "kept as the survivor of its cluster" if row["survivor"] == id else "kept, but has near-duplicates"
    return Step(
        step.stage, step.verdict, said if step.verdict == "kept" else step.summary, step.facts | facts
    )


def _decontaminate(run: Run, node: Node, id: str, known: dict[str, Any]) -> Step:
    """The items it holds, the words that gave them away, and what was cut out."""
    step = _judged("decontaminate", node, id, "shares nothing with the benchmarks", known)
    hits = find(node.files("hits"), id, exact=True)
    if not hits:
        return step
    hits.sort(key=lambda row: -(row.get("share") or 0))
    told = [{name: value for name, value in row.items() if name not in ("id", "_file")} for row in hits[:3]]
    first = f"{hits[0]['benchmark']}/{hits[0]['item']}"
    more = f" and {len(hits) - 1} more" if len(hits) > 1 else ""
    dropped = step.verdict == "dropped"
    said = f"{step.summary}: it holds {first}{more}" if dropped else f"kept, without {first}{more}"
    facts = step.facts | _edits(node, id, known) | {"hits": told}
    return Step(step.stage, step.verdict, said, facts)


def _tokenize(run: Run, node: Node, id: str, known: dict[str, Any]) -> Step:
    rows = find(node.files("documents"), id, exact=True)
    if not rows:
        return Step("tokenize", "", "has no tokens of it")
    row = rows[0]
    if row.get("split") == "excluded":
        overlap = {"validation overlap": row.get("validation_overlap")}
        return Step("tokenize", "dropped", "left out: it repeats too much of the validation side", overlap)
    facts = {
        name: row[name]
        for name in ("split", "shard", "offset", "length", "bytes")
        if row.get(name) is not None
    }
    split = facts.get("split", "train")
    use = "trained on" if split == "train" else "held out: the model is scored on it, never trained"
    return Step("tokenize", "done", f"{figures.count(facts.get('length'))} tokens, {use}", facts)


TELLERS = {"filter": _filter, "dedup": _dedup, "decontaminate": _decontaminate, "tokenize": _tokenize}


def as_json(story: Story) -> dict[str, Any]:
    """The story as plain JSON values."""
    return asdict(story)


def render(story: Story) -> str:
    """The story for a terminal: plain lines, nothing in them that a terminal acts on."""
    parts = [_render_document(passage) for passage in story.documents]
    if story.more:
        parts.append(f"and {story.more} more records with this url: give an id\n")
    return "\n".join(parts)


def _render_document(passage: Passage) -> str:
    lines = [one_line(passage.url or passage.id, 200), f"  id      {printable(passage.id)}"]
    if passage.source:
        lines.append(f"  source  {one_line(passage.source)}")
    for step in passage.steps:
        sign = {"kept": "✓", "done": "✓", "dropped": "✗"}.get(step.verdict, "·")
        lines += ["", f"{sign} {step.stage:<14} {one_line(step.summary, 160)}"]
        lines += [f"  {'':<14} {line}" for line in _render_facts(step.facts)]
    if passage.text:
        lines += ["", "  it begins:", *(f"  │ {line}" for line in passage.text.splitlines()[:12])]
    return "\n".join(lines) + "\n"


def _render_facts(facts: dict[str, Any]) -> list[str]:
    lines = []
    for name, value in facts.items():
        label = one_line(name, 40)
        if name == FACT:
            lines += render_rules(value)
        elif isinstance(value, dict):
            told = [f"{one_line(key, 60)} {_value(item)}" for key, item in value.items() if item]
            zeros = ", the others 0" if any(item == 0 for item in value.values()) else ""
            lines += _wrap(f"{label}: {', '.join(told)}{zeros}")
        elif isinstance(value, list):
            lines += [line for item in value for line in _render_facts({name: item})]
        else:
            lines += _wrap(f"{label}: {_value(value)}")
    return lines


def _value(value: Any) -> str:
    return figures.number(value) if isinstance(value, int | float) else one_line(value, 200)


def _wrap(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 92, subsequent_indent="  ", break_long_words=False) or [""]
