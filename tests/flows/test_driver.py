"""What the driver hands on to Prefect, and how a run that was asked to stop is closed."""

import contextlib
from pathlib import Path

import pytest

from flows import driver, pipeline
from flows.history.runs import load_run
from flows.run.context import open_run


class State:
    def __init__(self, error: BaseException | None = None):
        self.error = error

    def is_completed(self) -> bool:
        return self.error is None

    def result(self, raise_on_failure: bool) -> BaseException | None:
        return self.error


def drive(
    root: Path, monkeypatch: pytest.MonkeyPatch, state: State, stop: bool, overrides: list[str]
) -> tuple[int, str, list[str]]:
    """(exit status, the record's status, the overrides that Prefect saw) of a run whose pipeline ends in a state."""
    seen: list[str] = []

    def flow(_file: str, overrides: list[str], **_: object) -> State:
        seen.extend(overrides)
        if stop:
            run.engine.stop()
        return state

    (root / "a.jsonl").write_text('{"text": "one"}\n')
    (root / "pipeline.yaml").write_text(
        "store: store\ningest: {sources: [{kind: jsonl, name: a, paths: [a.jsonl]}]}\n"
    )
    monkeypatch.setattr(driver, "prefect_api", lambda: contextlib.nullcontext("http://127.0.0.1:1/api"))
    monkeypatch.setattr(pipeline, "pipeline", flow)
    monkeypatch.setattr(pipeline, "flush_logs", lambda: None)
    job = {"file": str(root / "pipeline.yaml"), "overrides": overrides, "selection": {}}
    with open_run(job["file"], overrides, run_id="run") as run:
        status = driver._run(run, job)
    return status, load_run(root / "store", root / "store/.runs/run").status, seen


@pytest.mark.parametrize(
    ("error", "stop", "expected"),
    [
        (None, False, (0, "done")),
        (None, True, (0, "done")),
        (RuntimeError("cancelled"), True, (driver.INTERRUPTED, "interrupted")),
        (RuntimeError("no good"), False, (1, "failed")),
    ],
)
def test_the_record_says_what_the_exit_status_says(tmp_path, monkeypatch, error, stop, expected):
    assert drive(tmp_path, monkeypatch, State(error), stop, [])[:2] == expected


def test_prefect_is_shown_no_credentials(tmp_path, monkeypatch):
    source = "{kind: jsonl, name: a, paths: ['%s']}"
    secret = f"ingest.sources=[{source % 'https://me:hunter2@example.com/a.jsonl?key=hunter2'}]"
    *_, seen = drive(tmp_path, monkeypatch, State(), False, [secret])
    assert seen == [f"ingest.sources=[{source % 'https://example.com/a.jsonl'}]"]
