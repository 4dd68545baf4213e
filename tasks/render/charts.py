"""Charts as inline SVG that keep their text size at every width: data in percent, labels in pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tasks.render import figures
from tasks.render.markup import Markup, join, tag
from tasks.render.series import Point

Format = Callable[[float], str]


@dataclass(frozen=True)
class Axis:
    """A range of values laid over 0–100 percent, with its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False
    label: str = ""
    format: Format = figures.number

    def at(self, value: float) -> float:
        """Where a value lies, in percent; values outside lie on the edge."""
        low, high, wanted = (self._scaled(item) for item in (self.low, self.high, value))
        return 100 * min(1.0, max(0.0, (wanted - low) / (high - low))) if high > low else 50.0

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, 1e-12)) if self.log else value


def axis(values: Sequence[float], *, log: bool = False, zero: bool = False, label: str = "", ticks: int = 5,
         tight: bool = False, format: Format = figures.number) -> Axis:  # fmt: skip
    """An axis over `values`, its ends on ticks unless `tight`; `zero` makes it begin there."""
    found = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    low, high = (min(found), max(found)) if found else (1.0, 10.0)
    if zero and not log:
        low, high = min(0.0, low), max(0.0, high)
    marks = _log_ticks(low, high, ticks) if log else _linear_ticks(low, high, ticks)
    if not tight:
        low, high = min(low, marks[0]), max(high, marks[-1])
    if low == high:
        low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
    inside = tuple(mark for mark in marks if low <= mark <= high)
    return Axis(low, high, inside, log, label, format)


