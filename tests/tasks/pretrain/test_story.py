"""What a training that is under way says of itself."""

import json

from tasks.pretrain.story import progress


def test_the_newest_line_with_a_speed_is_told(tmp_path):
    rows = [
        {"step": 1, "loss": 9.0, "tokens_per_second": 900.0},
        {"step": 1200, "loss": 3.25, "tokens_per_second": 12_345.6},
        {"step": 1200, "validation_loss": 3.5},
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert progress(tmp_path) == "step 1,200  loss 3.250  12,346 tokens/s"


def test_nothing_is_told_before_the_first_step_or_of_a_line_that_is_half_written(tmp_path):
    assert progress(tmp_path) is None
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2, "lo')
    assert progress(tmp_path) is None
