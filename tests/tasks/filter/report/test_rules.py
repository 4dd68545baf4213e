"""The report's sections on rules, thresholds and the quality classifier, and the rules in `smelt explain`."""

import json

import pytest
from filter_store import RUN, write_store

from flows.explain import explain, render
from flows.history.runs import load_run
from tasks.filter.replay.near import near_thresholds
from tasks.filter.report.quality import quality
from tasks.filter.report.rules import rules

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"
WORDS = (10, 45, 49, 50, 51, 90, 300)
ROWS = [(f"{number:032x}", {"real_words": words}) for number, words in enumerate(WORDS)] + [
    ("a" * 32, {"real_words": 48, "language": "de"}),
    ("b" * 32, {"kind": "book", "stop_words": 0}),
]
MIN_WORDS = "gopher_quality.min_words"


def run_of(file):
    return load_run(file.parent / "store")


def test_the_nearest_documents_on_both_sides_of_a_threshold_are_found(tmp_path):
    [border] = near_thresholds(run_of(write_store(tmp_path, ROWS)), [MIN_WORDS, "c4.min_sentences"], each=2)
    assert border.rule == MIN_WORDS
    assert [item.value for item in border.kept] == [50, 51]
    assert [item.value for item in border.dropped] == [49, 45]  # the German one fails another rule too
    assert [item.margin for item in border.dropped] == [-0.02, -0.1]
    assert border.dropped[0].text == f"The text of {2:032x}.\nIt has two lines."
    assert border.dropped[0].url == f"http://web.test/{2:032x}"


def test_the_section_tells_overlaps_and_shows_both_sides_escaped(tmp_path):
    page = rules(run_of(write_store(tmp_path, ROWS, mark=HOSTILE))).markup()
    assert "3 of 4 dropped documents fail one rule only" in page
    assert "just kept" in page
    assert "just dropped" in page
    assert "Rules that fail together" in page
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_a_run_without_a_filter_or_drops_says_so(tmp_path):
    file = write_store(tmp_path, ROWS[5:7])
    assert "dropped no document" in rules(run_of(file)).markup()
    [path] = (file.parent / "store" / "filter").rglob("manifest.json")
    path.unlink()
    assert not rules(run_of(file)).present
    assert not quality(run_of(file)).present


def test_a_filter_of_another_version_leaves_the_thresholds_out(tmp_path):
    file = write_store(tmp_path, ROWS)
    [path] = (file.parent / "store" / "filter").rglob("manifest.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"config": {"old": 1}}))
    assert "another version" in rules(run_of(file)).markup()


def test_scores_of_a_classifier_are_shown_with_the_shares_that_thresholds_keep(tmp_path):
    rows = [(f"{number:032x}", {"quality_score": number / 10}) for number in range(10)]
    page = quality(run_of(write_store(tmp_path, rows))).markup()
    assert "trained elsewhere" in page
    assert "0.9000" in page  # keeps a tenth
    assert "10.0 %" in page


@pytest.mark.parametrize(
    ("id", "verdict", "first"),
    [(ROWS[2][0], "dropped", ("gopher_quality.min_words", True, -0.02)),
     (ROWS[3][0], "kept", ("gopher_quality.min_words", False, 0.0))],
)  # fmt: skip
def test_explain_holds_every_signal_against_its_threshold(tmp_path, id, verdict, first):
    file = write_store(tmp_path, ROWS)
    story = explain(file.parent / "store", file.parent / "store" / ".runs" / RUN, id)
    step = next(step for step in story.documents[0].steps if step.stage == "filter")
    assert (step.verdict, step.facts["profile"]) == (verdict, "fineweb")
    found = {rule["rule"]: rule for rule in step.facts["rules"]}
    assert {"language", "fineweb.min_lines", "gopher_repetition.top_2gram"} <= found.keys()
    name, failed, margin = first
    assert (found[name]["failed"], found[name]["margin"]) == (failed, margin)
    text = render(story)
    lines = [line for line in text.splitlines() if "✓ " in line or "✗ " in line]
    nearest = next(line for line in lines if f" {name} " in line)
    assert ("✗" in nearest, "≥ 50" in nearest or "< 50" in nearest) == (failed, True)
