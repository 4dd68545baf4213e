import json
import os

import pytest

from flows.run.engine import is_transient
from flows.run.plan import Selection, file_digests, make_plan
from flows.run.prepare import StoreInputs, prepare
from flows.run.stage import run_node
from flows.settings import load_settings
from flows.store.store import Store
from tasks.errors import StageError
from tasks.nodes import NODES


class Runner:
    """Runs the toy DAG in this process; worked: the shards that a node worked on, by its own word."""

    def __init__(self, toy):
        self.toy = toy

    def __call__(self, *overrides, force=()):
        settings = load_settings(self.toy.file, overrides)
        store = Store(settings.store)
        store.prepare()
        manifests, reused = {}, {}
        self.worked = []
        with store.workspace("test") as work:
            for node in NODES:
                inputs = StoreInputs(store, settings.root, file_digests(store), manifests)
                prepared = prepare(node, settings.configs[node], inputs, manifests)
                manifests[node], reused[node] = run_node(prepared, store, work, batch, force=node in force)
            if (log := work / "work.log").exists():
                self.worked = log.read_text().splitlines()
        self.store = store
        return manifests, reused


def batch(function, jobs):
    """A node's jobs as the pipeline runs them: all of them again after a failure that may pass."""
    try:
        return [function(*job) for job in jobs]
    except Exception as error:
        if not is_transient(error):
            raise
        return [function(*job) for job in jobs]


@pytest.fixture
def run(toy):
    return Runner(toy)


def actions(toy, *overrides, **selection):
    return {
        step.node: (step.action, step.reason)
        for step in make_plan(load_settings(toy.file, overrides), Selection(**selection))
    }


def test_a_second_run_reuses_everything(run, toy):
    run()
    assert run.worked == ["ingest a", "ingest b", "ingest c", "filter a", "filter b", "filter c"]
    _, reused = run()
    assert reused == {"ingest": True, "filter": True}
    assert {action for action, _ in actions(toy).values()} == {"reuse"}


def test_files_of_shards_stand_under_their_output_and_those_of_finish_at_the_top(run):
    manifests, _ = run()
    folder = run.store.artifact("filter", manifests["filter"]["fingerprint"])
    assert (folder / "documents/a.txt").read_text() == "apple"
    assert (folder / "summary.txt").read_text() == "2"
    assert set(manifests["filter"]["outputs"]) == {"documents", "summary"}


def test_a_changed_key_is_named_in_the_plan_and_reruns_only_its_node(run, toy):
    run()
    assert actions(toy, "filter.quality.min_length=6")["filter"] == (
        "run",
        "filter.quality.min_length: 3 → 6",
    )
    _, reused = run("filter.quality.min_length=6")
    assert reused == {"ingest": True, "filter": False}


def test_a_new_file_costs_its_own_shards(run, toy):
    run()
    (toy.texts / "d.txt").write_text("date")
    run()
    assert run.worked == ["ingest d", "filter d"]


def test_upstream_rebuilt_to_the_same_content_stops_the_cascade(run, toy):
    run()
    _, reused = run(force={"ingest"})
    assert reused == {"ingest": False, "filter": True}
    os.utime(toy.texts / "a.txt", (1, 1))
    assert run()[1] == {"ingest": True, "filter": True}


def test_a_changed_ledger_reruns_nothing_downstream(run, toy):
    run()
    code = toy.root / "code" / "toy_ingest.py"
    code.write_text(code.read_text().replace("VERSION = 1", "VERSION = 2").replace(" read", " seen"))
    import importlib
    import sys

    sys.modules.pop("toy_ingest")
    importlib.invalidate_caches()
    assert actions(toy)["ingest"] == ("run", "code version 1 → 2")
    assert run()[1] == {"ingest": False, "filter": True}


def test_the_reason_of_a_stage_behind_a_running_one_is_that_it_waits(run, toy):
    run()
    assert actions(toy, "ingest.prefix=x")["filter"] == (
        "wait",
        "waits for ingest; reused if that comes out the same",
    )


def test_a_truncated_output_is_made_again_from_its_shards(run, toy):
    manifests, _ = run()
    path = run.store.artifact("filter", manifests["filter"]["fingerprint"]) / "documents/a.txt"
    path.chmod(0o644)
    os.truncate(path, 1)
    assert actions(toy)["filter"][1] == "its artifact is damaged: documents/a.txt has 1 bytes instead of 5"
    run()
    assert run.worked == ["filter a"]
    assert path.read_text() == "apple"


def test_a_crash_before_the_commit_costs_only_the_shards_that_were_not_done(run, toy):
    (toy.texts / "zz.txt").mkdir()  # a folder where a file should be: its shard fails
    with pytest.raises(IsADirectoryError):
        run()
    (toy.texts / "zz.txt").rmdir()
    run()
    assert run.worked == ["filter a", "filter b", "filter c"]


def test_nothing_left_is_the_nodes_own_message_and_leaves_no_artifact(run):
    with pytest.raises(StageError, match="nothing is left"):
        run("filter.quality.min_length=99")
    assert not list((run.toy.root / "store/filter").glob("*"))


def test_a_manifest_says_what_it_was_made_of(run):
    manifest = run()[0]["filter"]
    stored = json.loads((run.store.artifact("filter", manifest["fingerprint"]) / "manifest.json").read_text())
    assert stored["payload"]["config"] == {"quality": {"min_length": 3}, "seed": 1}
    assert stored["inputs"]["ingest/documents"]["digest"]
    assert stored["seeds"] == {"seed": 1}
    assert all(len(entry["checksum"]) == 64 for entry in stored["files"])


def test_a_later_stage_alone_needs_its_upstream(toy):
    steps = make_plan(load_settings(toy.file), Selection(only="filter"))
    assert [step.node for step in steps] == ["ingest", "filter"]
    assert "run it first" in steps[0].reason


def test_a_batch_that_is_tried_again_passes_over_what_is_done(run, toy):
    (toy.texts / "b.trouble").touch()
    run()
    assert run.worked[:4] == ["ingest a", "ingest b", "ingest b", "ingest c"]
    (toy.texts / "b.trouble").touch()
    run(force={"ingest"})
    assert run.worked == ["ingest a", "ingest b", "ingest a", "ingest b", "ingest c"]
