"""The option dedup.paragraphs over files in a store: later documents lose the paragraphs that earlier ones have."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dedup_stage import Stage, run_stage
from pydantic import ValidationError

from tasks.dedup import Config, deduplicate
from tasks.dedup.paragraphs.option import Paragraphs
from tasks.document import Document
from tasks.nodes import load

NOTICE = "We use cookies to make this site work and to see how it is used."
QUOTE = "All happy families are alike; each unhappy family is unhappy in its own way, as he says."
SHORT = "Read more about it"


def own(name: str, paragraphs: int = 2) -> list[str]:
    """Paragraphs that no other document has."""
    return [
        " ".join(f"{name}{'abcdefghij'[i]}{'abcdefghij'[k]}" for k in range(10)) + "."
        for i in range(paragraphs)
    ]


def page(id: str, *paragraphs: str, source: str = "web", kind: str = "web") -> Document:
    return Document(id, "\n".join(paragraphs), source=source, kind=kind)


def run(root: Path, files: dict[str, list[Document]], **option: Any) -> Stage:
    return run_stage(root, files, paragraphs={"min_words": 8, **option})


def texts(stage: Stage) -> dict[str, str]:
    return {row["id"]: row["text"] for row in stage.rows("documents")}


def edits(stage: Stage) -> list[dict[str, Any]]:
    return [
        row
        for path in sorted((stage.folders["dedup"] / "edits").glob("*"))
        for row in pq.read_table(path).to_pylist()
    ]


def test_a_paragraph_stays_where_it_stood_first_and_goes_from_later_documents(tmp_path: Path):
    files = {
        "x": [page("c", *own("c"), NOTICE.upper(), SHORT), page("a", NOTICE, *own("a"), SHORT)],
        "y": [
            page("b", own("b")[0], QUOTE, NOTICE, QUOTE, own("b")[1]),
            page("d", *own("d"), "", f"- {QUOTE}", ""),
        ],
    }
    stage = run(tmp_path, files)
    assert texts(stage) == {
        "a": "\n".join([NOTICE, *own("a"), SHORT]),
        "b": "\n".join(
            [own("b")[0], QUOTE, QUOTE, own("b")[1]]
        ),  # what a document says twice is its own affair
        "c": "\n".join([*own("c"), SHORT]),
        "d": "\n".join(own("d")),
    }
    assert edits(stage) == [
        {"id": "c", "rule": "duplicate-paragraphs", "count": 1, "bytes": len(NOTICE) + 1},
        {"id": "b", "rule": "duplicate-paragraphs", "count": 1, "bytes": len(NOTICE) + 1},
        {"id": "d", "rule": "duplicate-paragraphs", "count": 1, "bytes": len(QUOTE) + 5},
    ]
    samples = [
        row
        for path in sorted((stage.folders["dedup"] / "samples").glob("*"))
        for row in pq.read_table(path).to_pylist()
    ]
    assert samples == [
        {"id": id, "rule": "duplicate-paragraphs", "text": text, "replacement": ""}
        for id, text in [("c", NOTICE.upper()), ("b", NOTICE), ("d", f"- {QUOTE}")]
    ]
    metrics = stage.metrics["dedup"]
    assert metrics["edits"] == {
        "duplicate-paragraphs": {"documents": 3, "count": 3, "bytes": 2 * len(NOTICE) + len(QUOTE) + 7}
    }
    assert metrics["bytes_out"] == sum(len(text.encode()) for text in texts(stage).values())
    assert metrics["bytes_in"] == metrics["bytes_out"] + metrics["edits"]["duplicate-paragraphs"]["bytes"]


def test_the_order_of_sources_comes_before_that_of_ids(tmp_path: Path):
    files = {
        "x": [page("a", NOTICE, *own("a"), source="crawl")],
        "y": [page("b", NOTICE, *own("b"), source="books")],
    }
    assert NOTICE in texts(run(tmp_path / "1", files))["a"]
    stage = run_stage(tmp_path / "2", files, paragraphs={"min_words": 8}, sources=["books"])
    assert NOTICE in texts(stage)["b"]
    assert NOTICE not in texts(stage)["a"]


def test_a_document_that_nothing_is_left_of_is_dropped_and_names_an_earlier_one(tmp_path: Path):
    long = own("q", 1)[0] + " and some more words than in the notice"
    files = {
        "x": [page("a", NOTICE, *own("a")), page("b", long, *own("b"))],
        "y": [page("c", NOTICE, long, "* * *")],
    }
    stage = run(tmp_path, files)
    assert sorted(texts(stage)) == ["a", "b"]
    (row,) = [row for row in stage.rows("ledger") if row["verdict"] == "dropped"]
    share = round((len(NOTICE) + len(long) + 2) / len(f"{NOTICE}\n{long}\n* * *"), 4)
    assert row == {
        "id": "c", "verdict": "dropped", "rule": "duplicate-paragraphs", "failed_rules": ["duplicate-paragraphs"],
        "score": share, "threshold": None, "matched_id": "b", "similarity": share,
    }  # fmt: skip
    dropped = stage.metrics["dedup"]["dropped"]["duplicate-paragraphs"]
    assert dropped == {"documents": 1, "bytes": len(f"{NOTICE}\n{long}\n* * *")}


def test_a_document_that_would_lose_too_much_goes_whole_and_leaves_its_own_paragraphs_to_the_next(
    tmp_path: Path,
):
    first, second = own("f", 3), own("s", 1)
    files = {
        "x": [page("a", *first), page("b", *first, *second, *own("x", 1)), page("c", *second, *own("c", 3))]
    }
    kept = texts(run(tmp_path / "1", files, max_cut=0.5))
    assert kept == {"a": "\n".join(first), "c": "\n".join([*second, *own("c", 3)])}
    kept = texts(run(tmp_path / "2", files))
    assert kept == {
        "a": "\n".join(first),
        "b": "\n".join([*second, *own("x", 1)]),
        "c": "\n".join(own("c", 3)),
    }


def test_near_duplicates_go_first_and_cut_nothing(tmp_path: Path):
    words = own("n", 9)
    files = {
        "x": [page("a", *words, NOTICE), page("b", *words, NOTICE, "One more"), page("c", NOTICE, *own("c"))]
    }
    stage = run(tmp_path, files)
    ledger = {row["id"]: row["rule"] for row in stage.rows("ledger")}
    assert ledger == {"a": "near-duplicate", "b": None, "c": None}  # the longer one survives, whole
    assert NOTICE in texts(stage)["b"]
    assert NOTICE not in texts(stage)["c"]


def test_other_kinds_are_neither_cut_nor_counted(tmp_path: Path):
    files = {
        "x": [
            page("a", NOTICE, *own("a"), kind="code"),
            page("b", NOTICE, *own("b")),
            page("c", NOTICE, *own("c")),
        ]
    }
    kept = texts(run(tmp_path, files))
    assert [NOTICE in kept[id] for id in "abc"] == [True, True, False]


def test_paragraphs_between_empty_lines_are_compared_however_they_are_wrapped(tmp_path: Path):
    wrapped = QUOTE.replace(" is ", "\n  is ")
    files = {"x": [page("a", *own("a", 1), "", QUOTE), page("b", wrapped, " ", "", *own("b", 1))]}
    kept = texts(run(tmp_path, files, separator="empty_line"))
    assert kept["b"] == own("b", 1)[0]
    assert QUOTE in kept["a"]


def test_the_option_has_no_nodes_and_no_edits_where_it_is_off(tmp_path: Path):
    stage = run_stage(tmp_path, {"x": [page("a", NOTICE, *own("a")), page("b", NOTICE, *own("b"))]})
    assert {name for name in stage.folders if name in ("dedup-passages", "dedup-repeats")} == set()
    assert not (stage.folders["dedup"] / "edits").exists()
    assert "edits" not in stage.metrics["dedup"]
    assert all(NOTICE in text for text in texts(stage).values())


def test_a_share_that_may_be_cut_changes_no_hashes(tmp_path: Path):
    files = {"x": [page("a", NOTICE, *own("a")), page("b", NOTICE, *own("b"))]}
    run(tmp_path, files)
    worked = run(tmp_path, files, max_cut=0.9).worked
    assert worked == ["dedup-repeats repeats", "dedup x"]


def test_texts_in_memory_cannot_be_edited():
    with pytest.raises(ValueError, match="run the stage"):
        deduplicate(pa.table({"id": ["a"], "text": ["b"]}), Config(paragraphs=Paragraphs()))


@pytest.mark.parametrize(
    "wrong", [{"min_words": 0}, {"max_cut": 1.0}, {"separator": "tab"}, {"kinds": ["poem"]}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]):
    for name in ("dedup-passages", "dedup-repeats", "dedup"):
        with pytest.raises(ValidationError):
            load(name).Config(paragraphs=wrong)
