"""Signals of a text: bounded on anything, the same whichever way the text comes in."""

import pyarrow as pa
import pytest
from growth import assert_linear

import tasks.filter
from tasks.filter import score
from tasks.filter.text_signals.scoring import SCHEMA

TEXTS = ["One line. Another? Yes!\n\n- a bullet\n", "", "tail\ud800 \0 end", "ünïcode … 漢字。"]


def test_score_has_one_row_per_text_and_one_column_per_signal():
    table = score(TEXTS)
    assert table.schema == SCHEMA
    assert table.num_rows == 4


def test_no_texts_give_no_rows():
    assert score([]).schema == SCHEMA
    assert score([]).num_rows == 0


def test_an_empty_text_has_all_signals_zero_but_its_one_paragraph():
    row = score([""]).to_pylist()[0]
    assert {name for name, value in row.items() if value} == {"paragraphs"}


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_strings_and_arrow_columns_score_alike(kind):
    texts = [TEXTS[0], "", TEXTS[3], "the end"]
    column = pa.array(["left out", *texts, None], kind)
    assert score(column[1:5]) == score(texts)
    assert score(pa.chunked_array([column[1:3], column[3:6]])) == score([*texts, ""])


def test_many_texts_are_scored_in_batches(monkeypatch):
    monkeypatch.setattr("tasks.filter.text_signals.scoring.BATCH_BYTES", 40)
    assert score(TEXTS * 5) == pa.concat_tables([score(TEXTS)] * 5).combine_chunks()


def test_ratios_are_rounded_to_four_digits():
    assert score(["# a b"])["hash_ratio"].to_pylist() == [0.3333]


def test_ratios_by_hand():
    row = score(["• one two\n• ten...\nThe end.\nThe end.\n"]).to_pylist()[0]
    assert row["bullet_line_ratio"] == 0.5
    assert row["ellipsis_line_ratio"] == 0.25
    assert row["terminal_line_ratio"] == 0.75
    assert row["short_line_ratio"] == 1.0
    assert row["repeated_line_character_ratio"] == round(8 / 33, 4)
    assert row["words"] == 12
    assert row["newline_word_ratio"] == round(4 / 12, 4)
    assert row["alphabetic_word_ratio"] == round(7 / 12, 4)
    assert row["mean_word_length"] == round(21 / 7, 4)


@pytest.mark.parametrize(
    ("start", "piece", "end"),
    [
        ("", "one line without an end ", ""),
        ("", "\n", ""),
        ("", "\0", ""),
        ("", "a", ""),
        ("", "-", ""),
        ("a", "-", "1"),
        ("", "!.", ""),
        ("", "w.w'", ""),
        ("", "a\n", ""),
        ("", "\ud800", ""),
    ],
    ids=["line", "newlines", "nuls", "word", "hyphens", "run", "marks", "mixed", "lines", "surrogates"],
)
def test_monstrous_texts_take_linear_time(start, piece, end):
    assert_linear(score, lambda size: [start + piece * (size // len(piece)) + end], 5_000_000)


def test_the_package_is_cheap_and_names_what_it_exports():
    assert tasks.filter.score is score
    assert callable(tasks.filter.judge)
    assert callable(tasks.filter.language.detect)
    with pytest.raises(AttributeError):
        tasks.filter.nothing  # noqa: B018
