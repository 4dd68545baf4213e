"""400 pages of five releases of one documentation, with every pair's exact similarity."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tasks.dedup import deduplicate
from tasks.dedup.minhash.sketch import shingles

FOLDER = Path(__file__).parents[3].parent / "shared/data/dedup/docs-versions"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no {FOLDER}"),
]


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def test_versions_of_a_page_end_in_one_cluster_and_no_removal_is_below_the_threshold():
    texts = {str(row["id"]): row["text"] for row in lines("docs-0.jsonl")}
    kept, clusters, ledger = deduplicate(pa.table({"id": list(texts), "text": list(texts.values())}))
    cluster = {row["id"]: row["cluster"] for row in clusters.to_pylist()}
    pairs = [(str(row["a"]), str(row["b"]), row) for row in lines("pairs-0.jsonl")]
    similar = [(a, b) for a, b, row in pairs if row["jaccard_w5"] >= 0.8]
    assert len(similar) > 500
    together = sum(cluster.get(a, a) == cluster.get(b, b) for a, b in similar)
    assert together >= 0.98 * len(similar)
    assert all(cluster.get(a, a) == cluster.get(b, b) for a, b, row in pairs if row["identical"])
    for row in ledger.to_pylist():
        if row["verdict"] == "dropped":
            one, other = set(shingles(texts[row["id"]])), set(shingles(texts[row["matched_id"]]))
            assert row["matched_id"] in kept
            assert row["similarity"] == len(one & other) / len(one | other) >= 0.75
