"""A document's way through the stages, by id, by the beginning of an id, and by url."""

import json
import shutil
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dedup_stage import run_stage

from flows.explain import as_json, explain, render
from tasks.dedup.story import tell
from tasks.document import Document
from tasks.errors import StageError
from tasks.story import Node, Subject


def story(store, key):
    return explain(store.path, store.run, key)


def steps(store, key):
    [passage] = story(store, key).documents
    return {step.stage: step for step in passage.steps}


def test_a_document_that_stayed_is_followed_to_its_tokens(sample_store):
    found = steps(sample_store, sample_store.ids["kept"])
    assert [step.verdict for step in found.values()] == ["kept", "kept", "kept", "kept", "done"]
    assert found["ingest"].facts["kind"] == "code"
    assert found["filter"].facts["signals"]["language"] == "en"
    assert found["tokenize"].facts.keys() == {"split", "shard", "offset", "length", "bytes"}


def test_a_filtered_document_tells_rule_score_and_threshold_and_ends_there(sample_store):
    found = steps(sample_store, sample_store.ids["filtered"])
    assert list(found) == ["ingest", "filter"]
    assert found["filter"].summary == "dropped by gopher-quality/min-words"
    assert found["filter"].facts["threshold"] == 50
    assert "c4/min-sentences" in found["filter"].facts["failed rules"]


def test_an_edited_document_tells_what_was_taken_out(sample_store):
    edits = steps(sample_store, sample_store.ids["edited"])["filter"].facts["edits"]
    assert edits["edits.boilerplate"] == "2 times, 31 bytes taken out"
    assert "edits.boilerplate 2 times, 31 bytes" in render(story(sample_store, sample_store.ids["edited"]))
    assert "edits" not in steps(sample_store, sample_store.ids["kept"])["filter"].facts or (
        sample_store.ids["kept"] == sample_store.ids["edited"]
    )


def test_the_paragraphs_that_dedup_cut_are_told(sample_store):
    facts = steps(sample_store, sample_store.ids["survivor"])["dedup"].facts
    assert facts["edits"] == {"duplicate-paragraphs": "3 times, 210 bytes taken out"}
    assert facts["survivor"] == sample_store.ids["survivor"]
    assert "edits" not in steps(sample_store, sample_store.ids["duplicate"])["dedup"].facts


def test_a_duplicate_names_its_survivor_and_the_survivor_its_cluster(sample_store):
    gone = steps(sample_store, sample_store.ids["duplicate"])["dedup"]
    assert gone.verdict == "dropped"
    assert gone.facts["survivor"] == sample_store.ids["survivor"]
    stayed = steps(sample_store, sample_store.ids["survivor"])["dedup"]
    assert (stayed.verdict, stayed.summary) == ("kept", "kept as the survivor of its cluster")
    assert stayed.facts["documents in the cluster"] >= 2


def test_what_dedup_leaves_names_cluster_survivor_and_similarity(tmp_path):
    words = " ".join(f"word{a}{b}" for a in "abcdefgh" for b in "klmnopqrst")
    texts = {"a": f"{words} end", "b": f"{words} other", "c": "nothing like it"}
    files = {"1": [Document("a", texts["a"], source="web")], "2": [Document(id, texts[id]) for id in "bc"]}
    stage = run_stage(tmp_path, files)
    node = Node("dedup", "dedup", {}, stage.folders["dedup"], stage.manifests["dedup"])
    told = {id: tell(None, node, Subject(id)) for id in texts}
    assert told["b"].verdict == "dropped"
    assert told["b"].summary == "dropped by near-duplicate"
    similarity = 76 / 78  # of the 77 shingles of each
    assert told["b"].facts == {
        "score": similarity, "threshold": 0.75, "matched": "a", "similarity": similarity, "cluster": "a",
        "documents in the cluster": 2, "survivor": "a",
    }  # fmt: skip
    assert told["a"].summary == "kept as the survivor of its cluster"
    assert (told["c"].summary, told["c"].facts) == ("no document like it", {})


