import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.pretrain.schedule import ScheduleConfig, rate

STEPS = st.integers(1, 2000)


@pytest.mark.parametrize("kind", ["wsd", "cosine", "constant"])
def test_warm_up_is_linear_and_starts_above_zero(kind):
    config = ScheduleConfig(kind=kind, warmup=0.1)
    assert [rate(config, step, 100) for step in (1, 5, 10)] == [0.1, 0.5, 1.0]


def test_wsd_stays_at_the_peak_and_then_falls_linearly_to_zero():
    config = ScheduleConfig(kind="wsd", warmup=0.0, decay=0.5)
    assert [rate(config, step, 8) for step in range(1, 9)] == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]


def test_cosine_is_halfway_down_in_the_middle():
    config = ScheduleConfig(kind="cosine", warmup=0.0, floor=0.2)
    assert rate(config, 51, 100) == pytest.approx(0.6)


@given(
    STEPS, st.sampled_from(["wsd", "cosine", "constant"]), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)
)
def test_the_rate_rises_then_never_rises_again_and_stays_within_its_bounds(steps, kind, warmup, decay, floor):
    config = ScheduleConfig(kind=kind, warmup=warmup, decay=decay, floor=floor)
    rates = [rate(config, step, steps) for step in range(1, steps + 1)]
    assert all(0 < value <= 1 + 1e-12 for value in rates)
    top = round(warmup * steps)
    assert rates[:top] == sorted(rates[:top])
    assert all(a >= b - 1e-12 for a, b in zip(rates[top:], rates[top + 1 :], strict=False))
