import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest
import small_pipeline as small

from tasks.benchmarks import formats
from tasks.benchmarks.benchmark import BUILT_IN
from tasks.evaluate.sandbox.canaries import CANONICAL, EXPLOITS, PROMPT, TEST, check_sandbox, judge, only_if
from tasks.evaluate.sandbox.parent import Problem, Result, run_problem, run_problems

ROOT = Path(__file__).parents[4]
DATA = ROOT.parent / "shared" / "data" / "benchmarks"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


def run(body: str, test: str, prompt: str = "def f(x):\n", **options) -> Result:
    return run_problem(prompt, body, f"def check(candidate):\n    {test}\n", "f", **options)


def test_a_right_solution_passes_and_a_wrong_one_fails():
    assert run_problem(PROMPT, CANONICAL, TEST, "add").passed
    wrong = run_problem(PROMPT, "    return a - b\n", TEST, "add")
    assert (wrong.passed, wrong.outcome) == (False, "failed")


@pytest.mark.parametrize("name", EXPLOITS)
def test_no_exploit_passes(name):
    result = run_problem(PROMPT, EXPLOITS[name], TEST, "add", timeout=0.7)
    assert not result.passed
    assert result.outcome in ("failed", "timeout", "crashed")


def test_an_exploit_that_tries_nothing_passes_so_the_attempts_are_what_fails():
    assert run_problem(PROMPT, only_if("pass"), TEST, "add").passed


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("    while True: pass\n", "timeout"),
        ("    import time; time.sleep(99)\n", "timeout"),
        ("    import os; os._exit(0)\n", "crashed"),
        ("    import ctypes; ctypes.string_at(0)\n", "crashed"),
        ("    return x +\n", "failed"),
        ("    return undefined\n", "failed"),
    ],
)
def test_time_outs_crashes_and_failures_are_told_apart(body, outcome):
    assert run(body, "assert candidate(1) == 1", timeout=0.5).outcome == outcome


@pytest.mark.parametrize(
    "value",
    [
        "None",
        "True",
        "-3",
        "10**400",
        "-(2**53)",
        "0.1",
        "-0.0",
        "float('inf')",
        "1e-320",
        "2 + 3j",
        "'\\ud800 \\0 é'",
        "b'\\x00\\xff'",
        "[1, (2, [3]), {4}, {'a': (5,)}]",
        "{1: 'a', 'b': 2, (3, 4): None, 1.5: []}",
        "set()",
        "()",
        "[[]]",
    ],
)
def test_plain_values_cross_both_ways_unchanged(value):
    test = f"v = {value}; r = candidate(v); assert r == v and type(r) is type(v) and repr(r) == repr(v)"
    assert run("    return x\n", test).passed


def test_subclasses_cross_as_the_builtin_they_extend():
    body = "    import collections\n    return collections.Counter(x)\n"
    assert run(body, "r = candidate('aab'); assert r == {'a': 2, 'b': 1} and type(r) is dict").passed


@pytest.mark.parametrize(
    "value", ["object()", "lambda: 1", "iter([1])", "range(3)", "[object()]", "{1: print}"]
)
def test_what_is_no_plain_data_does_not_cross(value):
    assert run(f"    return {value}\n", "assert candidate(1) is not None").outcome == "failed"


def test_a_standard_exception_arrives_under_its_name():
    raises = "\n    try:\n        candidate(1)\n    except ValueError:\n        return\n    assert False"
    assert run("    raise ValueError(x)\n", raises).passed
    assert run("    raise KeyError(x)\n", raises).outcome == "failed"
    assert run("    return x\n", raises).outcome == "failed"
    hidden = "\nclass ValueErrorToo(Exception): pass\nclass SystemExit(BaseException): pass\n"
    assert run("    raise ValueErrorToo\n" + hidden, raises).outcome == "failed"


def test_ending_an_iteration_cannot_end_the_tests_loop():
    assert not run("    raise StopIteration\n", "assert all(map(lambda v: candidate(v) == 1, [1, 2]))").passed


def test_keywords_and_several_calls_work():
    prompt = "def f(x, *, y=2):\n"
    test = "assert candidate(1) == 3 and candidate(1, y=5) == 6 and candidate(x=0) == 2"
    assert run("    return x + y\n", test, prompt).passed


def test_tests_may_use_what_the_prompt_defines_but_not_what_the_completion_redefines():
    prompt = "import math\ndef double(x):\n    return 2 * x\n\ndef f(x):\n    '''Half of x.'''\n"
    test = "assert candidate(double(8)) == 8 and math.pi > 3"
    assert run("    return x / 2\n", test, prompt).passed
    cheat = "    return 8\n\ndef double(x):\n    return 8\n"
    assert (
        run(cheat, "assert candidate(double(8)) == 8 and candidate(double(1)) == 1", prompt).outcome
        == "failed"
    )


def test_assertions_without_a_check_function_call_the_entry_point_by_name():
    assert run_problem("def f(x):\n", "    return x\n", "assert f(3) == 3\n", "f").passed
    assert run_problem("def f(x):\n", "    return 4\n", "assert f(3) == 3\n", "f").outcome == "failed"


def test_a_test_that_calls_nothing_is_not_scored():
    assert run("    return x\n", "pass").outcome == "not scored"


def test_the_programs_own_state_lasts_from_call_to_call():
    body = "    seen.append(x)\n    return len(seen)\nseen = []\n"
    assert run(body, "assert candidate(1) == 1 and candidate(1) == 2").passed