def test_a_contaminated_document_names_the_item(sample_store):
    found = steps(sample_store, sample_store.ids["contaminated"])["decontaminate"]
    assert found.verdict == "dropped"
    assert found.facts["hits"][0]["item"] == "item-0"
    assert found.facts["hits"][0]["ngram"].count(" ") == 12
    assert "it holds mmlu_mini/item-0" in found.summary


def test_the_beginning_of_an_id_is_enough_when_it_is_the_only_one(sample_store):
    whole = sample_store.ids["kept"]
    assert story(sample_store, whole[:10].upper()).documents[0].id == whole


def test_a_url_may_name_several_records(sample_store):
    found = story(sample_store, "http://pydoc-site.test/lost-3")
    assert [passage.steps[0].summary for passage in found.documents] == ["lost: not-html", "lost: empty-text"]


def test_a_document_without_a_url_is_found_by_its_path(tmp_path, make_store):
    store = make_store(tmp_path / "store")
    for name in ("ledger", "documents"):
        [path] = (store.path / "ingest").rglob(f"{name}/00002-*.parquet")
        table = pq.read_table(path)
        table = table.set_column(
            table.column_names.index("url"), "url", pa.nulls(table.num_rows, pa.string())
        )
        if name == "documents":
            paths = [json.dumps({"path": f"json/file-{n}.py"}) for n in range(table.num_rows)]
            table = table.set_column(table.column_names.index("metadata"), "metadata", pa.array(paths))
        path.unlink()
        pq.write_table(table, path)
    [passage] = story(store, "json/file-7.py").documents
    assert (passage.url, passage.source) == ("json/file-7.py", "standard-library")
    with pytest.raises(StageError, match="near it: json/file-3"):
        story(store, "JSON/file-3")


def test_ids_that_begin_alike_are_listed(tmp_path, make_store):
    store = make_store(tmp_path / "store")
    [path] = (store.path / "ingest").rglob("ledger/00000-*.parquet")
    table = pq.read_table(path)
    ids = pa.array([f"abcdef{n:026x}" for n in range(table.num_rows)])
    path.unlink()
    pq.write_table(table.set_column(0, "id", ids), path)
    with pytest.raises(StageError, match=r"457 documents begin with abcdef: abcdef0.*give more digits"):
        story(store, "abcdef")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("pydoc-site.test/page-3", "near it: http://pydoc-site.test/page-3"),
        ("0123456789", "an id that begins with 0123456789"),
        ("abc", "too short"),
        ("http://nowhere.test/", "no record of run"),
    ],
)
def test_what_names_nothing_is_one_clear_message(sample_store, key, said):
    with pytest.raises(StageError, match=said):
        story(sample_store, key)


def test_stages_that_are_missing_are_said_to_be(tmp_path, make_store):
    store = make_store(tmp_path / "store", upto="filter")
    found = steps(store, store.ids["kept"])
    assert found["dedup"].summary == "is not part of this run, or hasn't finished"
    shutil.rmtree(store.path / "ingest")
    with pytest.raises(StageError, match="has no documents"):
        story(store, store.ids["kept"])


def test_a_document_too_close_to_the_validation_side_is_dropped_by_tokenize(tmp_path, make_store):
    store = make_store(tmp_path / "store")
    [path] = (store.path / "tokenize").rglob("documents.parquet")
    rows = pq.read_table(path).to_pylist()
    for row in rows:
        row |= {
            "split": "excluded",
            "length": None,
            "offset": None,
            "shard": None,
            "validation_overlap": 0.42,
        }
    path.unlink()
    pq.write_table(pa.Table.from_pylist(rows), path)
    found = steps(store, store.ids["kept"])["tokenize"]
    assert (found.verdict, found.facts) == ("dropped", {"validation overlap": 0.42})


def test_the_story_is_plain_text_and_plain_json(hostile_store):
    found = story(hostile_store, hostile_store.ids["contaminated"])
    text = render(found)
    assert "✗ decontaminate" in text
    assert "<script>alert(1)</script>" in text
    assert {c for c in text if unicodedata.category(c) in ("Cc", "Cf")} <= {"\n"}
    assert json.loads(json.dumps(as_json(found)))["documents"][0]["id"] == hostile_store.ids["contaminated"]
