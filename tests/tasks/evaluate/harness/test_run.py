import json
from pathlib import Path
from typing import ClassVar

import pytest

from tasks.benchmarks.benchmark import BUILT_IN, Benchmark
from tasks.errors import StageError
from tasks.evaluate.config import Config
from tasks.evaluate.harness.run import evenly, run_benchmarks, sample_rows, score, scored_task
from tasks.evaluate.records import Evaluation

MINIS = ("mmlu_mini", "gsm8k_mini", "humaneval_mini")
DATA = Path(__file__).parents[4].parent / "shared" / "data" / "benchmarks"


def evaluate(model, encoder, *benchmarks, hits=frozenset()) -> Evaluation:
    evaluation = Evaluation()
    config = Config.model_validate({"benchmarks": benchmarks, "batch_tokens": 4096})
    run_benchmarks(evaluation, model, encoder, config, hits)
    return evaluation


@pytest.fixture
def oracle(monkeypatch):
    """A model that knows every answer: what it gets shows what task files and scoring give."""
    from tasks.evaluate.harness import lm as adapter

    class Oracle(adapter.SmeltLM):
        asked: ClassVar[list] = []

        def loglikelihood(self, requests, disable_tqdm=False):
            Oracle.asked += requests
            return [(0.0 if request.idx == request.doc["answer"] else -1.0, False) for request in requests]

        def generate_until(self, requests, disable_tqdm=False):
            Oracle.asked += requests
            return [request.doc.get("canonical_solution") or request.doc["answer"] for request in requests]

    Oracle.asked = []
    monkeypatch.setattr(adapter, "SmeltLM", Oracle)
    return Oracle


def test_who_knows_every_answer_gets_every_point(oracle, model, encoder):
    found = evaluate(model, encoder, *MINIS).scores["benchmarks"]
    assert {name: (item["metric"], item["value"]) for name, item in found.items()} == {
        "mmlu_mini": ("acc", 1.0),
        "gsm8k_mini": ("strict", 1.0),
        "humaneval_mini": ("pass@1", 1.0),
    }
    assert found["mmlu_mini"]["outcomes"] == {"right": 40}
    assert found["gsm8k_mini"]["more"] == {"flexible": 1.0, "no_answer": 0.0}
    assert found["humaneval_mini"]["outcomes"] == {"passed": 33}
    assert all(item["low"] < 1 <= item["high"] + 1e-9 for item in found.values())


def test_prompts_are_worked_examples_then_the_question(oracle, model, encoder):
    evaluate(
        model,
        encoder,
        {"name": "mmlu_mini", "num_fewshot": 1, "limit": 5},
        {"name": "gsm8k_mini", "limit": 1},
    )
    asked = {request.args[0]: request for request in oracle.asked}
    assert (
        "The following are multiple choice questions (with answers) about elementary mathematics.\n\n"
        "What is 6 + 7?\nA. 12\nB. 13\nC. 14\nD. 15\nAnswer: B\n\n"
        "What is 9 + 8?\nA. 16\nB. 17\nC. 18\nD. 19\nAnswer:"
    ) in asked
    assert [request.args[1] for request in oracle.asked[:4]] == [" A", " B", " C", " D"]
    [sums] = [text for text in asked if text.startswith("Question:")]
    assert sums.count("####") == 2
    assert sums.endswith("How many marbles has he now?\nAnswer:")


def test_code_prompts_are_the_raw_prompt(oracle, model, encoder):
    evaluate(model, encoder, {"name": "humaneval_mini", "limit": 1})
    [request] = oracle.asked
    assert request.args[0] == request.doc["prompt"]
    assert request.args[1]["until"][:5] == ["\nclass", "\ndef", "\n#", "\nif", "\nprint"]


def test_the_continuation_form_scores_the_text_of_the_choices(oracle, model, encoder):
    data = str(BUILT_IN / "mmlu_mini")
    mine = {"name": "mmlu_text", "task": str(BUILT_IN / "mmlu_continuation.yaml"), "data": data, "limit": 2}
    found = evaluate(model, encoder, mine).scores["benchmarks"]["mmlu_text"]
    assert (found["value"], found["items"], found["more"]) == (1.0, 2, {"acc_norm": 1.0})
    assert [request.args[1] for request in oracle.asked[:4]] == [" 16", " 17", " 18", " 19"]


def test_a_real_model_is_scored_sample_by_sample_with_contaminated_items_apart(model, encoder):
    hits = frozenset({("mmlu_mini", "world_geography/0"), ("another", "world_geography/1")})
    found = evaluate(model, encoder, "mmlu_mini", {"name": "gsm8k_mini", "limit": 4}, hits=hits)
    summary, rows = found.scores["benchmarks"]["mmlu_mini"], found.samples["mmlu_mini"]
    assert (summary["items"], summary["contaminated"], summary["clean"]["items"]) == (40, 1, 39)
    assert [row["item"] for row in rows if row["contaminated"]] == ["world_geography/0"]
    assert summary["value"] == sum(row["correct"] for row in rows) / 40
    assert {row["output"] for row in rows} <= set("ABCD")
    assert {row["target"] for row in rows} == set("ABCD")
    assert len(found.samples["gsm8k_mini"]) == 4
    assert found.metrics["truncated_prompts"]["loglikelihood"] > 0  # five worked examples in a window of 64


