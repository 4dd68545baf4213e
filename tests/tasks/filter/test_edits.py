"""The node filter-edits over files: edited documents, the table of edits, samples, counts."""

import pyarrow.parquet as pq
import pytest
from folder_inputs import FolderInputs
from pydantic import ValidationError

from tasks.document import DOCUMENTS, Document, DocumentWriter
from tasks.filter import edits

PAGE = """Skip to content

The harbour was built by monks.[1] It was repaired after every winter,[2] and the records tell the cost.

Share this:
Write to jane.doe@mail.org or call +49 561 9804848.
This website uses cookies to improve your experience. Accept
Read more"""
EDITED = """The harbour was built by monks. It was repaired after every winter, and the records tell the cost.

Write to <EMAIL> or call <PHONE>."""

DOCUMENTS_IN = [
    Document("d3", PAGE, kind="web", url="http://a.example/", metadata={"group": "a.example"}),
    Document("d1", PAGE, kind="code"),
    Document("d4", "Nothing to do here.", kind="text"),
    Document("d2", "Read more\nLog in | Register\n", kind="text"),
    Document("d0", PAGE, kind="book"),
]


def run(folder, documents, **config):
    source = folder / "documents.parquet"
    with DocumentWriter(source) as writer:
        for document in documents:
            writer.add(document)
    [shard] = edits.partition(
        edits.Config.model_validate(config), FolderInputs(**{"ingest/documents": [source]})
    )
    out = folder / "out"
    out.mkdir()
    return out, edits.process(shard, out)


def test_texts_are_edited_by_kind_and_everything_else_stays(tmp_path):
    out, _ = run(tmp_path, DOCUMENTS_IN)
    table = pq.read_table(out / "documents.parquet")
    assert table.schema.equals(DOCUMENTS)
    before = pq.read_table(tmp_path / "documents.parquet")
    assert table.drop(["text"]).equals(before.drop(["text"]))
    texts = [row["text"] for row in table.to_pylist()]
    assert texts == [EDITED, PAGE, "Nothing to do here.", "", PAGE]


def test_every_edit_is_recorded_by_document_and_rule(tmp_path):
    out, result = run(tmp_path, DOCUMENTS_IN)
    rows = pq.read_table(out / "edits.parquet").to_pylist()
    assert [(row["id"], row["rule"], row["count"], row["words"]) for row in rows] == [
        ("d2", "edits.boilerplate", 2, 5),
        ("d3", "edits.boilerplate", 3, 7),
        ("d3", "edits.citations", 2, 0),
        ("d3", "edits.cookies", 1, 9),
        ("d3", "pii.email", 1, 1),
        ("d3", "pii.phone", 1, 2),
    ]
    metrics = result.metrics
    assert (metrics["documents_in"], metrics["documents_out"], metrics["dropped"]) == (5, 5, {})
    assert (metrics["edited"], metrics["emptied"]) == (2, 1)
    taken = sum(row["bytes"] for row in rows)
    assert metrics["bytes_in"] - metrics["bytes_out"] == taken - len("<EMAIL>" + "<PHONE>")
    assert sum(counts["bytes"] for counts in metrics["edits"].values()) == taken
    assert metrics["edits"]["edits.boilerplate"]["documents"] == 2


def test_samples_show_lines_as_they_were_and_personal_data_masked(tmp_path):
    out, _ = run(tmp_path, DOCUMENTS_IN)
    samples = {
        (row["rule"], row["text"], row["replacement"])
        for row in pq.read_table(out / "samples.parquet").to_pylist()
    }
    assert ("pii.email", "xxxx.xxx@xxxx.xxx", "<EMAIL>") in samples
    assert ("pii.phone", "+00 000 0000000", "<PHONE>") in samples
    assert ("edits.boilerplate", "Share this:\n", "") in samples


