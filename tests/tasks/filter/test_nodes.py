"""The nodes filter-signals and filter over files: pairing, ledger, funnel, failure."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from folder_inputs import FolderInputs, edits_file
from pydantic import ValidationError

from tasks.document import DOCUMENTS, LEDGER, Document, DocumentWriter
from tasks.errors import StageError
from tasks.filter import signals, verdicts
from tasks.filter.text_signals.scoring import SIGNALS
from tasks.filter.urls.blocklists import schema as url_schema

PROSE = """The history of the harbour begins with a small wall that the monks built to keep the sea out of
their fields. It was repaired after every winter, and the records of the abbey tell what each repair had cost.
In the following century the town grew, and merchants asked for a pier where larger ships could unload. They
offered to pay half of the price. The council refused, because it feared to lose the fishing grounds. Nobody
knows today who changed its mind, but the pier stands and people have tea with a view of it."""
FRENCH = "Le navire est entré dans le port avec la marée du soir et les marins sont allés dormir. " * 2
CODE = "def double(x):\n    return 2 * x\n\n\nprint(double(21), double(4))\n"

DOCUMENTS_IN = [
    Document("d3", PROSE, kind="web", url="http://a.example/", metadata={"group": "a.example"}),
    Document("d1", FRENCH, kind="web"),
    Document("d4", CODE, kind="code"),
    Document("d2", "The ship came into the harbour with the evening tide.", kind="text"),
    Document("d5", PROSE * 4, kind="book"),
]


def run_both(folder, documents, edits=(), **config):
    """The artifact of each node: folder/documents, folder/signals, then (shards, results, out)."""
    source = folder / "documents" / "00000-source.parquet"
    with DocumentWriter(source) as writer:
        for document in documents:
            writer.add(document)
    outputs = {"filter-edits/documents": [source], "filter-edits/edits": [edits_file(source, edits)]}
    (shard,) = signals.partition(signals.Config(), FolderInputs(**outputs))
    (folder / "work").mkdir()
    signals.process(shard, folder / "work")
    (folder / "signals").mkdir()
    outputs["filter-signals/signals"] = [folder / "signals" / source.name]
    (folder / "work" / "signals.parquet").rename(outputs["filter-signals/signals"][0])
    shards = verdicts.partition(verdicts.Config.model_validate(config), FolderInputs(**outputs))
    out = folder / "out"
    out.mkdir()
    return shards, [verdicts.process(shards[0], out)], out


def test_every_document_has_signals_in_its_order(tmp_path):
    run_both(tmp_path, DOCUMENTS_IN)
    table = pq.read_table(tmp_path / "signals" / "00000-source.parquet")
    assert table.column_names == [
        "id",
        "language",
        "language_score",
        "second_language",
        "second_score",
        *SIGNALS,
        *(name for name, _ in url_schema()),
        "removed_word_ratio",
        "code_language",
        "bytes",
    ]
    assert table["id"].to_pylist() == ["d3", "d1", "d4", "d2", "d5"]
    assert table["language"].to_pylist()[:2] == ["en", "fr"]


def test_kept_documents_go_on_whole_with_their_language(tmp_path):
    run_both(tmp_path, DOCUMENTS_IN)
    kept = pq.read_table(tmp_path / "out" / "documents.parquet")
    assert kept.schema.equals(DOCUMENTS)
    assert kept["id"].to_pylist() == ["d3", "d4", "d5"]
    first = kept.to_pylist()[0]
    assert first["text"] == PROSE
    assert first["url"] == "http://a.example/"
    assert json.loads(first["metadata"]) == {"group": "a.example"}
    assert first["language"] == "en"
    assert first["language_score"] > 0.9


def test_the_ledger_has_a_row_for_every_document_sorted_by_id(tmp_path):
    run_both(tmp_path, DOCUMENTS_IN)
    ledger = pq.read_table(tmp_path / "out" / "ledger.parquet")
    assert ledger.schema.equals(LEDGER)
    rows = {row["id"]: row for row in ledger.to_pylist()}
    assert list(rows) == ["d1", "d2", "d3", "d4", "d5"]
    assert [row["verdict"] for row in rows.values()] == ["dropped", "dropped", "kept", "kept", "kept"]
    assert (rows["d1"]["rule"], rows["d1"]["score"], rows["d1"]["threshold"]) == ("language", 0.0, 0.65)
    assert "gopher_quality.min_words" in rows["d2"]["failed_rules"]
    assert rows["d3"]["failed_rules"] == []


def test_the_funnel_adds_up(tmp_path):
    shards, results, out = run_both(tmp_path, DOCUMENTS_IN)
    found = verdicts.finish(shards, results * 2, out)
    dropped = found["dropped"].values()
    assert found["documents_in"] == 10
    assert found["documents_out"] + sum(count["documents"] for count in dropped) == 10
    assert found["bytes_in"] == 2 * sum(len(document.text.encode()) for document in DOCUMENTS_IN)
    assert found["bytes_out"] + sum(count["bytes"] for count in dropped) == found["bytes_in"]
    assert found["dropped"]["language"]["documents"] == 2
    assert found["failed"]["gopher_quality.min_words"] == 4  # whatever else they fail
    assert found["languages"]["en"]["documents"] >= 4


def test_keeping_nothing_names_the_rule_and_the_key_to_change(tmp_path):
    shards, results, out = run_both(tmp_path, DOCUMENTS_IN[:2], language={"languages": ["fi"]})
    with pytest.raises(
        StageError, match=r"none of 2 documents.*language: 2.*filter\.language\.min_score \(now 0\.65"
    ):
        verdicts.finish(shards, results, out)
    with pytest.raises(StageError, match="got no documents"):
        verdicts.finish([], [], out)


def test_an_empty_file_gives_empty_files(tmp_path):
    _, results, out = run_both(tmp_path, [])
    assert results[0].metrics.get("documents_in", 0) == 0
    assert pq.read_table(out / "documents.parquet").num_rows == 0
    assert pq.read_table(out / "ledger.parquet").num_rows == 0


def test_more_documents_than_a_batch_stay_paired(tmp_path):
    many = [Document(f"d{n:05}", PROSE if n % 3 else f"short {n}", kind="web") for n in range(3000)]
    run_both(tmp_path, many)
    kept = pq.read_table(tmp_path / "out" / "documents.parquet")["id"].to_pylist()
    assert kept == [f"d{n:05}" for n in range(3000) if n % 3]


def test_signals_of_other_documents_are_refused(tmp_path):
    shards, _, out = run_both(tmp_path, DOCUMENTS_IN)
    path = Path(shards[0].inputs["signals"][0].path)
    table = pq.read_table(path)
    pq.write_table(table.take([1, 0, 2, 3, 4]), path)
    with pytest.raises(StageError, match="force filter-signals"):
        verdicts.process(shards[0], out)
    pq.write_table(table.slice(0, 4), path)
    with pytest.raises(StageError, match="force filter-signals"):
        verdicts.process(shards[0], out)


def test_thresholds_are_no_part_of_the_signals_and_the_model_is(tmp_path):
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    inputs = FolderInputs(**{"filter-edits/documents": files, "filter-edits/edits": files})
    shards = signals.partition(signals.Config(language_model="mine.bin"), inputs)
    assert [shard.key for shard in shards] == ["a", "b"]
    assert set(shards[0].config) == {"language_sample", "unicode", "url_lists"}
    (model,) = shards[0].inputs["language_model"]
    assert (model.path, model.digest) == ("/pipeline/mine.bin", "digest of mine.bin")


def test_a_misspelt_family_or_kind_is_an_error():
    with pytest.raises(ValidationError, match=r"profiles\.fineweb\.gopher\n"):
        verdicts.Config.model_validate({"profiles": {"fineweb": ["gopher"]}})
    with pytest.raises(ValidationError, match=r"profiles\.fineweb\.c4\.min_sentence\n"):
        verdicts.Config.model_validate({"profiles": {"fineweb": {"c4": {"min_sentence": 3}}}})
    with pytest.raises(ValidationError, match="no profile 'prose'"):
        verdicts.Config.model_validate({"kinds": {"web": "prose"}})
    with pytest.raises(ValidationError, match="min_word"):
        verdicts.Config.model_validate({"gopher_quality": {"min_word": 3}})


def test_the_share_of_words_that_edits_took_is_a_signal_and_dclm_drops_above_a_twentieth(tmp_path):
    words = len(PROSE.split())
    documents = [Document(id, f"{PROSE}\n{id}", kind="web") for id in ("none", "few", "many")]
    taken = [("few", words // 20), ("many", 3), ("many", words // 20)]  # by two rules
    run_both(tmp_path, documents, taken, kinds=KINDS | {"web": "dclm"})
    shares = pq.read_table(tmp_path / "signals" / "00000-source.parquet")["removed_word_ratio"].to_pylist()
    assert shares[0] == 0.0
    assert shares[1] < 0.05 < shares[2]
    rows = {row["id"]: row for row in pq.read_table(tmp_path / "out" / "ledger.parquet").to_pylist()}
    assert {id: row["rule"] for id, row in rows.items()} == {
        "none": None, "few": None, "many": "dclm_edits.max_removed_words",
    }  # fmt: skip
    assert (rows["many"]["score"], rows["many"]["threshold"]) == (shares[2], 0.05)


KINDS = {"web": "fineweb", "text": "fineweb", "code": "code", "book": "books"}


def test_source_code_is_judged_by_its_languages_thresholds(tmp_path):
    page = "<html><script>" + "var visits = visits + 1;\n" * 20 + "</script><p>" + PROSE[:200] + "</p></html>"
    documents = [
        Document("html", page, kind="code", metadata={"language": "HTML"}),
        Document("javascript", page, kind="code", metadata={"language": "JavaScript"}),
        Document("unknown", page, kind="code"),
        Document("web", page, kind="web", metadata={"language": "HTML"}),
    ]
    run_both(tmp_path, documents, languages={"HTML": {"code": {"min_html_text": 0.4}}})
    signals = pq.read_table(tmp_path / "signals" / "00000-source.parquet")
    assert signals["code_language"].to_pylist() == ["HTML", "JavaScript", None, None]
    rows = {row["id"]: row for row in pq.read_table(tmp_path / "out" / "ledger.parquet").to_pylist()}
    assert rows["html"]["rule"] == "code.min_html_text"
    assert rows["javascript"]["verdict"] == rows["unknown"]["verdict"] == "kept"
    assert "code.min_html_text" not in rows["web"]["failed_rules"]
