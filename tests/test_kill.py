"""Killed at any time and started again, a run ends as if nothing had happened."""

import json
import random

import pytest
import small_pipeline as small

from tasks.nodes import stages

DATA = ("ingest", "filter", "dedup", "decontaminate", "tokenize")


def final_loss(root):
    entry = next(node for node in small.record(root)["nodes"] if node["node"] == "pretrain")
    lines = (root / "store/pretrain" / entry["fingerprint"] / "metrics.jsonl").read_text().splitlines()
    return [row["loss"] for row in map(json.loads, lines) if "loss" in row][-1]


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_five_kills_in_each_stage_change_nothing(tmp_path):
    small.write(tmp_path / "calm")
    assert small.smelt(tmp_path / "calm", "run", timeout=600).returncode == 0
    root = tmp_path / "killed"
    small.write(root)
    draw, kills = random.Random(1), 0
    for stage in stages():
        for attempt in range(5):
            run = small.Running(root, token=f"kill-{stage}-{attempt}")
            assert small.wait_until(lambda run=run, stage=stage: run.at(stage), 300)
            small.wait_until(
                lambda: False, draw.uniform(0, 1.5 if stage in ("pretrain", "evaluate") else 0.2)
            )
            kills += run.process.poll() is None
            (run.kill_group if attempt % 2 else run.kill_parent)()
            assert small.wait_until(lambda run=run: not small.processes_with(run.token), 10), (stage, attempt)
    print(f"{kills} runs were killed at work")
    last = small.smelt(root, "run", timeout=600)
    assert last.returncode == 0, last.stdout + last.stderr
    calm, killed = small.digests(tmp_path / "calm"), small.digests(root)
    for node, outputs in calm.items():
        if node.split("-")[0] in DATA:
            assert killed[node] == outputs, node
    assert final_loss(root) == final_loss(tmp_path / "calm")
    assert kills >= 25


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_runs_at_once_both_succeed_and_do_each_nodes_work_once(tmp_path):
    small.write(tmp_path)
    runs = [small.Running(tmp_path, token=f"twice-{n}-{tmp_path.name}") for n in range(2)]
    assert [run.process.wait(900) for run in runs] == [0, 0]
    made = []
    for folder in (tmp_path / "store/.runs").glob("2*"):
        made += [
            node["node"]
            for node in json.loads((folder / "run.json").read_text())["nodes"]
            if node["status"] == "done"
        ]
    assert sorted(made) == sorted(set(made))
    assert len(made) == 14
    assert not list((tmp_path / "store/.attempts").glob("*"))
