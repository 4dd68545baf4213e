import gzip
import json
from pathlib import Path

import pytest

from tasks.benchmarks import formats
from tasks.errors import StageError

ROW = {
    "task_id": "T/0",
    "prompt": "def f():\n",
    "canonical_solution": "    return 1\n",
    "test": "def check(candidate):\n    assert candidate() == 1\n",
    "entry_point": "f",
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_mmlu_rows_become_records_with_the_answer_as_a_number(tmp_path):
    write(tmp_path / "dev" / "law_dev.csv", "Worked?,a,b,c,d,B\n")
    write(
        tmp_path / "test" / "law_test.csv", '"Quoted, with ""comma""?",a,b,c,d,D\n"Two\nlines?",a,b,c,d,A\n'
    )
    splits = formats.read("mmlu", tmp_path)
    assert splits["dev"][0]["answer"] == 1
    assert [record["item"] for record in splits["test"]] == ["law/0", "law/1"]
    assert splits["test"][0] == {
        "item": "law/0",
        "subject": "law",
        "question": 'Quoted, with "comma"?',
        "choices": ["a", "b", "c", "d"],
        "answer": 3,
    }
    assert splits["test"][1]["question"] == "Two\nlines?"


def test_a_damaged_mmlu_row_is_named(tmp_path):
    write(tmp_path / "dev" / "law_dev.csv", "Worked?,a,b,c,d,B\n")
    write(tmp_path / "test" / "law_test.csv", "Fine?,a,b,c,d,A\nShort?,a,b,C\n")
    with pytest.raises(StageError, match=r"law_test\.csv, record 2: .*found 4 fields"):
        formats.read("mmlu", tmp_path)


def test_a_folder_in_another_layout_is_refused_with_what_is_missing(tmp_path):
    with pytest.raises(StageError, match=r"expected dev/<subject>_dev\.csv"):
        formats.read("mmlu", tmp_path)
    with pytest.raises(StageError, match=r"none of train\.jsonl"):
        formats.read("gsm8k", tmp_path)
    with pytest.raises(StageError, match="no such benchmark data"):
        formats.read("gsm8k", tmp_path / "absent")


def test_humaneval_is_read_from_a_file_or_its_folder_plain_or_compressed(tmp_path):
    packed = tmp_path / "HumanEval.jsonl.gz"
    packed.write_bytes(gzip.compress((json.dumps(ROW) + "\n").encode()))
    plain = write(tmp_path / "other" / "problems.jsonl", json.dumps(ROW) + "\n\n")
    expected = {"test": [{"item": "T/0", **ROW}]}
    assert formats.read("humaneval", packed) == expected
    assert formats.read("humaneval", tmp_path) == expected
    assert formats.read("humaneval", plain) == expected


@pytest.mark.parametrize("text", ['{"question": "q"}\n', "[1]\n", "not json\n"])
def test_a_damaged_line_is_one_clear_error(tmp_path, text):
    write(tmp_path / "train.jsonl", '{"question": "q", "answer": "#### 1"}\n')
    write(tmp_path / "test.jsonl", text)
    with pytest.raises(StageError, match=r"test\.jsonl"):
        formats.read("gsm8k", tmp_path)


def test_a_truncated_gzip_is_one_clear_error(tmp_path):
    path = tmp_path / "HumanEval.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(ROW).encode())[:-12])
    with pytest.raises(StageError, match="not readable"):
        formats.read("humaneval", path)
