"""What a run's configuration means, and what it refuses."""

import pytest
from pydantic import ValidationError

from tasks.pretrain.config import RunConfig


def test_without_a_warmup_every_step_reads_whole_windows():
    config = RunConfig(steps=3, sequence_length=64)
    assert [config.window(step) for step in (1, 2, 3)] == [64, 64, 64]


def test_the_warmup_takes_its_share_of_the_steps():
    config = RunConfig(steps=10, sequence_length=64, sequence_warmup={"length": 16, "share": 0.8})
    assert [config.window(step) for step in (1, 8, 9, 10)] == [16, 16, 64, 64]


def test_windows_of_a_warmup_that_do_not_fill_a_window_are_refused_with_both_numbers():
    with pytest.raises(ValidationError, match="30 doesn't divide sequence_length 64"):
        RunConfig(sequence_length=64, sequence_warmup={"length": 30})


def test_the_warmup_is_part_of_what_is_trained():
    plain, warm = RunConfig(), RunConfig(sequence_warmup={"length": 64})
    assert plain.identity() != warm.identity()
