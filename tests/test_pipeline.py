"""The whole pipeline from its command, on a small corpus."""

import itertools
import json
import signal
import time

import pytest
import small_pipeline as small

pytestmark = pytest.mark.timeout(420)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which `smelt run` has run to its end, beside impostors of all modules, and what it printed."""
    root = tmp_path_factory.mktemp("pipeline")
    small.write(root)
    small.write_impostors(root)
    done = small.smelt(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return root, done.stdout


def test_a_run_prints_the_funnel_the_scores_and_a_sample(finished):
    _, out = finished
    for word in ("decontaminate", "mmlu_mini", "gsm8k_mini", "humaneval_mini", "xz", "report:"):
        assert word in out


def test_a_run_imports_nothing_that_lies_beside_the_pipeline_file(finished):
    root, _ = finished
    assert (root / "tasks.py").exists()
    assert small.imported_impostors(root) == []


def test_every_stage_leaves_what_the_next_one_takes(finished):
    root, _ = finished
    manifests = {}
    for entry in small.record(root)["nodes"]:
        folder = root / "store" / entry["node"] / entry["fingerprint"]
        manifests[entry["node"]] = json.loads((folder / "manifest.json").read_text())
    assert len(manifests) == 14
    kept = [manifests[stage]["metrics"] for stage in ("ingest", "filter", "dedup", "decontaminate")]
    for before, after in itertools.pairwise(kept):
        assert before["documents_out"] == after["documents_in"]
    for metrics in kept:
        dropped = sum(rule["documents"] for rule in metrics["dropped"].values())
        assert metrics["documents_in"] == metrics["documents_out"] + dropped


def test_a_second_run_has_nothing_to_do_and_starts_neither_prefect_nor_torch(finished):
    root, _ = finished
    again = small.smelt(root, "run", PYTHONPROFILEIMPORTTIME="1")
    assert again.returncode == 0
    assert "nothing to do" in again.stdout
    assert not [
        line for line in again.stderr.splitlines() if line.endswith(("| prefect", "| torch", "| deepspeed"))
    ]


def test_the_plan_names_a_changed_key_and_reuses_upstream(finished):
    root, _ = finished
    out = small.smelt(root, "plan", "--json", "--set", "filter.gopher_quality.min_words=21").stdout
    steps = {step["node"]: step for step in json.loads(out)}
    assert steps["ingest"]["action"] == steps["filter-signals"]["action"] == "reuse"
    assert steps["filter"]["reason"] == "filter.gopher_quality.min_words: 20 → 21"
    assert steps["dedup"]["action"] == "wait"


def test_explain_tells_the_way_of_a_kept_and_of_a_dropped_document(finished):
    root, _ = finished
    kept = small.smelt(root, "explain", "https://bakery.example/1").stdout
    assert "tokenize" in kept
    copy = (
        small.smelt(root, "explain", "https://mirror.example/0").stdout
        + small.smelt(root, "explain", "https://bakery.example/0").stdout
    )
    assert "exact-duplicate" in copy
    assert "min_words" in small.smelt(root, "explain", "https://bakery.example/short").stdout


def test_verify_finds_every_artifact_whole_and_status_reads(finished):
    root, _ = finished
    assert "all whole" in small.smelt(root, "verify").stdout
    assert json.loads(small.smelt(root, "status", "--json").stdout)
    assert small.smelt(root, "status").returncode == 0


def test_generate_continues_a_prompt(finished):
    root, _ = finished
    done = small.smelt(root, "generate", "def main", "--tokens", "5", "--temperature", "0")
    assert done.returncode == 0
    assert done.stdout.startswith("def main")


def test_a_mistake_is_one_message_and_exit_status_2(finished):
    root, _ = finished
    done = small.smelt(root, "run", "--set", "filter.gopher_qality.min_words=1")
    assert done.returncode == 2
    assert "did you mean 'gopher_quality'" in done.stderr
    assert "Traceback" not in done.stderr
    assert small.smelt(root, "run", "--only", "fliter").returncode == 2


def test_a_filter_that_keeps_nothing_fails_with_the_rule_to_change(finished):
    root, _ = finished
    done = small.smelt(
        root,
        "run",
        "--to",
        "filter",
        "--set",
        "filter.gopher_quality.min_words=90000",
        "--set",
        "filter.code.min_characters=90000000",
    )
    assert done.returncode == 1
    assert "min_words" in done.stderr or "min_characters" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_within_ten_seconds(tmp_path, number):
    small.write(
        tmp_path, pretrain={"steps": 1_000_000}
    )  # so that no machine is slow enough for it to be done
    run = small.Running(tmp_path, token=f"signal-{number}-{tmp_path.name}")
    assert small.wait_until(lambda: run.at("ingest"), 120)
    start = time.monotonic()
    code = run.end(number)
    assert time.monotonic() - start < 10
    assert code == 128 + number
    assert small.wait_until(lambda: not small.processes_with(run.token), 5)
    assert small.record(tmp_path)["status"] == "interrupted"
    assert not list((tmp_path / "store/.work").glob("*"))
