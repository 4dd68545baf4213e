from __future__ import annotations

import csv as reference
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from tasks.document import Document, Loss
from tasks.ingest.tables import csv
from tasks.ingest.tables.csv import Source, read
from tasks.node import Input

FileInput = Callable[..., Input]


def rows(path: Path, data: str | bytes, **keys) -> list[Document | Loss]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(read(Source(name="c", paths=["."], **keys), Input(path.name, str(path), "d"), {}))


def shown(items: list[Document | Loss]) -> list[object]:
    return [(item.reason, item.where) if isinstance(item, Loss) else item.text for item in items]


def test_the_header_names_the_columns_and_quotes_hold_line_ends(tmp_path: Path) -> None:
    data = 'id,url,text\r\n7,http://a.org/,"He said ""no"",\r\nand left"\r\n8,,plain\r\n'
    first, second = rows(tmp_path / "a.csv", data)
    assert (first.text, first.url) == ('He said "no",\nand left', "http://a.org/")
    assert (second.text, second.url) == ("plain", None)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_the_one_that_fits(tmp_path: Path, delimiter: str) -> None:
    data = "\n".join(delimiter.join(row) for row in [("n", "text"), ("1", "a: b"), ("2", "c")])
    assert shown(rows(tmp_path / "a.txt", data)) == ["a: b", "c"]
    data = "\n".join(delimiter.join(row) for row in [("1", "a: b"), ("2", "c")])
    assert shown(rows(tmp_path / "a.txt", data, header=False, columns={"text": 2})) == ["a: b", "c"]


def test_quotes_can_mean_nothing_and_the_escape_can_be_a_backslash(tmp_path: Path) -> None:
    assert shown(rows(tmp_path / "a.tsv", 'text\tn\n"a\t1\n', quote=None)) == ['"a']
    assert shown(rows(tmp_path / "a.csv", 'text,n\n"a\\"b",1\n', escape="\\")) == ['a"b']


def test_a_broken_row_is_a_loss_with_its_line_and_costs_no_other(tmp_path: Path) -> None:
    data = 'text,n\na,1\nb\n"c,3\nd,4\n"e"x,5\nf,6,7\ng,7,\n\n ,9\n'
    assert shown(rows(tmp_path / "a.csv", data)) == [
        "a",
        ("bad-row", "a.csv:3"),
        ("bad-row", "a.csv:4"),
        "d",
        ("bad-row", "a.csv:6"),
        ("bad-row", "a.csv:7"),
        "g",
        ("empty", "a.csv:10"),
    ]


def test_charset_and_compression_are_decided_by_the_bytes(tmp_path: Path) -> None:
    text = "n;text\r\n" + "1;Съешь же ещё этих мягких французских булок\r\n" * 3
    for data in (text.encode(), text.encode("utf-16"), text.encode("cp1251"), gzip.compress(text.encode())):
        items = rows(tmp_path / "a.csv", data)
        assert shown(items) == ["Съешь же ещё этих мягких французских булок"] * 3


def test_bad_bytes_cost_their_row(tmp_path: Path) -> None:
    data = b"text,n\n" + "größer,1\n".encode() * 40_000 + b"\xff\xfe\xff,2\nlast,3\n"
    items = rows(tmp_path / "a.csv", data)
    assert shown(items)[-2:] == [("bad-utf8", "a.csv:40002"), "last"]


def test_a_file_without_the_column_is_one_loss(tmp_path: Path) -> None:
    assert shown(rows(tmp_path / "a.csv", "body,n\na,1\n")) == [("missing-column", "a.csv")]
    assert shown(rows(tmp_path / "a.csv", "a,1\n", header=False, columns={"text": 3})) == [
        ("missing-column", "a.csv")
    ]


def test_a_record_beyond_the_limit_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "MAX_RECORD", 1000)
    data = "text,n\na,1\n" + "b" * 2000 + ',2\n"c,3\n' + "d,4\n" * 500
    items = shown(rows(tmp_path / "a.csv", data))
    assert items[:3] == ["a", ("too-long", "a.csv:3"), ("bad-row", "a.csv:4")]
    assert items[3:] == ["d"] * 500


def test_many_open_quotes_take_linear_time(tmp_path: Path) -> None:
    block = '"open,1\n' + "x,2\n" * 200
    assert_linear(
        lambda data: rows(tmp_path / "a.csv", data), lambda copies: "text,n\n" + block * copies, 160
    )


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=4), min_size=1)
)
def test_what_the_standard_library_writes_is_read_back(table: list[list[str]]) -> None:
    out = io.StringIO()
    reference.writer(out, lineterminator="\n", quoting=reference.QUOTE_ALL).writerows(table)
    lines = ((number, line + "\n") for number, line in enumerate(out.getvalue().split("\n")[:-1]))
    options = csv.options(Source(name="c", paths=["."]), ",")
    assert [row for _, row in csv.records(lines, options)] == table
