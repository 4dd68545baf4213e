import json

import pytest

from tasks.pretrain.metrics import Meter, Recorder


def test_going_back_cuts_later_and_torn_lines_and_keeps_the_rest(tmp_path):
    recorder = Recorder(tmp_path, tensorboard=False)
    for step in range(1, 6):
        recorder.metrics({"step": step, "loss": 1.0})
    recorder.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    recorder.go_back(3)
    recorder.metrics({"step": 4, "loss": 2.0})
    recorder.close()
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    assert lines[-1]["loss"] == 2.0


def test_events_are_kept_when_the_metrics_go_back(tmp_path):
    recorder = Recorder(tmp_path, tensorboard=False)
    recorder.event(7, "nan", position=6)
    recorder.go_back(0)
    recorder.event(0, "rollback")
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [(line["step"], line["event"], line["detail"]) for line in lines] == [
        (7, "nan", {"position": 6}),
        (0, "rollback", {}),
    ]


def test_metrics_go_to_tensorboard_too(tmp_path):
    recorder = Recorder(tmp_path, tensorboard=True)
    recorder.go_back(0)
    recorder.metrics({"step": 1, "loss": 1.5})
    recorder.close()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    assert [(event.step, event.value) for event in board.Scalars("loss")] == [(1, 1.5)]


def test_tokens_per_second_times_seconds_are_the_tokens():
    meter, tokens, seconds = Meter(100), 0.0, 0.0
    for durations in ([2.0], [0.5, 0.25], [1.0, 1.0, 4.0]):
        for duration in durations:
            meter.add(duration, typical=True)
        tokens += meter.lap() * (meter.seconds - seconds)
        seconds = meter.seconds
    assert tokens == pytest.approx(600)
    assert meter.tokens_per_second == 100.0  # the median step takes a second


def test_a_step_that_compiled_takes_time_but_does_not_count_as_speed():
    meter = Meter(100)
    meter.add(60.0, typical=False)
    meter.add(0.5, typical=True)
    assert (meter.seconds, meter.tokens_per_second) == (60.5, 200.0)
