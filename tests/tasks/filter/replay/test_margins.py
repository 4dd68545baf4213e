"""Rules held against documents agree with the verdicts, and say by how much."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.filter.config import Config
from tasks.filter.judging import judge
from tasks.filter.replay.margins import Held, held_against
from tasks.filter.text_signals.scoring import SCHEMA


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(st.integers(0, 120), min_size=len(SCHEMA), max_size=len(SCHEMA)), min_size=1, max_size=8
    )
)
def test_what_fails_here_is_what_the_verdicts_say(rows):
    columns = [pa.array(np.array(column) / (1 if pa.types.is_integer(field.type) else 100)).cast(field.type)
               for field, column in zip(SCHEMA, zip(*rows, strict=True), strict=True)]  # fmt: skip
    signals = pa.Table.from_arrays(columns, schema=SCHEMA)
    signals = signals.append_column("language", pa.array(["en", None] * len(rows))[: len(rows)])
    signals = signals.append_column("language_score", pa.array([0.7] * len(rows)))
    for profile in Config().profiles:
        held = held_against(signals, profile, Config())
        failed = judge(signals, profile)["failed_rules"].to_pylist()
        for row, names in enumerate(failed):
            assert [rule.name for rule in held if rule.failed()[row]] == names
        for rule in held:
            assert (rule.failed() == (rule.margins() < 0)).all()


def test_source_code_is_held_against_its_languages_thresholds():
    signals = pa.Table.from_arrays([pa.array([0.0] * 2).cast(field.type) for field in SCHEMA], schema=SCHEMA)
    signals = signals.append_column("code_language", pa.array(["HTML", None], pa.string()))
    held = {rule.name: rule for rule in held_against(signals, "code", Config())}
    assert held["code.min_html_text"].failed().tolist() == [True, False]
    assert held["code.max_line_length"].thresholds.tolist() == [100_000, 1000]


def test_a_margin_is_a_share_of_the_threshold():
    values = np.array([60.0, 50.0, 40.0])
    assert Held("r", "s", "min", values, np.full(3, 50.0)).margins().tolist() == [0.2, 0.0, -0.2]
    assert Held("r", "s", "max", values, np.full(3, 50.0)).margins().tolist() == [-0.2, 0.0, 0.2]
    assert Held("r", "s", "max", np.array([0.0, 2.0]), np.zeros(2)).margins().tolist() == [0.0, -2.0]
