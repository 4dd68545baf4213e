import pytest

from tasks.errors import ConfigError
from tasks.pretrain.config import RunConfig
from tasks.pretrain.distributed import layout


@pytest.mark.parametrize(
    ("requested", "optimizer", "processes", "stage"),
    [
        ("auto", "adamw", 1, 0),
        ("auto", "muon", 1, 0),
        ("auto", "muon", 4, 0),
        ("auto", "adamw", 2, 2),
        (3, "adamw", 1, 3),
    ],
)
def test_the_zero_stage_follows_optimizer_and_processes(requested, optimizer, processes, stage):
    assert layout.choose_stage(requested, optimizer, processes) == stage


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_muon_is_refused_where_matrices_are_cut_up(stage):
    with pytest.raises(ConfigError, match="muon needs whole matrices"):
        layout.choose_stage(stage, "muon", 2)


def test_a_micro_batch_is_the_largest_divisor_that_fits_the_tokens():
    config = RunConfig(batch_size=48, sequence_length=256)  # 4,096 tokens hold 16 sequences
    assert layout.choose_micro_batch(config, 1, "cpu") == 16
    assert layout.choose_micro_batch(config, 3, "cpu") == 16
    assert layout.choose_micro_batch(RunConfig(batch_size=34, sequence_length=256), 1, "cpu") == 2
    assert layout.choose_micro_batch(RunConfig(batch_size=4, sequence_length=9000), 1, "cpu") == 1


def test_a_batch_that_does_not_divide_is_refused_with_the_numbers():
    with pytest.raises(ConfigError, match="10 sequences don't divide among 4"):
        layout.choose_micro_batch(RunConfig(batch_size=10), 4, "cpu")
    with pytest.raises(ConfigError, match="3 doesn't divide the 8"):
        layout.choose_micro_batch(RunConfig(batch_size=16, micro_batch_size=3), 2, "cpu")


def test_the_dtype_that_is_asked_for_is_taken():
    assert layout.choose_dtype(RunConfig(dtype="fp32"), "cuda") == "fp32"
    assert layout.choose_dtype(RunConfig(), "cuda") == "bf16"


def test_a_gpu_that_is_not_there_is_an_error_not_a_slow_run(monkeypatch):
    monkeypatch.setattr(layout, "gpus", lambda: 0)
    assert layout.choose_device(RunConfig()) == "cpu"
    with pytest.raises(ConfigError, match="no NVIDIA GPU"):
        layout.choose_device(RunConfig(device="cuda"))


def test_one_process_per_gpu_and_the_cores_divided_among_processes(monkeypatch):
    monkeypatch.setattr(layout, "gpus", lambda: 8)
    monkeypatch.setattr(layout.os, "sched_getaffinity", lambda pid: set(range(12)))
    assert layout.choose_processes(RunConfig(), "cuda") == 8
    assert layout.choose_processes(RunConfig(), "cpu") == 1
    assert layout.choose_threads(RunConfig(), 5) == 2