def test_standard_modules_can_be_used_and_installed_ones_cannot():
    body = (
        "    import re, math, heapq, hashlib, statistics, datetime, itertools\n"
        "    from collections import defaultdict, OrderedDict\n    from decimal import Decimal\n"
        "    datetime.datetime.strptime('2024-01-02', '%Y-%m-%d')\n"
        "    return hashlib.md5(str(Decimal(math.floor(x))).encode()).hexdigest()\n"
    )
    assert run(body, "assert candidate(3.7) == 'eccbc87e4b5ce2fe28308fd9f2a7baf3'").passed
    assert not run("    import pydantic\n    return x\n", "assert candidate(1) == 1").passed


def test_the_environment_and_standard_input_are_empty(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    body = "    import os, sys\n    return [sorted(os.environ), sys.stdin.read(), sys.argv]\n"
    result = run(body, "assert candidate(1)[0] in ([], ['LC_CTYPE']) and candidate(1)[1:] == ['', ['']]")
    assert result.passed, result


def test_memory_is_limited():
    body = "    return len(bytearray(x))\n"
    assert run(body, "assert candidate(200 << 20) == 200 << 20").passed
    assert not run(body, "assert candidate(200 << 20) == 200 << 20", memory=150 << 20).passed


def test_results_keep_the_problems_order():
    problems = [Problem("def f(x):\n", f"    return {n % 3}\n", "assert f(0) == 1\n", "f") for n in range(9)]
    assert [result.passed for result in run_problems(problems, workers=3)] == [n % 3 == 1 for n in range(9)]


def test_nothing_is_left_behind():
    def children() -> set[str]:
        found = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if fields[1] == str(os.getpid()):
                found.add(stat.parent.name)
        return found

    before, descriptors = children(), set(os.listdir("/proc/self/fd"))
    run("    while True: pass\n", "candidate(1)", timeout=0.2)
    run("    return x\n", "assert candidate(1) == 1")
    assert children() <= before
    assert len(os.listdir("/proc/self/fd")) <= len(descriptors)


def test_nothing_is_left_behind_by_one_that_is_killed(tmp_path):
    begun = tmp_path / "begun"
    test = f"import signal\nopen({str(begun)!r}, 'w').close()\nsignal.pause()\n"
    code = f"from tasks.evaluate.sandbox import run_problem\nrun_problem({PROMPT!r}, {CANONICAL!r}, {test!r}, 'add', timeout=600)"
    owner = psutil.Popen([sys.executable, "-c", code], cwd=ROOT)
    assert small.wait_until(begun.exists, 60)
    both = owner.children()
    owner.kill()
    owner.wait()
    assert len(both) == 2
    assert small.wait_until(lambda: not any(map(small.lives, both)), 5)


def test_the_canaries_hold_here():
    assert check_sandbox(timeout=2.0) is None


def test_canaries_say_what_is_wrong():
    passed, failed, unscored = Result("passed"), Result("failed"), Result("not scored", "no seccomp")
    assert judge(passed, {"a": failed, "b": Result("timeout")}) is None
    assert judge(failed, {}) == "a right solution did not pass: failed ()"
    assert judge(passed, {"a": failed, "b": passed}) == "exploits passed: b"
    assert judge(passed, {"a": unscored}) == "exploits could not be tried: a (no seccomp)"


def test_without_the_means_nothing_is_executed_or_scored(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert run("    return x\n", "assert candidate(1) == 1").outcome == "not scored"
    monkeypatch.setattr(sys, "platform", "elsewhere")
    assert run("    return x\n", "assert candidate(1) == 1").outcome == "not scored"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="changes the user: needs root")
def test_it_holds_for_a_user_without_rights_too():
    code = "from tasks.evaluate.sandbox.canaries import check_sandbox; print(check_sandbox(2.0))"
    python = sys.executable
    for candidate in (sys.executable, "/usr/bin/python3"):
        python = candidate
        try:
            done = subprocess.run(
                [python, "-B", "-c", code],
                cwd=ROOT,
                user=65534,
                group=65534,
                extra_groups=[],
                capture_output=True,
                text=True,
            )
        except (PermissionError, FileNotFoundError):
            continue
        assert done.stdout.strip() == "None", done
        return
    pytest.skip(f"{python} can't be started by another user")


def test_the_mini_problems_have_right_solutions_and_tests_that_notice_wrong_ones():
    problems = formats.read("humaneval", BUILT_IN / "humaneval_mini")["test"]

    def outcomes(body: str | None) -> Counter[str]:
        return Counter(
            result.outcome
            for result in run_problems(
                [
                    Problem(
                        item["prompt"], body or item["canonical_solution"], item["test"], item["entry_point"]
                    )
                    for item in problems
                ]
            )
        )

    assert outcomes(None) == {"passed": len(problems)}
    assert outcomes("    return None\n") == {"failed": len(problems)}


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="no shared data")
def test_all_canonical_solutions_of_humaneval_pass():
    problems = formats.read("humaneval", DATA / "humaneval" / "HumanEval.jsonl.gz")["test"]
    results = run_problems(
        [
            Problem(item["prompt"], item["canonical_solution"], item["test"], item["entry_point"])
            for item in problems
        ]
    )
    assert [problems[n]["item"] for n, result in enumerate(results) if not result.passed] == []
    assert len(results) == 164