def _linear_ticks(low: float, high: float, count: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten that enclose the range, about `count` of them."""
    span = (high - low) or abs(high) or 1.0
    raw = span / max(1, count - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.8)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return sorted({float(f"{n * step:.10g}") for n in range(first, max(last, first + 1) + 1)})


def _log_ticks(low: float, high: float, count: int) -> list[float]:
    """Powers of ten that enclose the range; finer steps where the range is short."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    if last - first <= 2:
        fine = (1, 2, 5) if last - first == 2 else (1, 1.5, 2, 3, 5, 7)
        marks = [factor * 10.0**power for power in range(first, last + 1) for factor in fine]
        below = [mark for mark in marks if mark <= low * 1.0001] or marks[:1]
        above = [mark for mark in marks if mark >= high * 0.9999] or marks[-1:]
        return [mark for mark in marks if below[-1] <= mark <= above[0]]
    step = math.ceil((last - first) / count)
    return [10.0**power for power in range(first, last + step, step)]


@dataclass(frozen=True)
class Line:
    """One line of a chart; `look` is its class in the style sheet, `dots` draws points instead."""

    name: str
    points: Sequence[Point]
    look: str
    dots: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened at `at`: a line across with a letter or, without one, a tick below."""

    at: float
    title: str
    look: str
    letter: str = ""


def line_chart(lines: Sequence[Line], x: Axis, y: Axis, *, title: str, height: int = 200,
               band: tuple[Sequence[Point], Sequence[Point]] | None = None,
               marks: Sequence[Mark] = ()) -> Markup:  # fmt: skip
    """Lines over a shared x axis. band: (lows, highs), shaded between. Lines stretch, text and dots don't."""
    stretched: list[Markup] = []
    if band is not None and band[0]:
        outline = [*band[1], *reversed(band[0])]
        stretched.append(tag("polygon", points=_points(outline, x, y), class_=f"band {lines[0].look}"))
    drawn = [line for line in lines if not line.dots]
    stretched += [
        tag("polyline", points=_points(line.points, x, y), class_=f"line {line.look}") for line in drawn
    ]
    box = {"viewBox": "0 0 1000 1000", "preserveAspectRatio": "none", "width": "100%", "height": "100%"}
    inner = tag("svg", stretched, **box, class_="in")
    dots = [_dot(line, at, value, x, y) for line in lines if line.dots for at, value in line.points]
    legend = _legend([(_key(line), line.name) for line in lines])
    return _figure(title, y.label, legend, frame(x, y, height, join(inner, dots, _marks(marks, x))))


def _legend(entries: Sequence[tuple[Markup, str]]) -> Markup | None:
    """The names, where there are several to tell apart."""
    named = [tag("li", key, name) for key, name in entries if name]
    return tag("ul", named, class_="legend") if named[1:] else None


def _dot(line: Line, at: float, value: float, x: Axis, y: Axis) -> Markup:
    told = tag("title", f"{line.name}: {y.format(value)} at {x.format(at)}")
    cx, cy = f"{x.at(at):.2f}%", f"{100 - y.at(value):.2f}%"
    return tag("circle", told, cx=cx, cy=cy, r="3", class_=f"dot {line.look}")


def _points(points: Sequence[Point], x: Axis, y: Axis) -> str:
    return " ".join(f"{x.at(at) * 10:.1f},{1000 - y.at(value) * 10:.1f}" for at, value in points)


def _key(line: Line) -> Markup:
    shape = tag("line", x1="0", x2="18", y1="5", y2="5", class_=f"line {line.look}")
    if line.dots:
        shape = tag("circle", cx="9", cy="5", r="3", class_=f"dot {line.look}")
    return tag("svg", shape, width="18", height="10", class_="key", aria_hidden="true")


def _marks(marks: Sequence[Mark], x: Axis) -> list[Markup]:
    """Flags that would overlap hang one below the other."""
    found, last = [], [-100.0] * 5
    for mark in sorted(marks, key=lambda item: item.at):
        at = x.at(mark.at)
        level = next((n for n, taken in enumerate(last) if at - taken > 5), 0) if mark.letter else 0
        if mark.letter:
            last[level] = at
        found.append(_mark(mark, f"{at:.2f}%", level))
    return found


def _mark(mark: Mark, at: str, level: int) -> Markup:
    told, y = tag("title", mark.title), level * 17
    if not mark.letter:
        return tag("line", told, x1=at, x2=at, y1="97%", y2="100%", class_=f"tick {mark.look}")
    return tag(
        "g",
        told,
        tag("line", x1=at, x2=at, y1="0", y2="100%", class_="rule"),
        tag("circle", cx=at, cy=y - 1, r="7.5"),
        tag("text", mark.letter, x=at, y=y + 2.5, text_anchor="middle"),
        class_=f"mark {mark.look}",
    )


def frame(x: Axis, y: Axis, height: int, content: Markup) -> Markup:
    """Grid, ticks and labels around `content`; `.plot` in the style sheet leaves room for the labels."""
    grid: list[Markup] = []
    for mark in y.ticks:
        at = f"{100 - y.at(mark):.2f}%"
        grid.append(tag("line", x1="0", x2="100%", y1=at, y2=at, class_="grid"))
        grid.append(tag("text", y.format(mark), x="-8", y=at, dy="4", text_anchor="end"))
    for number, mark in enumerate(x.ticks):
        left = x.at(mark)
        at = f"{left:.2f}%"
        anchor = "end" if left > 97 else "start" if left < 1.5 and number == 0 else "middle"
        grid.append(tag("line", x1=at, x2=at, y1="100%", y2=height + 4, class_="axis"))
        grid.append(tag("text", x.format(mark), x=at, y=height + 18, text_anchor=anchor))
    grid.append(tag("line", x1="0", x2="100%", y1="100%", y2="100%", class_="axis"))
    label = tag("text", x.label, x="100%", y=height + 34, text_anchor="end", class_="label")
    svg = tag(
        "svg",
        grid,
        content,
        label if x.label else None,
        width="100%",
        height=height,
        class_="chart",
        role="img",
    )
    return tag("div", svg, class_="plot labelled" if x.label else "plot")


def _figure(title: str, unit: str, legend: Markup | None, content: Markup) -> Markup:
    caption = tag("figcaption", tag("b", title), tag("span", unit, class_="unit") if unit else None, legend)
    return tag("figure", caption, content)


@dataclass(frozen=True)
class Bars:
    """One histogram: (from, to, count) bins."""

    name: str
    bins: Sequence[tuple[float, float, float]]
    look: str


def histogram(groups: Sequence[Bars], x: Axis, *, title: str, unit: str = "documents", height: int = 160,
              log: bool = False, limits: Sequence[tuple[float, str]] = ()) -> Markup:  # fmt: skip
    """Histograms over each other, the first behind. limits: thresholds, drawn as lines with their name."""
    counts = [count for group in groups for _, _, count in group.bins if count]
    y = axis([1, *counts] if log else counts, log=log, zero=True, ticks=4, format=figures.round_count)
    y = replace(y, low=0.5) if log else y  # a bin of one has a bar too
    bars = []
    for group in groups:
        for low, high, count in group.bins:
            if count:
                left, right = x.at(low), x.at(high)
                top = 100 - y.at(count)
                told = f"{group.name}: {figures.count(count)} from {x.format(low)} to {x.format(high)}"
                bars.append(tag("rect", tag("title", told), x=f"{left:.3f}%", y=f"{top:.2f}%",
                                width=f"{max(0.3, (right - left) * 0.94):.3f}%", height=f"{100 - top:.2f}%",
                                class_=f"bar {group.look}"))  # fmt: skip
    for value, name in limits:
        at = f"{x.at(value):.2f}%"
        anchor, dx = ("end", -5) if x.at(value) > 50 else ("start", 5)
        bars.append(tag("line", x1=at, x2=at, y1="0", y2="100%", class_="limit"))
        bars.append(tag("text", name, x=at, y="11", dx=dx, text_anchor=anchor, class_="limit"))
    legend = _legend([(swatch(group.look), group.name) for group in groups])
    return _figure(title, unit + (", log scale" if log else ""), legend, frame(x, y, height, join(bars)))


def swatch(look: str) -> Markup:
    """The little square of a legend."""
    shape = tag("rect", width="10", height="10", rx="2", class_=f"bar {look}")
    return tag("svg", shape, width="10", height="10", class_="key", aria_hidden="true")


def bar(parts: Sequence[tuple[float, str, str]], whole: float, height: int = 12) -> Markup:
    """A stacked horizontal bar: (amount, look, title) parts of `whole`, which is the full width."""
    at, found = 0.0, []
    for amount, look, title in parts:
        width = 100 * amount / whole if whole else 0.0
        if width > 0:
            found.append(tag("rect", tag("title", title), x=f"{at:.3f}%", y="0", height=height,
                             width=f"{max(width, 0.2):.3f}%", class_=f"bar {look}"))  # fmt: skip
        at += width
    return tag("svg", found, width="100%", height=height, class_="barline", aria_hidden="true")


def whisker(
    low: float | None, value: float, high: float | None, x: Axis, chance: float | None = None
) -> Markup:
    """A score as a dot with its interval; `chance` is a tick where guessing would land."""
    found = [tag("line", x1="0", x2="100%", y1="12", y2="12", class_="grid")]
    if chance is not None:
        at = f"{x.at(chance):.2f}%"
        found.append(tag("line", tag("title", "chance"), x1=at, x2=at, y1="4", y2="20", class_="limit"))
    if low is not None and high is not None:
        ends = [f"{x.at(end):.2f}%" for end in (low, high)]
        found.append(tag("line", x1=ends[0], x2=ends[1], y1="12", y2="12", class_="span"))
        found += [tag("line", x1=end, x2=end, y1="8", y2="16", class_="span") for end in ends]
    told, at = tag("title", x.format(value)), f"{x.at(value):.2f}%"
    found.append(tag("circle", told, cx=at, cy="12", r="5", class_="dot c1"))
    return tag("svg", found, width="100%", height="24", class_="whisker", role="img")
