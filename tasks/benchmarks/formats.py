"""The local layouts of MMLU, GSM8K and HumanEval, read into plain records. Standard library only.

Every reader answers {split: [record]} with the fields of the benchmark's hub version and an `item`: a name
that stays with the record whatever is selected of the benchmark ("anatomy/12", "test/7", "HumanEval/3").
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tasks.errors import StageError

Record = dict[str, Any]
Splits = dict[str, list[Record]]


def read_mmlu(folder: Path) -> Splits:
    """MMLU as first published: `dev/<subject>_dev.csv`, `test/<subject>_test.csv`, without a header.

    A row is question, four choices, the letter of the answer. Records: item, subject, question, choices,
    answer (0..3).
    """
    splits: Splits = {}
    for split in ("dev", "val", "test"):
        for path in sorted((folder / split).glob(f"*_{split}.csv")):
            subject = path.name[: -len(f"_{split}.csv")]
            with path.open(encoding="utf-8", newline="") as file:
                for number, row in enumerate(csv.reader(file)):
                    splits.setdefault(split, []).append(_mmlu_record(path, subject, number, row))
    if not splits.get("test") or not splits.get("dev"):
        raise StageError(
            f"{folder}: no MMLU data here: expected dev/<subject>_dev.csv and test/<subject>_test.csv"
        )
    return splits


def _mmlu_record(path: Path, subject: str, number: int, row: list[str]) -> Record:
    if len(row) != 6 or row[5].strip() not in ("A", "B", "C", "D"):
        raise StageError(
            f"{path}, record {number + 1}: expected a question, four choices and a letter A to D, "
            f"found {len(row)} fields"
        )
    return {
        "item": f"{subject}/{number}",
        "subject": subject,
        "question": row[0],
        "choices": row[1:5],
        "answer": "ABCD".index(row[5].strip()),
    }


def read_gsm8k(folder: Path) -> Splits:
    """GSM8K: `train.jsonl` (the worked examples) and `test.jsonl`: question, answer (`... #### 18`)."""
    splits: Splits = {}
    for split in ("train", "test"):
        path = _first(folder, f"{split}.jsonl", f"{split}.jsonl.gz")
        splits[split] = [
            {"item": f"{split}/{number}", "question": row["question"], "answer": row["answer"]}
            for number, row in enumerate(_json_lines(path, ("question", "answer")))
        ]
    return splits


def read_humaneval(source: Path) -> Splits:
    """HumanEval: `HumanEval.jsonl[.gz]`, the file itself or the folder that holds it.

    Records: item (= task_id), prompt, canonical_solution, test, entry_point.
    """
    fields = ("task_id", "prompt", "canonical_solution", "test", "entry_point")
    path = _first(source, "HumanEval.jsonl", "HumanEval.jsonl.gz") if source.is_dir() else source
    rows = _json_lines(path, fields)
    return {"test": [{"item": row["task_id"]} | {name: row[name] for name in fields} for row in rows]}


READERS: dict[str, Callable[[Path], Splits]] = {
    "mmlu": read_mmlu,
    "gsm8k": read_gsm8k,
    "humaneval": read_humaneval,
}


def read(layout: str, source: Path) -> Splits:
    """The records of a local benchmark; `layout` is a key of `READERS`.

    Raises StageError when the folder is missing, isn't in this layout, or holds a damaged record.
    """
    if layout not in READERS:
        raise StageError(f"benchmark layout {layout!r} is unknown: one of {', '.join(READERS)}")
    if not source.exists():
        raise StageError(f"{source}: no such benchmark data")
    return READERS[layout](source)


def _first(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise StageError(f"{folder}: none of {', '.join(names)} is in this folder")


def _json_lines(path: Path, fields: tuple[str, ...]) -> Iterator[Record]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    row = json.loads(line)
                    if not isinstance(row, dict) or any(name not in row for name in fields):
                        raise StageError(f"{path}:{number}: expected an object with {', '.join(fields)}")
                    yield row
    except (OSError, EOFError, ValueError) as error:
        raise StageError(f"{path}: not readable as JSON Lines: {error}") from error
