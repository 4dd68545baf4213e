"""What tokenize says of itself: a document's tokens, and how many there are."""

from __future__ import annotations

from tasks.render import Content, figures
from tasks.story import Node, Run, Step, Subject, find, funnel, numeric, parts


def tell(run: Run, node: Node, subject: Subject) -> Step:
    """Where its tokens are and what they are for."""
    rows = find(node.files("documents"), subject.id, exact=True)
    if not rows:
        return Step(node.stage, "", "has no tokens of it")
    row = rows[0]
    if row.get("split") == "excluded":
        overlap = {"validation overlap": row.get("validation_overlap")}
        return Step(node.stage, "dropped", "left out: it repeats too much of the validation side", overlap)
    names = ("split", "shard", "offset", "length", "bytes")
    facts = {name: row[name] for name in names if row.get(name) is not None}
    split = facts.get("split", "train")
    use = "trained on" if split == "train" else "held out: the model is scored on it, never trained"
    return Step(node.stage, "done", f"{figures.count(facts.get('length'))} tokens, {use}", facts)


def made(run: Run) -> str | None:
    """What came of it, for the headline."""
    tokens = numeric(run.metrics("tokenize").get("tokens"))
    return f"{figures.short_count(tokens)} tokens" if tokens else None


def figure(run: Run) -> Content:
    """Its card at the top of the report."""
    tokens = numeric(run.metrics("tokenize").get("tokens"))
    if not tokens:
        return None
    steps = funnel(node.manifest for node in run.nodes.values())
    size = steps[-1].bytes_out if steps else None
    return parts.card(
        "Tokens", figures.short_count(tokens), f"{size / tokens:.2f} bytes each" if size else ""
    )
