"""Documents near each threshold of a run's filter: the last that a rule kept, the first that it alone dropped."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.filter.replay.batches import Batch, filter_config, signal_batches
from tasks.story import Run, title

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from tasks.filter.replay.margins import Held

EXCERPT = 3000  # characters of a text that are kept
MOST_ROWS = 1_000_000  # documents that are looked at


@dataclass(frozen=True)
class Near:
    """A document and how it stands to one rule. margin: see tasks/filter/replay/margins.py; below 0 it failed."""

    id: str
    url: str | None
    source: str | None
    value: float
    threshold: float
    bound: str
    margin: float
    place: tuple[Path, int]  # its file of documents, and its row there
    text: str = ""


@dataclass
class Border:
    """Both sides of one rule's threshold, the nearest first."""

    rule: str
    kept: list[Near] = field(default_factory=list)
    dropped: list[Near] = field(default_factory=list)


def near_thresholds(run: Run, rules: Sequence[str], *, each: int = 3) -> list[Border]:
    """The `each` nearest documents on both sides of the rules' thresholds, with the beginnings of their texts.

    Kept: documents that the whole filter keeps. Dropped: those that fail this rule and no other, so that the
    threshold alone decides. A rule with none of the latter is left out. Margins of equal size go by id.
    """
    found: dict[str, tuple[list[Any], list[Any]]] = {rule: ([], []) for rule in rules}
    config = filter_config(run)
    for batch in signal_batches(run, most_rows=MOST_ROWS):
        for part, rows, held in _by_profile(batch, config):
            _collect(part, [(batch.path, batch.start + int(row)) for row in rows], held, found, each)
    borders = [
        Border(rule, [near for *_, near in sorted(kept)], [near for *_, near in sorted(dropped)])
        for rule, (kept, dropped) in found.items()
        if dropped
    ]
    nearest = {near.place: near for border in borders for near in [*border.kept, *border.dropped]}
    texts = _texts(nearest)
    return [
        Border(border.rule, _told(border.kept, texts), _told(border.dropped, texts)) for border in borders
    ]


def _by_profile(batch: Batch, config: Any) -> Iterator[tuple[pa.RecordBatch, np.ndarray, list[Held]]]:
    """The documents of each kind, their rows in the batch, and their profile's rules held against them."""
    import numpy as np
    import pyarrow as pa

    from tasks.filter.replay.margins import held_against

    kinds = np.array(batch.documents.column("kind").to_pylist(), dtype=object)
    for kind, profile in config.kinds.items():
        rows = np.nonzero(kinds == kind)[0]
        if len(rows):
            signals = batch.signals.take(pa.array(rows))
            yield batch.documents.take(pa.array(rows)), rows, held_against(signals, profile, config)


def _collect(documents: pa.RecordBatch, places: Sequence[tuple[Path, int]], held: Sequence[Held],
             found: dict[str, Any], each: int) -> None:  # fmt: skip
    import numpy as np

    failures = np.sum([rule.failed() for rule in held], axis=0) if held else np.zeros(documents.num_rows)
    for rule in held:
        if rule.name not in found:
            continue
        margins, failed = rule.margins(), rule.failed()
        for side, mask in zip(found[rule.name], (failures == 0, failed & (failures == 1)), strict=True):
            rows = np.nonzero(mask & np.isfinite(margins))[0]
            nearest = rows[np.argsort(np.abs(margins[rows]), kind="stable")[: each * 4]]
            for row in nearest:
                document = documents.slice(int(row), 1).to_pylist()[0]
                near = Near(document["id"], document["url"], document["source"], float(rule.values[row]),
                            float(rule.thresholds[row]), rule.bound, float(margins[row]), places[row])  # fmt: skip
                side.append((abs(near.margin), near.id, near))
            side[:] = heapq.nsmallest(each, side, key=lambda item: item[:2])


def _texts(places: Iterable[tuple[Path, int]]) -> dict[tuple[Path, int], tuple[str, str | None]]:
    """Place -> the beginning of the text, and the metadata: one row group is read for each document."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = {}
    for path, row in sorted(places):
        try:
            with pq.ParquetFile(path) as file:
                start = 0
                for number in range(file.num_row_groups):
                    rows = file.metadata.row_group(number).num_rows
                    if start <= row < start + rows:
                        table = file.read_row_group(number, columns=["text", "metadata"])
                        told = table.slice(row - start, 1).to_pylist()[0]
                        found[path, row] = (told["text"] or "")[:EXCERPT], told["metadata"]
                    start += rows
        except (OSError, pa.ArrowException):
            continue
    return found


def _told(items: Sequence[Near], texts: dict[tuple[Path, int], tuple[str, str | None]]) -> list[Near]:
    known = [(item, texts.get(item.place, ("", None))) for item in items]
    return [replace(item, text=text, url=item.url or title(metadata)) for item, (text, metadata) in known]
