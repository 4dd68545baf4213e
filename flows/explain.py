"""One document's way through every stage, told from the ledgers."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.history import load_run
from tasks.errors import StageError
from tasks.nodes import NODES, hooks
from tasks.render import excerpt, figures, one_line, printable
from tasks.story import Node, Run, Step, Subject, find, find_named, find_urls, is_id, title

MOST = 5  # documents that one url may name in a story


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
    read = _reader(found)
    if read is None:
        raise StageError(
            f"run {found.id} has no documents: its {next(iter(NODES))} hasn't finished; start it with `smelt run`"
        )
    key = key.strip()
    rows = find(read.files("ledger"), key) if is_id(key) else []
    if not rows:
        rows = find_urls(read.files("ledger"), key) or _by_name(read, key)
    if not rows:
        raise StageError(_not_found(read, key, found))
    ids = list(dict.fromkeys(str(row["id"]) for row in rows if row["id"]))
    if is_id(key) and len(ids) > 1 and all(name.startswith(key.lower()) for name in ids):
        shown = ", ".join(name[: len(key) + 8] for name in ids[:6])
        raise StageError(
            f"{len(ids)} documents begin with {key}: {shown}{' …' if len(ids) > 6 else ''}; give more digits"
        )
    rows.sort(key=lambda row: row["verdict"] != "kept")
    documents = tuple(_passage(found, row) for row in rows[:MOST])
    return Story(key, found.id, documents, max(0, len(rows) - MOST))


def _reader(run: Run) -> Node | None:
    """The DAG's first node, which reads the documents and knows every record, where its artifact is there."""
    return run.node(next(iter(NODES)))


def _by_name(read: Node, key: str) -> list[dict[str, Any]]:
    """The ledger's rows of documents with that path or title, if they have no url."""
    named = find_named(read.files("documents"), key, most=MOST + 1)
    rows = [find(read.files("ledger"), row["id"], near=row["_file"], exact=True)[:1] for row in named]
    return [row for found in rows for row in found]


def _not_found(read: Node, key: str, run: Run) -> str:
    shown = one_line(key, 200)
    if is_id(key):
        return (
            f"no document of run {run.id} has an id that begins with {shown}: "
            "`smelt explain` takes 6 or more of an id's 32 digits, or a url as it stands in the ledger"
        )
    if len(key) < 6 and all(letter in "0123456789abcdefABCDEF" for letter in key):
        return f"{shown} is too short: give at least 6 digits of the id, or a whole url"
    part = key.split("//", 1)[-1].rstrip("/")
    near = [row["url"] for row in find_urls(read.files("ledger"), part, contained=True, most=200)]
    if not near:
        documents = find_named(read.files("documents"), part, contained=True, most=200)
        near = [title(row["metadata"]) for row in documents]
    names = sorted({one_line(name, 160) for name in near if name})
    names.sort(key=lambda name: -difflib.SequenceMatcher(None, name, key, autojunk=False).ratio())
    hint = "; near it: " + ", ".join(names[:5]) if names else ""
    return f"no record of run {run.id} has the url, path or id {shown}{hint}"


def _passage(run: Run, record: dict[str, Any]) -> Passage:
    id = str(record["id"] or "")
    read = _reader(run)
    document = find(read.files("documents"), id, near=record["_file"], exact=True)[:1] if read and id else []
    known = document[0] if document else {}
    subject, steps = Subject(id, record, known), []
    for stage, tell in hooks("tell").items():
        node = run.node(stage)
        if node is None:
            steps.append(Step(stage, "", "is not part of this run, or hasn't finished"))
            continue
        steps.append(tell(run, node, subject))
        if steps[-1].verdict == "dropped":
            break
    label = record.get("url") or known.get("url") or title(known.get("metadata"))
    return Passage(id, label, known.get("source") or record.get("source"),
                   excerpt(known.get("text") or "", 400), tuple(steps))  # fmt: skip


def as_json(story: Story) -> dict[str, Any]:
    """The story as plain JSON values."""
    found = asdict(story)
    for step in (step for passage in found["documents"] for step in passage["steps"]):
        del step["lines"]
    return found


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
        facts = [step.lines.get(name) or _fact(name, value) for name, value in step.facts.items()]
        lines += [f"  {'':<14} {line}" for told in facts for line in told]
    if passage.text:
        lines += ["", "  it begins:", *(f"  │ {line}" for line in passage.text.splitlines()[:12])]
    return "\n".join(lines) + "\n"


def _fact(name: str, value: Any) -> list[str]:
    label = one_line(name, 40)
    if isinstance(value, dict):
        told = [f"{one_line(key, 60)} {_value(item)}" for key, item in value.items() if item]
        zeros = ", the others 0" if any(item == 0 for item in value.values()) else ""
        return _wrap(f"{label}: {', '.join(told)}{zeros}")
    if isinstance(value, list):
        return [line for item in value for line in _fact(name, item)]
    return _wrap(f"{label}: {_value(value)}")


def _value(value: Any) -> str:
    return figures.number(value) if isinstance(value, int | float) else one_line(value, 200)


def _wrap(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 92, subsequent_indent="  ", break_long_words=False) or [""]
