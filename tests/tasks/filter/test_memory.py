"""Memory of the filter's nodes: 600 MB, whatever a document holds and however many there are. Slow: 30 to 300 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.document import Document, DocumentWriter
from tasks.ingest.source import DOCUMENT_BYTES

LIMIT = 600  # MB
ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import importlib, json, sys
from pathlib import Path
from folder_inputs import FolderInputs
node, folder = sys.argv[1], Path(sys.argv[2])
names = {"edits": "filter-edits", "signals": "filter-signals", "hosts": "filter-hosts"}
module = importlib.import_module("tasks.filter." + node)
inputs = FolderInputs(**{
    "ingest/documents": [folder / "in.parquet"],
    "filter-edits/documents": [folder / "in.parquet"],
    "filter-edits/edits": [folder / "edits/in.parquet"],
    "filter-signals/signals": [folder / "signals/in.parquet"],
    "filter-hosts/hosts": [folder / "hosts/hosts/in.parquet"],
})
config = {"url": {"max_per_host": 10}} if node in ("hosts", "verdicts") else {}
[shard] = module.partition(module.Config.model_validate(config), inputs)
out = folder / node
out.mkdir()
module.process(shard, out)
if node in ("edits", "signals"):
    (out / f"{node}.parquet").rename(out / "in.parquet")
[line] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps(int(line.split()[1]) // 1024))
"""
LARGE = [
    " word",
    "Read more\n",
    "a\n",
    "1 2 ",
    "a@b.cc ",
    "[1].",
    "x\0",
    "漢字 ",
    "\U0001f600",
    "line of words {n}\n",
]


def texts_of(piece: str, size: int) -> str:
    if "{n}" in piece:  # all different
        return "".join(piece.format(n=n) for n in range(size // (len(piece) + 4)))[:size]
    return piece * (size // len(piece.encode()))


def peak(node: str, folder: Path) -> int:
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, node, str(folder)],
        env=path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout))


def run_all(folder: Path, documents: list[Document]) -> dict[str, int]:
    with DocumentWriter(folder / "in.parquet") as writer:
        for document in documents:
            writer.add(document)
    return {node: peak(node, folder) for node in ("edits", "signals", "hosts", "verdicts")}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("piece", LARGE)
def test_documents_of_the_greatest_size_there_is(tmp_path: Path, piece: str) -> None:
    text = "Begins. " + texts_of(piece, DOCUMENT_BYTES - 20) + " ends."
    peaks = run_all(tmp_path, [Document(id, text, kind="web", url="http://a.org/") for id in "abc"])
    print(repr(piece), peaks)
    assert max(peaks.values()) <= LIMIT


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("count", "size"), [(60, 4_000_000), (50_000, 4_000), (1_000_000, 40)])
def test_a_shard_of_many_documents(tmp_path: Path, count: int, size: int) -> None:
    text = texts_of("It is a line of some words, number {n}.\n", size)
    documents = (
        Document(f"{n:032x}", text, kind="web", url=f"http://a{n % 1000}.org/{n}") for n in range(count)
    )
    peaks = run_all(tmp_path, documents)  # type: ignore[arg-type]
    print(count, size, peaks)
    assert max(peaks.values()) <= LIMIT
