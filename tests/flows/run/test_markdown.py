"""What Prefect's UI shows of a stage."""

import json
import re

from flows.history.runs import load_run
from flows.run.markdown import funnel_table, plain, stage_markdown


def manifests(store):
    return [node.manifest for node in load_run(store.path, store.run).nodes.values()]


def test_the_funnel_has_a_row_for_every_stage_that_counts(sample_store):
    rows = funnel_table(manifests(sample_store))
    assert [row["stage"] for row in rows] == ["ingest", "filter", "dedup", "decontaminate", "tokenize"]
    assert rows[1]["dropped"] == "150 (20.8 %)"
    assert rows[1]["most dropped by"].startswith("language/score 66, ")
    json.dumps(rows)


def test_a_stage_tells_its_rules_and_outputs(sample_store):
    text = stage_markdown(next(m for m in manifests(sample_store) if m["node"] == "filter"))
    assert "720 → 570 documents" in text
    assert "| language/score | 66 |" in text
    assert re.search(r"\| documents \| 3 \| [\d.]+ kB \| `ab", text)


def test_a_manifest_without_counts_is_told_too():
    assert "Fingerprint `abc`" in stage_markdown({"node": "pretrain", "fingerprint": "abc"})


def test_names_from_outside_are_no_markdown(hostile_store):
    for manifest in manifests(hostile_store):
        text = stage_markdown(manifest)
        assert "<script" not in text.replace("\\<", "")
        assert not re.search(r"(?<!\\)\[bold", text)
    assert plain("| a\n# b") == "\\| a \\# b"
