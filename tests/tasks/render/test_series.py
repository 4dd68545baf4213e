"""Long series in few bins."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tasks.render.series import Series, read_lines, read_series

POINTS = st.lists(st.tuples(st.integers(0, 10**7), st.floats(-1e6, 1e6)), min_size=1, max_size=300)


@given(POINTS, st.integers(1, 20))
def test_few_bins_and_no_extreme_is_lost(points, limit):
    series = Series(limit)
    for step, value in points:
        series.add(step, value)
    values = [value for _, value in points]
    assert 1 <= len(series) <= limit
    assert min(value for _, value in series.lows) == min(values)
    assert max(value for _, value in series.highs) == max(values)
    assert math.isclose(series.mean, sum(values) / len(values), abs_tol=1e-3)
    steps = [step for step, _ in series.means]
    assert steps == sorted(steps)


@given(POINTS, st.randoms(use_true_random=False))
def test_the_order_of_steps_makes_no_difference(points, random):
    one, other = Series(10), Series(10)
    for step, value in points:
        one.add(step, value)
    random.shuffle(points)
    for step, value in points:
        other.add(step, value)
    assert (one.width, one.lows, one.highs) == (other.width, other.lows, other.highs)


def test_a_spike_doesnt_bend_the_smooth_line_and_nan_is_left_out():
    series = Series()
    for step in range(50):
        series.add(step, 100.0 if step == 25 else 1.0)
    series.add(60, math.nan)
    assert {value for _, value in series.smooth()} == {1.0}
    assert max(value for _, value in series.highs) == 100.0
    assert len(series.means) == 50


def test_broken_lines_are_passed_over(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(
        b'{"step": 1, "loss": 2.0}\n\xff{\n[]\n{"step": 2, "loss": true}\n{"step": 3, "loss": 4, '
    )
    assert read_series(path, ["loss"])["loss"].means == [(1, 2.0)]
    assert len(list(read_lines(path))) == 2
    assert list(read_lines(tmp_path / "absent")) == []
