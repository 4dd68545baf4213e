"""The report on the filter's rules: what each drops alone and with others, and the documents at its threshold."""

from __future__ import annotations

from tasks.errors import StageError
from tasks.filter.replay import Border, Near, Overlap, near_thresholds
from tasks.render import Content, Markup, charts, figures, join, table, tag
from tasks.story import Node, Run, Section, parts, samples

MOST_RULES = 24
MOST_PAIRS = 8
MOST_BORDERS = 6  # rules whose thresholds are looked at closely
LOOKS = (("c1", "only this rule"), ("gone", "this rule first, others too"), ("c0", "another rule first"))


def rules(run: Run) -> Section:
    """Drop reasons with their overlaps, and samples near the thresholds that decide most."""
    node = run.node("filter")
    if node is None:
        return parts.absent("rules", "Rules", "Filter is not part of this run, or hasn't finished.")
    found, fraction = _overlap(node)
    if not found.dropped:
        return Section("rules", "Rules", "The filter dropped no document.")
    alone = sum(found.alone.values())
    lead = join(
        f"{figures.count(alone)} of {figures.count(found.dropped)} dropped documents fail one rule only, which alone "
        "decides. The others would be dropped without any one of their rules, too. ",
        tag("code", "smelt tune"), " tries other thresholds in seconds.",
    )  # fmt: skip
    note = f"Counted on a sample of {fraction:.1%} of the rows." if fraction < 1 else None
    body = join(
        tag("p", note, class_="soft") if note else None, _overlaps(found), _pairs(found), _borders(run, found)
    )
    return Section("rules", "Rules", lead, body)


def _overlap(node: Node) -> tuple[Overlap, float]:
    """From the ledger's `failed_rules`; the share of its rows that were read."""
    groups, found = samples.row_groups(node.files("ledger")), Overlap()
    for batch in groups.read(["failed_rules"]):
        found.add(batch.column(0))
    return found, groups.fraction


def _overlaps(found: Overlap) -> Markup:
    """A bar for every rule: documents that it alone drops, that it drops first, that others drop before it."""
    names = found.ranked()
    most = max(found.failed.values())
    rows: list[list[Content]] = []
    for name in names[:MOST_RULES]:
        alone, first, failed = found.alone[name], found.first[name], found.failed[name]
        counts = (alone, first - alone, failed - first)
        shares = [
            (count, look, f"{figures.count(count)} documents: {said}")
            for count, (look, said) in zip(counts, LOOKS, strict=True)
        ]
        numbers = [figures.count(number) for number in (alone, first, failed)]
        rows.append([parts.name(name), *numbers, charts.bar(shares, most, 10)])
    legend = tag("ul", [tag("li", charts.swatch(look), said) for look, said in LOOKS], class_="legend")
    head = ["rule", "only it", "first", "at all", ""]
    rest = len(names) - MOST_RULES
    more = tag("p", f"and {rest} more rules", class_="soft") if rest > 0 else None
    whole = table(head, rows, numeric=(1, 2, 3), class_="rules overlap")
    return parts.sub("Why documents are dropped", legend, whole, more, note="documents that fail a rule")


def _pairs(found: Overlap) -> Content:
    pairs = found.common_pairs(MOST_PAIRS)
    if not pairs:
        return None
    most = pairs[0][1]
    rows = []
    for (one, other), count in pairs:
        # Of the documents that fail the rarer of the two, how many fail both.
        share = figures.share(count, min(found.failed[one], found.failed[other]))
        line = charts.bar([(count, "c3", f"{figures.count(count)} documents")], most, 8)
        rows.append([parts.name(one), parts.name(other), figures.count(count), line, share])
    head = ["rule", "and", "documents", "", "of the rarer"]
    return parts.sub("Rules that fail together", table(head, rows, numeric=(2, 4), class_="rules pairs"))


def _borders(run: Run, found: Overlap) -> Content:
    try:
        borders = near_thresholds(run, [name for name in found.ranked() if found.alone[name]][:MOST_BORDERS])
    except StageError as error:
        return tag("p", str(error), class_="soft")
    if not borders:
        return None
    told = [_border(border, found.alone[border.rule]) for border in borders]
    said = "the documents closest to a threshold: the last that stay, the first that this rule alone drops"
    return join(parts.sub("At the thresholds", note=said), told)


def _border(border: Border, alone: int) -> Markup:
    first = border.dropped[0]
    relation = "at least" if first.bound == "min" else "at most"
    note = f"{relation} {figures.number(first.threshold)}; drops {figures.count(alone)} alone"
    sides = [
        tag(
            "div",
            tag("p", said, class_=f"side {look}"),
            [_document(item) for item in items] or tag("p", "none", class_="soft"),
        )
        for said, look, items in (("just kept", "good", border.kept), ("just dropped", "bad", border.dropped))
    ]
    return parts.sub(parts.name(border.rule), parts.grid(*sides, class_="two border"), note=note)


def _document(item: Near) -> Markup:
    facts = [tag("b", figures.number(item.value)), f" against {figures.number(item.threshold)}"]
    place = item.url or item.source or ""
    return parts.document(item.id, item.text, facts, place, short=(220, 8), long=1200)
