"""`smelt tune`: other thresholds replayed from signals, without a text."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filter_store import JUDGED, RUN, write_store
from rich.console import Console
from typer.testing import CliRunner

from flows.cli import app
from flows.history import load_run, past_runs
from flows.settings import load_settings
from tasks.errors import ConfigError, StageError
from tasks.filter import verdicts
from tasks.filter.replay import tuning
from tasks.filter.replay.batches import signal_batches
from tasks.filter.replay.terminal import print_tuning

WORDS = (10, 45, 49, 50, 55, 59, 60, 200)
ROWS = [
    (f"{number:032x}", {"real_words": words, "bytes": words * 10}) for number, words in enumerate(WORDS)
] + [
    ("a" * 32, {"real_words": 40, "terminal_line_ratio": 0.05, "language": "de", "language_score": 0.9}),
    ("b" * 32, {"kind": "book"}),
    ("c" * 32, {"terminal_line_ratio": 0.05}),
]


def tune(file, overrides=(), sweep=None):
    """As the command calls it."""
    runs = past_runs(load_settings(file).store)
    return tuning.tune(runs, lambda changes: load_settings(file, changes).configs, overrides, sweep)


@pytest.fixture
def pipeline(tmp_path):
    return write_store(tmp_path, ROWS)


def test_without_changes_the_run_is_told_as_it_was(pipeline):
    found = tune(pipeline)
    assert (found.run, found.changes, found.notes) == (RUN, [], ())
    assert found.before.as_json() == found.after.as_json()
    assert (found.before.kept, found.before.dropped) == (6, 5)
    assert found.before.kept_bytes == 10 * (50 + 55 + 59 + 60 + 200) + 1000
    assert found.before.dropped_bytes == 10 * (10 + 45 + 49) + 2000
    reasons = found.before.reasons
    assert (reasons.first["gopher_quality.min_words"], reasons.failed["gopher_quality.min_words"]) == (3, 4)
    assert (reasons.alone["gopher_quality.min_words"], reasons.alone["fineweb.min_terminal_lines"]) == (3, 1)
    assert reasons.pairs["fineweb.min_terminal_lines", "language"] == 1


def test_a_higher_threshold_names_the_documents_that_it_would_drop(pipeline):
    found = tune(pipeline, ["filter.gopher_quality.min_words=60"])
    assert found.changes == [("filter.gopher_quality.min_words", 50, 60)]
    assert (found.after.kept, found.after.kept_bytes) == (3, 10 * (60 + 200) + 1000)
    assert found.newly_kept.documents == 0
    dropped = found.newly_dropped
    assert (dropped.documents, dropped.bytes) == (3, 10 * (50 + 55 + 59))
    assert sorted((row["score"], row["threshold"]) for row in dropped.examples) == [
        (50, 60),
        (55, 60),
        (59, 60),
    ]
    assert {row["url"] for row in dropped.examples} == {f"http://w{s}.test/{n:032x}" for s, n in (("iki", 3), ("eb", 4), ("iki", 5))}  # fmt: skip
    assert (dict(dropped.sources), dict(dropped.languages)) == ({"wiki": 2, "web": 1}, {"en": 3})


def test_a_lower_threshold_names_the_documents_that_it_would_keep_with_their_former_reason(pipeline):
    found = tune(pipeline, ["filter.gopher_quality.min_words=45", "filter.fineweb.min_terminal_lines=null"])
    assert found.newly_dropped.documents == 0
    assert found.newly_kept.rules == {"gopher_quality.min_words": 2, "fineweb.min_terminal_lines": 1}


def test_a_threshold_that_nobody_meets_is_said_to_do_nothing(pipeline):
    settings = json.loads(pipeline.read_text())
    kinds = dict.fromkeys(("web", "text", "code", "book"), "fineweb")
    pipeline.write_text(json.dumps(settings | {"filter": {"kinds": kinds}}))
    found = tune(pipeline, ["filter.books.min_words=7"])
    assert found.notes == (
        "no profile that documents meet names the family books: its thresholds do nothing",
    )


def test_edits_of_the_pipeline_file_count_as_changes(pipeline):
    settings = json.loads(pipeline.read_text())
    pipeline.write_text(json.dumps(settings | {"filter": {"kinds": {"web": "books", "text": "fineweb", "code": "code", "book": "books"}}}))  # fmt: skip
    found = tune(pipeline)
    assert found.changes == [("filter.kinds.web", "fineweb", "books")]
    assert found.after.reasons.failed.keys() == {"books.min_words"}


@pytest.mark.parametrize(
    ("values", "kept"),
    [("40:60:10", [(40, 8), (50, 6), (60, 3)]), ("59,60", [(59, 4), (60, 3)])],
)
def test_a_sweep_has_a_row_for_every_value(pipeline, values, kept):
    found = tune(pipeline, sweep=f"filter.gopher_quality.min_words={values}")
    assert [(step.value, step.tally.kept) for step in found.steps] == kept
    assert found.before.kept == 6


def test_a_sweep_lies_on_top_of_the_changes(pipeline):
    found = tune(
        pipeline, ["filter.fineweb.min_terminal_lines=null"], "filter.gopher_quality.min_words=60,61"
    )
    assert [step.tally.kept for step in found.steps] == [4, 3]


@pytest.mark.parametrize(
    ("overrides", "sweep", "said"),
    [
        (["filter.language_sample=99"], None, "replays thresholds and profiles"),
        (["pretrain.steps=9"], None, r"smelt plan --set pretrain\.steps"),
        (["filter.quality.epochs=9"], None, "replays thresholds"),
        (["filter.c4.min_sentence=9"], None, "did you mean 'min_sentences'"),
        ([], "filter.c4.min_sentences=3:1:1", "upwards"),
        ([], "filter.c4.min_sentences=0:1000:1", "at most 100 steps"),
        ([], "filter.c4.min_sentences=few", "key=from:to:step"),
        ([], "filter.c4.min_sentences=0.5:2:1", "valid integer"),
    ],
)
def test_what_can_not_be_replayed_is_one_clear_message(pipeline, overrides, sweep, said):
    with pytest.raises(ConfigError, match=said):
        tune(pipeline, overrides, sweep)


def test_without_a_run_that_has_signals_it_says_how_to_make_them(pipeline):
    for path in (pipeline.parent / "store" / "filter-signals").rglob("manifest.json"):
        path.unlink()
    with pytest.raises(StageError, match=r"no run in .* has signals.*smelt run --to filter"):
        tune(pipeline)


def test_signals_of_an_earlier_version_or_of_other_documents_are_refused(pipeline):
    [path, _] = sorted((pipeline.parent / "store" / "filter-signals").rglob("signals/*.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["bytes"]), path)
    with pytest.raises(StageError, match="earlier version"):
        tune(pipeline)
    pq.write_table(table.slice(1), path)
    with pytest.raises(StageError, match="those of other documents"):
        tune(pipeline)


def test_what_else_the_filter_reads_is_a_signal_too(pipeline, monkeypatch):
    monkeypatch.setattr(verdicts, "INPUTS", (*verdicts.INPUTS, "toy/places"))
    store = pipeline.parent / "store"
    folder = store / "toy" / ("f00d" * 16)
    for path in (store / JUDGED).rglob("documents/*.parquet"):
        ids = pq.read_table(path, columns=["id"])
        (folder / "places").mkdir(parents=True, exist_ok=True)
        ranks = pa.array(range(1, ids.num_rows + 1))
        pq.write_table(ids.append_column("place", ranks), folder / "places" / path.name)
    files = [{"path": f"places/{path.name}", "output": "places"} for path in (folder / "places").iterdir()]
    (folder / "manifest.json").write_text(json.dumps({"files": files}))
    record = store / ".runs" / RUN / "run.json"
    told = json.loads(record.read_text())
    told["nodes"].append({"node": "toy", "status": "done", "fingerprint": folder.name})
    record.write_text(json.dumps(told))
    [first, _] = list(signal_batches(load_run(store)))
    assert first.signals.column("place").to_pylist() == [1, 2, 3, 4, 5, 6]
    assert tune(pipeline).before.kept == 6


def test_a_filter_that_kept_nothing_can_be_tuned_all_the_same(pipeline):
    [path] = (pipeline.parent / "store" / "filter").rglob("manifest.json")
    path.unlink()
    assert tune(pipeline, ["filter.gopher_quality.min_words=60"]).before.kept == 6


def test_no_text_is_read(pipeline):
    for path in (pipeline.parent / "store" / JUDGED).rglob("documents/*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(["text"]), path)
    assert tune(pipeline).before.kept == 6


def test_the_command_prints_a_comparison_and_plain_json(pipeline):
    options = ["tune", "-f", str(pipeline), "--set", "filter.gopher_quality.min_words=60"]
    done = CliRunner().invoke(app, options)
    assert "filter.gopher_quality.min_words: 50 → 60" in done.output
    assert "Newly dropped: 3 documents" in done.output
    assert "by source: wiki 2, web 1" in done.output
    found = json.loads(
        CliRunner().invoke(app, [*options, "--json", "--sweep", "filter.c4.min_sentences=1,30"]).output
    )
    assert (found["before"]["kept"], found["after"]["kept"]) == (6, 3)
    assert [step["kept"] for step in found["sweep"]["steps"]] == [3, 1]


def test_hostile_names_reach_no_terminal(tmp_path):
    pipeline = write_store(tmp_path, ROWS, mark="\x1b]0;t\x07[red]\u202e")
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_tuning(tune(pipeline, ["filter.gopher_quality.min_words=60"]), console)
    text = console.export_text()
    assert "Newly dropped" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
