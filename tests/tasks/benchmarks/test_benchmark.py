import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from tasks.benchmarks.benchmark import (
    BUILT_IN,
    Benchmark,
    load_items,
    load_task,
    named_files,
    resolved,
    task_file,
)
from tasks.errors import ConfigError, StageError

MINIS = ("mmlu_mini", "gsm8k_mini", "humaneval_mini")
DATA = Path(__file__).parents[3].parent / "shared" / "data" / "benchmarks"


def test_importing_it_is_cheap():
    heavy = "{'yaml', 'numpy', 'torch', 'pyarrow', 'datasets', 'lm_eval'}"
    code = f"import sys, tasks.benchmarks.benchmark; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_plain_string_is_a_benchmark():
    [made] = TypeAdapter(list[Benchmark]).validate_python(["mmlu_mini"])
    assert made == Benchmark(name="mmlu_mini")
    with pytest.raises(ValidationError, match="shots"):
        Benchmark.model_validate({"name": "mmlu", "shots": 5})


def test_identity_holds_no_path():
    made = Benchmark(name="mmlu", data="/somewhere/mmlu", task="/else/where.yaml", limit=7)
    assert made.identity() == {"name": "mmlu", "num_fewshot": None, "limit": 7}


@pytest.mark.parametrize("name", MINIS)
def test_the_mini_benchmarks_have_a_few_dozen_items_with_texts(name):
    items = load_items(Benchmark(name=name))
    assert 30 <= len(items) <= 40
    assert len({item.item for item in items}) == len(items)
    assert len({item.texts[0] for item in items}) == len(items)
    assert all(len(item.texts) >= 2 and all(item.texts) for item in items)


def test_texts_start_with_the_question():
    items = {item.item: item for item in load_items(Benchmark(name="mmlu_mini"))}
    assert items["world_geography/0"].texts == [
        "What is the capital of France?",
        "Lyon",
        "Paris",
        "Nice",
        "Lille",
    ]
    problem = load_items(Benchmark(name="humaneval_mini"))[0]
    assert problem.texts[0].startswith("def add(a, b):")
    assert problem.texts[1] == "    return a + b\n"


def test_the_mini_questions_have_their_answers_spread_over_the_letters():
    from tasks.benchmarks.formats import read

    letters = Counter(record["answer"] for record in read("mmlu", BUILT_IN / "mmlu_mini")["test"])
    assert min(letters[letter] for letter in range(4)) >= 8


def test_files_are_the_task_file_its_includes_and_its_data():
    names = [name for name, _ in named_files(Benchmark(name="gsm8k_mini"))]
    assert names == [
        "gsm8k_mini/task/gsm8k_mini.yaml",
        "gsm8k_mini/task/gsm8k.yaml",
        "gsm8k_mini/data/test.jsonl",
        "gsm8k_mini/data/train.jsonl",
    ]
    assert all(path.is_file() for _, path in named_files(Benchmark(name="mmlu_mini")))


def test_data_that_moves_keeps_its_names(tmp_path):
    shutil.copytree(BUILT_IN / "gsm8k_mini", tmp_path / "copy")
    (tmp_path / "copy" / "NOTES.txt").write_text("not data")
    moved = Benchmark(name="gsm8k_mini", data="copy")
    here = named_files(Benchmark(name="gsm8k_mini", data=str(BUILT_IN / "gsm8k_mini")))
    assert [name for name, _ in named_files(moved, lambda path: tmp_path / path)] == [
        name for name, _ in here
    ]


def test_a_task_of_ones_own_is_one_yaml_and_its_data(tmp_path):
    (tmp_path / "lines.jsonl").write_text('{"question": "One?", "gold": "yes"}\n')
    (tmp_path / "helper.py").write_text("def clean(docs):\n    return docs\n")
    (tmp_path / "base.yaml").write_text("output_type: generate_until\nprocess_docs: !function helper.clean\n")
    (tmp_path / "own.yaml").write_text(
        "include: base.yaml\ntask: own\ndataset_path: json\n"
        "dataset_kwargs:\n  data_files:\n    test: lines.jsonl\ntest_split: test\n"
    )
    own = resolved(Benchmark(name="own", task="own.yaml"), lambda path: tmp_path / path)
    assert own.task == str(tmp_path / "own.yaml")
    assert load_task(Path(own.task))["process_docs"] == "helper.clean"
    assert [path.name for _, path in named_files(own)] == [
        "own.yaml",
        "base.yaml",
        "helper.py",
        "lines.jsonl",
    ]


def test_a_generic_task_gives_its_items_too(tmp_path):
    (tmp_path / "lines.jsonl").write_text(
        '{"question": "One?", "gold": "yes"}\n{"question": "Two?", "gold": "no"}\n'
    )
    (tmp_path / "own.yaml").write_text(
        "task: own\ndataset_path: json\ntest_split: test\n"
        "dataset_kwargs:\n  data_files:\n    test: lines.jsonl\n"
    )
    items = load_items(Benchmark(name="own", task=str(tmp_path / "own.yaml")))
    assert [(item.item, item.texts) for item in items] == [("0", ["One?", "yes"]), ("1", ["Two?", "no"])]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError, match=r"'mmlu_minni'.*gsm8k_mini.*mmlu_mini"):
        task_file(Benchmark(name="mmlu_minni"))


def test_data_that_is_not_there_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigError, match="no data at"):
        named_files(Benchmark(name="gsm8k", data=str(tmp_path / "absent")))


def test_a_broken_task_file_is_named_with_its_line(tmp_path):
    (tmp_path / "own.yaml").write_text("task: own\nfilter: [\n")
    with pytest.raises(ConfigError, match=r"own\.yaml:3"):
        load_task(tmp_path / "own.yaml")


def test_a_hub_data_set_that_cannot_be_had_says_what_to_do(monkeypatch):
    import datasets

    def unreachable(*arguments, **options):
        raise ConnectionError("no route to the hub")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    with pytest.raises(StageError, match=r"cais/mmlu can't be had.*no route.*set `data`"):
        load_items(Benchmark(name="mmlu"))


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.exists(), reason="no shared data")
def test_the_published_benchmarks_are_read_in_their_own_layouts():
    sizes = {
        name: len(load_items(Benchmark(name=name, data=str(DATA / place))))
        for name, place in {
            "mmlu": "mmlu-hendrycks-2020",
            "gsm8k": "gsm8k",
            "humaneval": "humaneval/HumanEval.jsonl.gz",
        }.items()
    }
    assert sizes == {"mmlu": 14079, "gsm8k": 1319, "humaneval": 164}
