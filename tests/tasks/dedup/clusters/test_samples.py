from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.dedup.clusters.removals import TOP
from tasks.dedup.clusters.samples import EXCERPT, top_clusters


def test_passages_are_found_in_any_row_group_and_cut(tmp_path: Path):
    texts = [f"text {n}" for n in range(5000)]
    texts[4999] = "x" * 1000
    for name in ("a", "b"):
        pq.write_table(
            pa.table({"text": [f"{name} {text}" for text in texts]}), tmp_path / name, row_group_size=1999
        )
    places = [("a", 4999), ("b", 0), ("a", 1998), ("a", 1999), ("b", 2500), ("a", 1999)]
    rows = [
        {"cluster": "c", "documents": 6, "kept": 1, "id": f"{n}", "survivor": "0", "similarity": 1.0, "file": "ab".index(file),
         "row": row}
        for n, (file, row) in enumerate(places)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, TOP), tmp_path / "top")
    [cluster] = top_clusters(str(tmp_path / "top"), [str(tmp_path / name) for name in "ab"])
    assert (cluster["cluster"], cluster["documents"], cluster["kept"]) == ("c", 6, 1)
    expected = [f"{file} {texts[row]}"[:EXCERPT] for file, row in places]
    assert [sample["text"] for sample in cluster["samples"]] == expected


def test_no_clusters_have_no_samples(tmp_path: Path):
    pq.write_table(TOP.empty_table(), tmp_path / "top")
    assert top_clusters(str(tmp_path / "top"), []) == []
