"""Axes, and charts that hold their data."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tasks.render import charts, figures

VALUES = st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=20)
POSITIVE = st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=20)


@given(VALUES, st.booleans(), st.booleans(), st.integers(2, 8))
def test_a_linear_axis_holds_its_values_between_rising_ticks(values, zero, tight, ticks):
    axis = charts.axis(values, zero=zero, tight=tight, ticks=ticks)
    assert list(axis.ticks) == sorted(set(axis.ticks))
    assert len(axis.ticks) <= 3 * ticks
    slack = 1e-9 * max(abs(axis.low), abs(axis.high))
    assert axis.low - slack <= min(values) <= max(values) <= axis.high + slack
    assert all(0 <= axis.at(value) <= 100 for value in values)


@given(POSITIVE, st.integers(3, 8))
def test_a_log_axis_holds_its_values_between_rising_ticks(values, ticks):
    axis = charts.axis(values, log=True, ticks=ticks)
    assert list(axis.ticks) == sorted(set(axis.ticks))
    assert 1 <= len(axis.ticks) <= 16
    assert axis.low <= min(values) * 1.001
    assert axis.high >= max(values) * 0.999


def test_an_axis_over_nothing_is_an_axis():
    assert charts.axis([]).ticks
    assert charts.axis([float("nan")], log=True).ticks


def test_ticks_are_round_numbers():
    assert charts.axis([0, 600], ticks=6).ticks == (0, 100, 200, 300, 400, 500, 600)
    assert charts.axis([1.9, 9], log=True).ticks == (1.5, 2, 3, 5, 7, 10)
    assert charts.axis([1, 10_000], log=True).ticks == (1, 10, 100, 1000, 10_000)


def test_a_line_chart_draws_every_point_and_tells_its_events():
    x, y = charts.axis([0, 2], tight=True), charts.axis([0, 10], tight=True)
    line = charts.Line("loss", [(0, 10), (1, 5), (2, 0)], "c1")
    text = charts.line_chart([line], x, y, title="<Loss>", marks=[charts.Mark(1, "nan & all", "bad", "N")])
    assert 'points="0.0,0.0 500.0,500.0 1000.0,1000.0"' in text
    assert "&lt;Loss&gt;" in text
    assert "<title>nan &amp; all</title>" in text


def test_flags_that_would_overlap_hang_below_each_other():
    x, y = charts.axis([0, 100], tight=True), charts.axis([0, 1], tight=True)
    marks = [charts.Mark(at, "", "bad", "N") for at in (10, 11, 50)]
    text = charts.line_chart([charts.Line("", [(0, 1)], "c1")], x, y, title="", marks=marks)
    assert re.findall(r'cy="(-?\d+)" r="7.5"', text) == ["-1", "16", "-1"]


def test_a_histogram_has_a_bar_for_every_bin_that_counts():
    group = charts.Bars("documents", [(0, 1, 4), (1, 2, 0), (2, 3, 1)], "c1")
    x = charts.axis([0, 3], tight=True)
    text = charts.histogram([group], x, title="Lengths", limits=[(2.5, "limit")])
    assert text.count("<rect") == 2
    assert "documents: 4 from 0 to 1" in text
    assert ">limit</text>" in text


def test_a_stacked_bar_is_as_wide_as_its_parts():
    text = charts.bar([(3, "c1", "kept"), (1, "gone", "dropped")], 8)
    assert re.findall(r' width="([\d.]+)%"', text)[1:] == ["37.500", "12.500"]
    assert "rect" not in charts.bar([(0, "c1", "")], 0)


def test_a_whisker_marks_value_interval_and_chance():
    text = charts.whisker(0.1, 0.3, 0.5, charts.axis([0, 1], tight=True, format=figures.number), chance=0.25)
    assert 'cx="30.00%"' in text
    assert 'x1="10.00%" x2="50.00%"' in text
    assert 'x1="25.00%"' in text
