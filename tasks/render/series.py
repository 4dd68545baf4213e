"""Long series and large files made small enough to draw, in one pass and bounded memory."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Point = tuple[float, float]


@dataclass
class _Bin:
    total: float
    low: float
    high: float
    count: int


@dataclass
class Series:
    """Values by step in at most `limit` bins of equal width, which doubles whenever they become too many.

    Steps may come in any order and more than once, as they do after a rollback: a bin holds the mean, the
    lowest and the highest of what fell into it, so that a spike of one step is still seen.
    """

    limit: int = 400
    width: int = 1
    bins: dict[int, _Bin] = field(default_factory=dict)

    def add(self, step: float, value: float) -> None:
        """One value; those that are not finite are left out."""
        if not (math.isfinite(value) and math.isfinite(step)):
            return
        self._put(int(step // self.width), _Bin(value, value, value, 1))
        while len(self.bins) > self.limit:
            self.width *= 2
            former, self.bins = self.bins, {}
            for at, found in former.items():
                self._put(at // 2, found)

    def _put(self, at: int, new: _Bin) -> None:
        old = self.bins.get(at)
        if old is None:
            self.bins[at] = new
        else:
            old.total += new.total
            old.count += new.count
            old.low, old.high = min(old.low, new.low), max(old.high, new.high)

    def _steps(self) -> Iterator[tuple[float, _Bin]]:
        for at in sorted(self.bins):
            yield at * self.width + (self.width - 1) / 2, self.bins[at]

    @property
    def means(self) -> list[Point]:
        return [(step, found.total / found.count) for step, found in self._steps()]

    @property
    def lows(self) -> list[Point]:
        return [(step, found.low) for step, found in self._steps()]

    @property
    def highs(self) -> list[Point]:
        return [(step, found.high) for step, found in self._steps()]

    def smooth(self, window: int = 15) -> list[Point]:
        """The median of the means around each bin: a line for the eye that single spikes don't bend."""
        points, half = self.means, window // 2
        found = []
        for at, (step, _) in enumerate(points):
            near = min(half, at, len(points) - 1 - at)
            values = [value for _, value in points[at - near : at + near + 1]]
            found.append((step, statistics.median(values)))
        return found

    @property
    def mean(self) -> float | None:
        count = sum(found.count for found in self.bins.values())
        return sum(found.total for found in self.bins.values()) / count if count else None

    def __len__(self) -> int:
        return len(self.bins)


def read_series(path: Path | None, names: Iterable[str], limit: int = 400) -> dict[str, Series]:
    """The named columns of a JSON Lines file by its `step`; lines that don't parse are passed over."""
    found = {name: Series(limit) for name in names}
    for line in read_lines(path):
        step = line.get("step")
        if isinstance(step, int | float):
            for name, series in found.items():
                value = line.get(name)
                if isinstance(value, int | float) and not isinstance(value, bool):
                    series.add(float(step), float(value))
    return found


def read_lines(path: Path | None, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file, one at a time, at most `limit`; what can't be read is none."""
    if path is None or not path.is_file():
        return
    seen = 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found
                seen += 1
                if limit is not None and seen >= limit:
                    return
