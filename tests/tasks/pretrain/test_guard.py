import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.pretrain.guard import Decision, GuardConfig, SpikeGuard


def falling(step: int) -> float:
    """A loss curve from 9 to about 2."""
    return 2.0 + 7.0 * math.exp(-step / 150)


def run(guard: SpikeGuard, steps: range, loss=falling, norm=lambda step: 1.0) -> list[Decision]:
    return [guard.observe(step, loss(step), norm(step)) for step in steps]


def warmed(config: GuardConfig | None = None, steps: int = 200) -> SpikeGuard:
    guard = SpikeGuard(config)
    run(guard, range(1, steps + 1))
    return guard


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.0, 0.15), st.floats(0.0, 0.6))
def test_a_noisy_healthy_falling_curve_never_triggers(seed, noise, norm_noise):
    generator = random.Random(seed)
    guard = SpikeGuard()
    for step in range(1, 1201):
        loss = falling(step) * math.exp(generator.gauss(0, noise))
        norm = (0.3 + 3 * math.exp(-step / 50)) * math.exp(generator.gauss(0, norm_noise))
        assert guard.observe(step, loss, norm).action == "continue", step


@given(st.integers(0, 300), st.sampled_from([math.nan, math.inf, -math.inf]))
@settings(max_examples=30)
def test_a_loss_that_is_not_finite_is_never_accepted(healthy, value):
    guard = warmed(steps=healthy)
    decision = guard.observe(healthy + 1, value, 1.0)
    assert (decision.action, decision.kind) == ("skip", "nan")


def test_a_gradient_norm_that_is_not_finite_is_skipped():
    decision = warmed().observe(201, falling(201), math.nan)
    assert (decision.action, decision.kind) == ("skip", "nan")


@given(st.integers(40, 400), st.floats(5.0, 1000.0))
@settings(max_examples=40)
def test_a_high_loss_for_twenty_steps_is_skipped_first_and_then_rolled_back(start, factor):
    guard = warmed(steps=start - 1)
    decisions = run(guard, range(start, start + 20), lambda step: factor * falling(step))
    assert [decision.action for decision in decisions[:5]] == ["skip"] * 4 + ["rollback"]
    assert decisions[4].since == start


def test_one_outlier_is_skipped_and_stays_out_of_the_history():
    guard = warmed()
    limit = guard.limit()
    assert guard.observe(201, 100.0, 1.0).action == "skip"
    assert guard.limit() == limit
    assert {decision.action for decision in run(guard, range(201, 300))} == {"continue"}


def test_the_limit_is_what_observe_decides_by():
    guard = warmed()
    limit = guard.limit()
    assert guard.observe(201, limit, 1.0).action == "continue"
    assert warmed().observe(201, limit * 1.0001, 1.0).action == "skip"


def test_one_large_gradient_norm_is_tolerated_and_named():
    decision = warmed().observe(201, falling(201), 500.0)
    assert decision.action == "continue"
    assert "500" in decision.reason


def test_large_gradient_norms_in_a_row_roll_back():
    decisions = run(warmed(), range(201, 206), norm=lambda step: 500.0)
    assert [decision.action for decision in decisions] == ["continue"] * 4 + ["rollback"]
    assert (decisions[-1].kind, decisions[-1].since) == ("norm", 201)


def test_outliers_between_healthy_steps_add_up():
    guard = warmed()
    decisions = run(guard, range(201, 212), lambda step: 50.0 if step % 2 else falling(step))
    assert decisions[-3].action == "rollback"


def test_slow_divergence_rolls_back_to_the_best_point():
    guard = warmed(steps=1000)
    decisions = run(guard, range(1001, 3001), lambda step: falling(1000) * math.exp((step - 1000) / 1000))
    first = next(decision for decision in decisions if decision.action != "continue")
    assert (first.action, first.kind) == ("rollback", "drift")
    assert 1000 <= first.since <= 1100


def test_the_budget_of_rollbacks_ends_in_a_stop():
    guard = warmed(GuardConfig(max_rollbacks=2))
    state = guard.state_dict()
    actions = []
    for _ in range(3):
        actions.append(run(guard, range(201, 206), lambda step: math.nan)[-1].action)
        guard.rolled_back(state, trouble=205)
    assert actions == ["rollback", "rollback", "stop"]


def test_each_rollback_at_one_trouble_leaves_out_more_and_lowers_the_rate_until_it_is_passed():
    guard = warmed(GuardConfig(skip_batches=10, rate_factor=0.5))
    state = guard.state_dict()
    assert (guard.rate, guard.margin) == (1.0, 10)
    guard.rolled_back(state, trouble=205)
    assert (guard.rate, guard.margin) == (1.0, 20)
    guard.rolled_back(state, trouble=205)
    assert (guard.rate, guard.margin) == (0.5, 40)
    run(guard, range(201, 226))
    assert (guard.rate, guard.margin, guard.rollbacks) == (1.0, 10, 2)


@given(st.integers(0, 300), st.integers(0, 10**6))
@settings(max_examples=20)
def test_a_guard_restored_from_its_state_decides_as_the_original(healthy, seed):
    generator = random.Random(seed)
    guard = SpikeGuard()
    for step in range(1, healthy + 1):
        guard.observe(step, falling(step) * math.exp(generator.gauss(0, 0.1)), generator.random())
    twin = SpikeGuard()
    twin.load_state_dict(json.loads(json.dumps(guard.state_dict())))
    for step in range(healthy + 1, healthy + 100):
        loss = falling(step) * (1 if generator.random() < 0.9 else 100)
        assert guard.limit() == twin.limit()
        assert guard.observe(step, loss, 1.0) == twin.observe(step, loss, 1.0)


def test_a_loss_of_zero_is_no_error():
    guard = SpikeGuard()
    assert {guard.observe(step, 0.0, 0.0).action for step in range(1, 200)} == {"continue"}


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="treshold"):
        GuardConfig(treshold=3)
