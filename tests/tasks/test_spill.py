"""Sorted runs on disk, and the tables that are written through them."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import document, spill
from tasks.document import TableWriter, ledger_row, ledger_writer, read_batches
from tasks.spill import SortedRuns

SCHEMA = pa.schema([("id", pa.string()), ("place", pa.int64())])


def table(ids, first=0):
    return pa.table([pa.array(ids, pa.string()), range(first, first + len(ids))], schema=SCHEMA)


@given(
    runs=st.lists(st.lists(st.sampled_from("abcde"), max_size=12), max_size=6),
    merge_rows=st.integers(1, 5),
)
def test_runs_come_out_as_one_stable_sort_of_all_rows(runs, merge_rows):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(spill, "MERGE_ROWS", merge_rows)
        sorter = SortedRuns(Path(folder), SCHEMA, "id")
        first = 0
        for ids in runs:
            sorter.add(table(ids, first))
            first += len(ids)
        found = [row for part in sorter.merged() for row in part.to_pylist()]
        assert not list(Path(folder).iterdir())
    ids = [id for run in runs for id in run]
    wanted = sorted(range(len(ids)), key=lambda place: ids[place])
    assert [row["place"] for row in found] == wanted
    assert [row["id"] for row in found] == [ids[place] for place in wanted]


def test_a_ledger_that_spills_equals_one_that_does_not(tmp_path, monkeypatch):
    rows = [ledger_row(f"{n:08x}", None if n % 3 else "too-short", score=float(n)) for n in range(5000)]
    random.Random(1).shuffle(rows)
    for name, run_bytes in (("whole", 1 << 30), ("spilled", 20_000)):
        monkeypatch.setattr(document, "RUN_BYTES", run_bytes)
        monkeypatch.setattr(document, "BATCH_ROWS", 100)
        with ledger_writer(tmp_path / name / "ledger.parquet") as ledger:
            for row in rows:
                ledger.write(row)
    whole, spilled = (pq.read_table(tmp_path / name / "ledger.parquet") for name in ("whole", "spilled"))
    assert whole.equals(spilled)
    assert [file.name for file in (tmp_path / "spilled").iterdir()] == ["ledger.parquet"]


def fail_while_writing(path):
    with TableWriter(path, SCHEMA, sort_by="id") as writer:
        writer.write_table(table(["b", "a"] * 50))
        raise ZeroDivisionError


def test_a_writer_that_fails_leaves_no_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(document, "RUN_BYTES", 100)
    with pytest.raises(ZeroDivisionError):
        fail_while_writing(tmp_path / "t.parquet")
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]


def test_batches_hold_rows_of_one_row_group_and_few_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(document, "ROW_GROUP_BYTES", 1000)
    monkeypatch.setattr(document, "BATCH_BYTES", 400)
    texts = [letter * 100 for letter in "abcdefghijklmnopqrstuvwxyz"]
    schema = pa.schema([("text", pa.large_string())])
    with TableWriter(tmp_path / "t.parquet", schema) as writer:
        for text in texts:
            writer.write({"text": text})
    batches = list(read_batches([tmp_path / "t.parquet"], rows=256))
    assert [text for batch in batches for text in batch.column(0).to_pylist()] == texts
    assert max(batch.num_rows for batch in batches) <= 10