def test_each_rule_can_be_turned_off_and_each_token_changed(tmp_path):
    (tmp_path / "off").mkdir()
    off = {"kinds": []}
    out, result = run(tmp_path / "off", DOCUMENTS_IN, edits=off, pii={"kinds": []})
    assert result.metrics["edits"] == {}
    assert pq.read_table(out / "documents.parquet").equals(pq.read_table(tmp_path / "off/documents.parquet"))
    (tmp_path / "some").mkdir()
    out, result = run(
        tmp_path / "some",
        DOCUMENTS_IN,
        edits={"kinds": ["web"], "boilerplate": False, "citations": None, "cookies": False, "policies": None},
        pii={"email": "|||EMAIL|||", "phone": None, "code_email": True},
    )
    texts = pq.read_table(out / "documents.parquet")["text"].to_pylist()
    changed = PAGE.replace("jane.doe@mail.org", "|||EMAIL|||")
    assert texts == [changed, changed, "Nothing to do here.", DOCUMENTS_IN[3].text, PAGE]


def test_an_empty_file_gives_empty_files(tmp_path):
    out, result = run(tmp_path, [])
    assert result.metrics["documents_in"] == 0
    assert pq.read_table(out / "edits.parquet").num_rows == 0
    assert pq.read_table(out / "documents.parquet").schema.equals(DOCUMENTS)


def test_an_unknown_mode_or_kind_is_an_error():
    with pytest.raises(ValidationError, match="careful"):
        edits.Config.model_validate({"edits": {"javascript": "some"}})
    with pytest.raises(ValidationError, match="kinds"):
        edits.Config.model_validate({"pii": {"kinds": ["page"]}})


SHOP = """READ THIS FIRST
A shop for nails and screws of every kind. Sign-in
Sign-in for your orders

12
3 likes
4 items in cart
nails"""


def test_dclms_line_edits_together(tmp_path):
    dclm = {"max_uppercase": 0.5, "digits": True, "counters": True, "prompts": True, "min_words": 2}
    out, _ = run(tmp_path, [Document("d", SHOP, kind="web")], edits=dclm | {"boilerplate": False})
    [text] = pq.read_table(out / "documents.parquet")["text"].to_pylist()
    assert text == "A shop for nails and screws of every kind. Sign-in\nfor your orders\n\n4"
    rows = pq.read_table(out / "edits.parquet").to_pylist()
    assert {row["rule"]: row["words"] for row in rows} == {
        "edits.max_uppercase": 3, "edits.prompts": 4, "edits.digits": 1, "edits.counters": 2, "edits.min_words": 1,
    }  # fmt: skip


def test_a_prompt_at_the_end_of_a_text_leaves_the_word_before_it(tmp_path):
    out, _ = run(tmp_path, [Document("d", "One line.\nMore of it Read more...", kind="web")],
                 edits={"prompts": True, "boilerplate": False})  # fmt: skip
    assert pq.read_table(out / "documents.parquet")["text"].to_pylist() == ["One line.\nMore of it"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("One line.\n\nRead more", "One line."),
        ("One line.\n\nRead more\n\nLog in", "One line."),
        ("One line.\n\nRead more\nLog in\n", "One line.\n\n"),
        ("\n\nRead more", ""),
        ("One line.\nRead more\nAnother.\nLog in", "One line.\nAnother."),
    ],
)
def test_no_newline_is_left_at_the_end_that_was_not_there(tmp_path, text, left):
    out, _ = run(tmp_path, [Document("d", text, kind="web")])
    assert pq.read_table(out / "documents.parquet")["text"].to_pylist() == [left]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (
            "One line.\x85\nRead more",
            {"control_characters": 2, "boilerplate": 10},
        ),  # U+0085 becomes a newline
        ("One line.\x1f\x85\n\x0b\x00\nRead more", {"control_characters": 5, "boilerplate": 11}),
    ],
)
def test_a_newline_that_an_edit_made_is_not_counted_when_it_goes(tmp_path, text, taken):
    out, _ = run(tmp_path, [Document("d", text, kind="web")])
    rows = pq.read_table(out / "edits.parquet").to_pylist()
    assert {row["rule"].removeprefix("edits."): row["bytes"] for row in rows} == taken
    assert pq.read_table(out / "documents.parquet")["text"].to_pylist()[0].rstrip(" ") == "One line."
