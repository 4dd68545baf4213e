"""`context`, said slowly and plainly. Tests hold the kernel to it; nothing else calls it."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.ingest.extract.blocks import GATE, REACH, SURE
from tasks.ingest.extract.reference.features import share, wider
from tasks.ingest.extract.reference.scan import Block


def surround(blocks: Sequence[Block], chances: Sequence[float]) -> dict[int, dict[str, float]]:
    """By the number of a block that gets a second look: every feature of it, by name."""
    likely = [min(1.0, max(0.0, chance)) for chance in chances]
    sizes = [len(block.text) for block in blocks]
    number_of = {block: number for number, block in enumerate(blocks)}
    paths = [[(one.tag, one.classes) for one in block.element.outwards()[:2]] for block in blocks]
    weights = [chance**4 * size for chance, size in zip(likely, sizes, strict=True)]
    level = share(sum(weight * chance for weight, chance in zip(weights, likely, strict=True)), sum(weights))
    sure = [number for number, chance in enumerate(likely) if chance > SURE * level]

    def mass(part: Sequence[int]) -> float:
        return sum(sizes[one] * likely[one] for one in part)

    def mean(part: Sequence[int]) -> float:
        return share(mass(part), sum(sizes[one] for one in part))

    everything = range(len(blocks))
    found = {}
    for n, block in enumerate(blocks):
        if chances[n] < GATE:
            continue
        before, after = [one for one in sure if one < n], [one for one in sure if one > n]
        row: dict[str, float] = {
            "first_chance": likely[n], "first_level": level, "first_ratio": likely[n] / max(level, 0.05),
            "first_before": share(mass(everything[:n]), mass(everything)),
            "first_since_sure": min(REACH, n - before[-1]) if before else REACH + 1,
            "first_until_sure": min(REACH, after[0] - n) if after else REACH + 1,
        }  # fmt: skip
        for step in (-3, -2, -1, 1, 2, 3):
            row[f"first_next{step:+d}"] = likely[n + step] if 0 <= n + step < len(blocks) else 0
        for window in (4, 12):
            row[f"first_window{window}_mean"] = mean(everything[max(0, n - window) : n + window + 1])
            row[f"first_window{window}_before"] = mean(everything[max(0, n - window) : n])
            row[f"first_window{window}_after"] = mean(everything[n + 1 : n + window + 1])
        holder, held = block.element, 1
        for step in range(4):
            holder = wider(holder, held)
            held = len(holder.blocks)
            inside = [number_of[one] for one in holder.blocks]
            row[f"first_container{step}_others"] = mean([one for one in inside if one != n])
            row[f"first_container{step}_share"] = share(mass(inside), mass(everything))
        row["first_alike"] = mean([one for one in everything if one != n and paths[one] == paths[n]])
        found[n] = row
    return found
