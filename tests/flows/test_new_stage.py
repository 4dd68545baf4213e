"""A new stage is its folder and one line in tasks/nodes.py: nothing else of smelt knows it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AFTER = '    "ingest": "tasks.ingest.node",\n'
LINE = '    "questions": "tasks.questions.node",\n'
NODE = '''
"""The node questions: keeps the documents that ask something."""

from tasks.node import Config as Base, Shard, ShardResult

VERSION = 1
PACKAGES = ()
INPUTS = ("ingest/documents",)


class Config(Base):
    mark: str = "?"


def partition(config, inputs):
    return [Shard(file.key, config.identity(), {"documents": [file]}) for file in inputs["ingest/documents"]]


def process(shard, out):
    import pyarrow.parquet as pq

    from tasks.document import DOCUMENTS, TableWriter, ledger_row, ledger_writer

    rows = pq.read_table(shard.inputs["documents"][0].path).to_pylist()
    kept = [row for row in rows if shard.config["mark"] in row["text"]]
    with TableWriter(out / "documents.parquet", DOCUMENTS) as documents, ledger_writer(out / "ledger.parquet") as ledger:
        for row in rows:
            if row in kept:
                documents.write(row)
            ledger.write(ledger_row(row["id"], *([] if row in kept else ["no-question"])))
    size = len(rows) - len(kept)
    dropped = {"no-question": {"documents": size, "bytes": 0}} if size else {}
    return ShardResult({"documents_in": len(rows), "documents_out": len(kept), "dropped": dropped})


def tell(run, node, subject):
    from tasks.story import judged

    return judged(node, subject, "asks something")


def asked(run):
    from tasks.story import Section

    return Section("asked", "Questions", f"{run.metrics('questions')['documents_out']} documents ask something.")


SECTIONS = (asked,)


def made(run):
    return "an unanswered question"
'''
TEXTS = {"http://a.test/why": "Why is the sky blue?", "http://a.test/so": "It is so."}


@pytest.fixture(scope="module")
def smelt(tmp_path_factory):
    """The command, as it runs in a checkout that has the folder and the line; `root` is where its pipeline lies."""
    root = tmp_path_factory.mktemp("checkout")
    code = root / "code"
    (code / "tasks" / "questions").mkdir(parents=True)
    for name in ("flows", "model"):
        (code / name).symlink_to(ROOT / name)
    for path in (ROOT / "tasks").iterdir():
        if path.name not in ("nodes.py", "__pycache__"):
            (code / "tasks" / path.name).symlink_to(path)
    nodes = (ROOT / "tasks" / "nodes.py").read_text()
    assert AFTER in nodes
    (code / "tasks" / "nodes.py").write_text(nodes.replace(AFTER, AFTER + LINE))
    (code / "tasks" / "questions" / "__init__.py").write_text("")
    (code / "tasks" / "questions" / "node.py").write_text(NODE)
    (root / "a.jsonl").write_text("".join(json.dumps({"url": u, "text": t}) + "\n" for u, t in TEXTS.items()))
    (root / "pipeline.yaml").write_text(
        "store: store\ningest:\n  sources: [{kind: jsonl, name: a, paths: [a.jsonl]}]\nquestions: {mark: '?'}\n"
    )

    def run(*arguments: str) -> str:
        done = subprocess.run([sys.executable, "-m", "flows.cli", *arguments], cwd=root, capture_output=True,
                              text=True, env={**os.environ, "PYTHONPATH": str(code)})  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.root = root
    return run


def test_a_stage_of_one_folder_and_one_line_is_planned_run_explained_and_reported(smelt):
    first = {step["node"]: step for step in json.loads(smelt("plan", "--json", "--to", "questions"))}
    assert first["questions"]["reason"].startswith("waits for ingest")
    smelt("run", "--to", "questions")
    again = {
        step["node"]: step["action"] for step in json.loads(smelt("plan", "--json", "--to", "questions"))
    }
    assert again == {"ingest": "reuse", "questions": "reuse"}
    changed = json.loads(smelt("plan", "--json", "--only", "questions", "--set", "questions.mark=so"))
    assert changed[0]["reason"] == "questions.mark: ? → so"

    assert "✓ questions      asks something" in smelt("explain", "http://a.test/why")
    assert "✗ questions      dropped by no-question" in smelt("explain", "http://a.test/so")
    assert json.loads(smelt("status", "--json"))["funnel"][1]["dropped"] == {
        "no-question": {"documents": 1, "bytes": 0}
    }

    page = Path(smelt("report").strip()).read_text()
    assert '<section id="asked"><h2>Questions</h2><p class="lead">1 documents ask something.</p>' in page
    assert "2 records became 1 documents and an unanswered question" in page
    assert "It is so." in page  # among the samples of what was dropped
