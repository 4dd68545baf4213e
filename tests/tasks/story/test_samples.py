"""What the report reads of large tables."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.document import DOCUMENTS, LEDGER, ledger_row
from tasks.story.samples import column_histogram, count_by, dropped_samples, length_histogram, row_groups


def write(path, rows, schema=None, group=10):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=group)
    return path


def test_large_tables_are_thinned_out_evenly(tmp_path):
    path = write(tmp_path / "a.parquet", [{"n": n} for n in range(1000)])
    groups = row_groups([path], most_rows=200)
    assert [number for _, number in groups.chosen] == list(range(4, 100, 5))
    assert groups.fraction == 0.2
    assert row_groups([path]).fraction == 1


def test_counts_of_a_sample_are_scaled_up(tmp_path, monkeypatch):
    path = write(tmp_path / "a.parquet", [{"source": "x", "bytes": 3}] * 1000)
    assert count_by([path], ["source"], ["bytes", "absent"]) == {("x",): {"rows": 1000, "bytes": 3000}}
    monkeypatch.setattr("tasks.story.samples.row_groups", lambda files: row_groups(files, most_rows=100))
    assert count_by([path], ["source"], ["bytes"]) == {("x",): {"rows": 1000, "bytes": 3000}}


def test_lengths_are_utf8_bytes_of_text_or_the_column_that_tells_them(tmp_path):
    texts = write(tmp_path / "a.parquet", [{"text": "ä" * 50}, {"text": ""}])
    found = length_histogram([texts])
    assert [n for _, _, n in found.bins] == [1.0]
    assert found.median == 100
    rows = [{"bytes": 10, "length": 3}, {"bytes": 999, "length": None}]
    assert length_histogram([write(tmp_path / "b.parquet", rows)]).median == 10


def test_what_isnt_finite_or_isnt_there_is_left_out(tmp_path):
    path = write(tmp_path / "a.parquet", [{"score": value} for value in (0.5, None, float("nan"), 0.9)])
    found = column_histogram([path], "score", np.linspace(0, 1, 11))
    assert sum(n for _, _, n in found.bins) == 2
    assert not column_histogram([path], "absent", np.linspace(0, 1, 11))


def test_files_that_cant_be_read_hold_nothing(tmp_path):
    broken = tmp_path / "a.parquet"
    broken.write_bytes(b"PAR1 nothing")
    assert row_groups([broken, tmp_path / "absent.parquet"]).chosen == ()
    assert count_by([broken], ["source"]) == {}
    assert dropped_samples([broken], [broken]) == {}


def test_dropped_documents_come_with_their_own_text_and_from_every_source(tmp_path):
    for name in ("one", "two", "three"):
        ids = [f"{name}-{n}" for n in range(30)]
        rows = [{"id": id, "text": f"text of {id}", "source": name} for id in ids]
        write(tmp_path / "documents" / f"{name}.parquet", rows, DOCUMENTS)
        verdicts = [
            ledger_row(id, "short" if n % 2 else None, score=n, threshold=9) for n, id in enumerate(ids)
        ]
        write(tmp_path / "ledger" / f"{name}.parquet", sorted(verdicts, key=lambda row: row["id"]), LEDGER)
    files = (sorted((tmp_path / name).iterdir()) for name in ("ledger", "documents"))
    found = dropped_samples(*files)
    assert list(found) == ["short"]
    assert {item.source for item in found["short"]} == {"one", "two", "three"}
    for item in found["short"]:
        assert item.text == f"text of {item.id}"
        assert item.score == int(item.id.rsplit("-")[-1])


def test_ledger_shards_of_another_name_serve_too(tmp_path):
    rows = [{"id": f"{n}", "text": "t", "source": "s"} for n in range(4)]
    documents = write(tmp_path / "documents" / "a.parquet", rows, DOCUMENTS)
    ledger = write(tmp_path / "ledger.parquet", [ledger_row("2", "rule")], LEDGER)
    assert [item.id for item in dropped_samples([ledger], [documents])["rule"]] == ["2"]
