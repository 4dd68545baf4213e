import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.benchmarks.benchmark import BUILT_IN
from tasks.benchmarks.formats import read_gsm8k
from tasks.evaluate.harness import scoring

DOC = {"answer": "6 * 3 = 18 eggs.\n#### 1,800"}


@pytest.mark.parametrize(
    ("text", "strict", "flexible", "no_answer"),
    [
        (" 6 * 300 = 1800.\n#### 1800", 1, 1, 0),
        ("#### 1,800.00", 1, 1, 0),
        ("#### 1800.", 1, 1, 0),
        ("#### 1801 and then 1800", 0, 1, 0),
        ("#### 1800\n#### 7", 1, 0, 0),
        ("It is 1800 dollars", 0, 1, 1),
        ("It is $1,800.", 0, 1, 1),
        ("####1800", 0, 1, 1),
        ("#### -1800", 0, 0, 0),
        ("#### ...", 0, 0, 1),
        ("", 0, 0, 1),
        ("no idea", 0, 0, 1),
    ],
)
def test_gsm8k_is_strict_after_the_marks_and_flexible_at_the_end(text, strict, flexible, no_answer):
    assert scoring.gsm8k(DOC, [text]) == {"strict": strict, "flexible": flexible, "no_answer": no_answer}


@given(st.decimals(-(10**9), 10**9, places=2))
def test_a_number_is_read_back_as_written(number):
    assert scoring.to_decimal(f"{number:,}") == number
    assert scoring.last_number(f"so 7 of them, or {number}") == number
    assert scoring.strict_number(f"text\n#### {number}") == number


def test_every_worked_answer_has_a_strict_number():
    splits = read_gsm8k(BUILT_IN / "gsm8k_mini")
    rows = splits["train"] + splits["test"]
    assert all(isinstance(scoring.strict_number(row["answer"]), Decimal) for row in rows)
    assert all(scoring.gsm8k(row, [row["answer"]])["strict"] == 1 for row in rows)


@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 10))
def test_pass_at_k_is_the_share_of_draws_with_a_right_one(samples, right, k):
    right, k = min(right, samples), min(k, samples)
    all_wrong = math.comb(samples - right, k) / math.comb(samples, k)
    assert scoring.pass_at_k(samples, right, k) == pytest.approx(1 - all_wrong)


def test_humaneval_leaves_out_what_was_not_scored():
    def results(*outcomes):
        return [[{"outcome": outcome} for outcome in outcomes]]

    assert scoring.humaneval({}, results("passed")) == {"pass@1": 1.0}
    assert scoring.humaneval({}, results("timeout", "passed")) == {"pass@1": 0.5}
    assert set(scoring.humaneval({}, results(*["failed"] * 10))) == {"pass@1", "pass@10"}
    assert math.isnan(scoring.humaneval({}, results("not scored"))["pass@1"])


def test_without_a_sandbox_no_program_runs(monkeypatch):
    monkeypatch.setattr(scoring, "sandbox_fault", lambda: "exploits passed: a socket")
    monkeypatch.setattr(scoring, "run_problems", None)
    assert scoring.run_candidates([["    return 1\n"]], [{}]) == [
        [{"outcome": "not scored", "detail": "exploits passed: a socket", "completion": "    return 1\n"}]
    ]
