"""The node filter-hosts, and the caps that the filter holds against it."""

import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from folder_inputs import FolderInputs, edits_file

from tasks.document import Document, DocumentWriter
from tasks.filter import hosts, signals, verdicts
from tasks.filter.urls import family as url

PROSE = """The history of the harbour begins with a small wall that the monks built to keep the sea out of
their fields. It was repaired after every winter, and the records of the abbey tell what each repair had cost.
In the following century the town grew, and merchants asked for a pier where larger ships could unload. They
offered to pay half of the price. The council refused, because it feared to lose the fishing grounds."""


def placed(folder, files):
    """id -> host_rank, host_share, from files of (id, host) rows."""
    folder.mkdir()
    paths = []
    for number, rows in enumerate(files):
        paths.append(folder / f"{number:03d}.parquet")
        pq.write_table(
            pa.table({"id": [id for id, _ in rows], "url_host": pa.array([h for _, h in rows], pa.string())}),
            paths[-1],
        )
    config = hosts.Config(url=url.Config(max_per_host=1))
    [shard] = hosts.partition(config, FolderInputs(**{"filter-signals/signals": paths}))
    out = folder / "out"
    result = hosts.process(shard, out)
    found = {}
    for number, rows in enumerate(files):
        table = pq.read_table(out / "hosts" / f"{number:03d}.parquet")
        assert table["id"].to_pylist() == [id for id, _ in rows]
        found |= {row["id"]: (row["host_rank"], row["host_share"]) for row in table.to_pylist()}
    return found, result.metrics


def test_places_depend_on_the_ids_and_on_nothing_else(tmp_path):
    rows = [(f"doc-{n}", random.Random(n).choice(["a.org", "b.org", "c.org", None])) for n in range(400)]
    one, metrics = placed(tmp_path / "one", [rows])
    shuffled = random.Random(1).sample(rows, len(rows))
    many, _ = placed(tmp_path / "many", [shuffled[:7], shuffled[7:200], shuffled[200:], []])
    assert one == many
    for host in ("a.org", "b.org", "c.org"):
        ranks = sorted(one[id][0] for id, name in rows if name == host)
        assert ranks == list(range(1, len(ranks) + 1))
    assert {one[id] for id, host in rows if host is None} == {(0, 0.0)}
    assert metrics == {"hosts": 3, "documents_with_host": sum(host is not None for _, host in rows)}


def test_places_of_few_and_of_no_documents():
    none, total = hosts.ranks(np.array([], np.uint64), np.array([], np.uint64))
    assert (none.tolist(), total) == ([], 0)
    places, total = hosts.ranks(np.array([5, 0, 5, 9], np.uint64), np.array([30, 1, 20, 7], np.uint64))
    assert (places.tolist(), total) == ([2, 0, 1, 1], 3)


def test_without_a_cap_the_node_is_no_part_of_the_dag_and_another_cap_is_no_other_identity():
    assert not hosts.wanted(hosts.Config())
    assert not hosts.wanted(hosts.Config(url=url.Config(max_hard_words=None)))
    two, three = (hosts.Config(url=url.Config(max_per_host=n)) for n in (2, 3))
    assert hosts.wanted(two)
    assert two.identity() == three.identity()


@pytest.mark.parametrize(("cap", "left"), [({"max_per_host": 2}, 2), ({"max_host_share": 0.3}, 3)])
def test_the_filter_keeps_so_many_documents_of_a_host(tmp_path, cap, left):
    documents = [
        Document(f"d{n}", f"{PROSE}\n{n}", kind="web", url=f"http://a.example/{n}") for n in range(8)
    ]
    documents += [
        Document(f"e{n}", f"{PROSE}\n{n}", kind="web", url=f"http://b.example/{n}") for n in range(2)
    ]
    documents.append(Document("book", PROSE * 4, kind="book"))
    outputs = {"filter-edits/documents": [tmp_path / "one.parquet"]}
    outputs["filter-edits/edits"] = [edits_file(tmp_path / "one.parquet")]
    with DocumentWriter(tmp_path / "one.parquet") as writer:
        for document in documents:
            writer.add(document)
    [shard] = signals.partition(signals.Config(), FolderInputs(**outputs))
    (tmp_path / "s").mkdir()
    signals.process(shard, tmp_path / "s")
    outputs["filter-signals/signals"] = [(tmp_path / "s/signals.parquet").rename(tmp_path / "s/one.parquet")]
    config = verdicts.Config.model_validate({"url": cap})
    [shard] = hosts.partition(hosts.Config(url=config.url), FolderInputs(**outputs))
    hosts.process(shard, tmp_path / "caps")
    outputs["filter-hosts/hosts"] = [tmp_path / "caps" / "hosts" / "one.parquet"]
    [shard] = verdicts.partition(config, FolderInputs(**outputs))
    (tmp_path / "capped").mkdir()
    metrics = verdicts.process(shard, tmp_path / "capped").metrics
    kept = pq.read_table(tmp_path / "capped" / "documents.parquet")["id"].to_pylist()
    assert sum(id.startswith("d") for id in kept) == left
    assert {"e0", "e1", "book"} <= set(kept)
    [rule] = cap
    assert metrics["dropped"][f"url.{rule}"]["documents"] == 8 - left