def test_without_a_sandbox_code_is_not_scored_and_the_rest_goes_on(oracle, model, encoder, monkeypatch):
    from tasks.evaluate import sandbox

    monkeypatch.setattr(sandbox, "check_sandbox", lambda: "exploits passed: a socket")
    found = evaluate(
        model, encoder, {"name": "humaneval_mini", "limit": 3}, {"name": "mmlu_mini", "limit": 4}
    )
    code = found.scores["benchmarks"]["humaneval_mini"]
    assert (code["value"], code["low"], code["outcomes"]) == (None, None, {"not scored": 3})
    assert code["reason"] == "exploits passed: a socket"
    assert found.scores["benchmarks"]["mmlu_mini"]["value"] == 1.0
    assert found.metrics["sandbox"] == "exploits passed: a socket"
    json.dumps(found.scores, allow_nan=False)


def test_a_benchmark_of_ones_own_is_one_yaml_and_its_data(model, encoder, tmp_path):
    (tmp_path / "lines.jsonl").write_text(
        "".join(
            json.dumps({"q": f"{n} + 1 =", "choices": ["7", "8"], "gold": n % 2}) + "\n" for n in range(6)
        )
    )
    (tmp_path / "own.yaml").write_text(
        "task: sums\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: lines.jsonl\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: '{{q}}'\ndoc_to_choice: choices\n"
        "doc_to_target: gold\n"
        "metric_list:\n  - metric: acc\n    aggregation: mean\n    higher_is_better: true\n"
    )
    found = evaluate(model, encoder, {"name": "mine", "task": str(tmp_path / "own.yaml")})
    assert found.scores["benchmarks"]["mine"]["items"] == 6
    assert [row["item"] for row in found.samples["mine"]] == list("012345")
    assert {row["output"] for row in found.samples["mine"]} <= {"7", "8"}


def test_a_task_that_the_harness_refuses_is_one_clear_error(tmp_path):
    (tmp_path / "lines.jsonl").write_text('{"q": "?"}\n')
    (tmp_path / "own.yaml").write_text(
        "task: own\noutput_type: oracle\ndataset_path: json\n"
        "dataset_kwargs:\n  data_files:\n    test: lines.jsonl\n"
    )
    with pytest.raises(StageError, match=r"'own'.*own\.yaml can't be loaded.*output_type"):
        scored_task(Benchmark(name="own", task=str(tmp_path / "own.yaml")))


def test_a_hub_benchmark_without_its_data_says_what_to_do(monkeypatch):
    import datasets

    def unreachable(*arguments, **options):
        raise ConnectionError("no route to the hub")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    with pytest.raises(StageError, match=r"openai/gsm8k can't be had.*set `data`"):
        scored_task(Benchmark(name="gsm8k"))


def test_too_many_worked_examples_are_refused_with_the_numbers(model, encoder):
    with pytest.raises(StageError, match="num_fewshot asks for 9 worked examples"):
        evaluate(model, encoder, {"name": "mmlu_mini", "num_fewshot": 9})


def test_a_limit_is_spread_over_the_whole_benchmark():
    assert evenly(40, 5) == [0, 8, 16, 24, 32]
    assert evenly(3, 99) == [0, 1, 2]


def test_several_completions_of_a_problem_are_several_records():
    made = [
        {"outcome": "passed", "detail": "", "completion": "    return 1\n"},
        {"outcome": "timeout", "detail": "over 5 s", "completion": "    while True: pass\n"},
    ]
    logged = {
        "filter": "sandbox",
        "doc": {"item": "T/0"},
        "doc_id": 0,
        "arguments": [("def f():\n", {})],
        "filtered_resps": [made],
        "target": "    return 1\n",
        "metrics": ["pass@1"],
        "pass@1": 0.5,
    }
    rows = sample_rows("code", "pass@1", [logged], frozenset())
    assert [(row["sample"], row["correct"], row["outcome"]) for row in rows] == [
        (0, True, "passed"),
        (1, False, "timeout"),
    ]
    found = score("pass@1", rows, {"pass@1": 0.5}, seed=1)
    assert (found["value"], found["items"], found["outcomes"]) == (0.5, 1, {"passed": 1, "timeout": 1})


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="no shared data")
def test_the_published_benchmarks_run_on_local_data(oracle, model, encoder):
    found = evaluate(
        model,
        encoder,
        {"name": "mmlu", "data": str(DATA / "mmlu-hendrycks-2020"), "limit": 57},
        {"name": "gsm8k", "data": str(DATA / "gsm8k"), "limit": 50},
        {"name": "humaneval", "data": str(DATA / "humaneval" / "HumanEval.jsonl.gz"), "limit": 20},
    )
    assert {name: item["value"] for name, item in found.scores["benchmarks"].items()} == {
        "mmlu": 1.0,
        "gsm8k": 1.0,
        "humaneval": 1.0,
    }
    subjects = {row["item"].split("/")[0] for row in found.samples["mmlu"]}
    assert len(subjects) > 30
