"""The report on edits: what is taken out of texts before they are judged."""

from __future__ import annotations

from tasks.render import Markup, figures, join
from tasks.story import Edit, Node, Run, Section, edit_samples, edit_table, edits, numeric, parts


def edits_section(run: Run) -> Section:
    """Lines and marks that were removed, personal data that was replaced."""
    node = run.node("filter-edits")
    if node is None:
        return parts.absent(
            "edits", "Edits", "No texts were edited in this run, or that node hasn't finished."
        )
    found = edits(node.manifest or {})
    if not found:
        return Section("edits", "Edits", "No rule had anything to take out of a text.")
    lead = "Lines that no author wrote and personal data, taken out before a text is judged. Personal data is masked."
    shown = edit_samples(node, found)
    passages = parts.sub("Some of the passages", shown) if shown else None
    return Section("edits", "Edits", lead, join(_totals(node, found), edit_table(found), passages))


def _totals(node: Node, found: tuple[Edit, ...]) -> Markup:
    before, after, touched, emptied = (
        numeric(node.metrics.get(name)) or 0 for name in ("bytes_in", "bytes_out", "edited", "emptied")
    )
    return parts.stats(
        parts.stat(figures.count(touched), "documents edited"),
        parts.stat(figures.count(sum(edit.count for edit in found)), "edits"),
        parts.stat(figures.size(before - after), "less text", figures.share(before - after, before)),
        parts.stat(figures.count(emptied), "texts left empty"),
    )
