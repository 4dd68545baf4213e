"""What a run says on the terminal."""

import io
import json
import re
import unicodedata

import pytest
from rich.console import Console

from flows.history.summary import print_status, print_summary, status_data
from tasks.errors import StageError


def said(function, *arguments, width=120):
    out = io.StringIO()
    function(*arguments, Console(file=out, width=width, color_system=None))
    return out.getvalue()


def test_the_end_of_a_run_tells_funnel_stages_scores_and_a_sample(sample_store):
    text = said(print_summary, sample_store.path, sample_store.run)
    for part in ("760", "−20.8 %", "48 gopher-repetition/duplicate-lines", "and 1 more rules", "7 min 11 s"):
        assert part in text
    assert "9.7 % below xz (1.571), 29.2 % below gzip (2.004)" in re.sub(r"\s+", " ", text)
    assert "0.180 – 0.455" in text
    assert "The iterator returns the next value" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_hostile_text_does_nothing_to_a_terminal(hostile_store, width):
    text = said(print_summary, hostile_store.path, hostile_store.run, width=width)
    assert {c for c in text if unicodedata.category(c) in ("Cc", "Cf")} <= {"\n"}
    assert "<script>" in text


def test_brackets_in_names_are_no_markup(tmp_path, make_store):
    store = make_store(tmp_path / "store")
    for path in (store.path / "filter").rglob("manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["metrics"]["dropped"] = {"[/b] [red]rule[/red]": {"documents": 999, "bytes": 1}}
        path.write_text(json.dumps(manifest))
    assert "999 [/b] [red]rule[/red]" in said(print_summary, store.path, store.run)


def test_status_of_a_failed_run_says_why(tmp_path, make_store):
    store = make_store(tmp_path / "store", failed="dedup")
    text = said(print_status, store.path)
    assert "failed" in text
    assert "filter: no document is left" in text
    assert re.search(r"✗ +dedup +failed", text)


def test_status_as_data_is_plain_json(sample_store):
    found = json.loads(json.dumps(status_data(sample_store.path)))
    assert (found["status"], found["id"]) == ("done", sample_store.run.name)
    assert [step["stage"] for step in found["funnel"]] == [
        *("ingest", "filter", "dedup", "decontaminate", "tokenize"),
    ]
    assert found["funnel"][1]["documents_out"] == 570
    assert found["scores"]["bits_per_byte"]["model"] == 1.418
    assert found["nodes"][0]["artifact"].startswith(str(sample_store.path))


def test_a_store_without_a_run_says_so(tmp_path):
    with pytest.raises(StageError, match="no run yet"):
        status_data(tmp_path)
