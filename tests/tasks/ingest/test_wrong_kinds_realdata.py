"""Every file of ../shared/data/warc given to every kind of source that reads files: no error, and a row for each."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tasks.ingest.node import process
from tasks.node import Input, Shard

DATA = Path(__file__).parents[4] / "shared" / "data" / "warc"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here"),
]


@pytest.mark.parametrize("kind", ["warc", "jsonl", "csv", "parquet", "books", "code"])
def test_whatever_a_file_is_taken_for_it_is_accounted_for(kind: str, tmp_path: Path) -> None:
    paths = [path for path in sorted(DATA.rglob("*")) if path.is_file() and path.stat().st_size < 4 << 20]
    files = [Input(f"r/{number}.py", str(path), "d") for number, path in enumerate(paths)]
    metrics = process(Shard("x", {"kind": kind, "name": "x"}, {"files": files}), tmp_path).metrics
    lost = sum(counts["documents"] for counts in metrics["dropped"].values())
    assert metrics["documents_in"] == metrics["documents_out"] + lost
    ledger = pq.read_table(tmp_path / "ledger.parquet")
    assert len(set(ledger.column("id").to_pylist())) == ledger.num_rows == metrics["documents_in"]
    rows = pq.read_table(tmp_path / "files.parquet").to_pylist()
    assert len(rows) == len(files) > 40
    assert all(row["records"] >= 1 for row in rows)
    documents = pq.read_table(tmp_path / "documents.parquet").column("text").to_pylist()
    assert all(text.strip() for text in documents)
    if kind == "parquet":
        assert documents == []
