from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from fastwarc.stream_io import ZstdWriter

from tasks.document import Document, Loss
from tasks.ingest.tables import jsonl
from tasks.ingest.tables.jsonl import Source, read
from tasks.node import Input

FileInput = Callable[..., Input]


def rows(path: Path, file: FileInput, data: bytes, **keys) -> list[Document | Loss]:
    path.write_bytes(data)
    return list(read(Source(name="j", paths=["."], **keys), file(path), {}))


def test_columns_are_mapped_and_a_dot_goes_into_objects(tmp_path: Path, file: FileInput) -> None:
    line = {"body": "Hello", "meta": {"url": "http://www.a.org/x", "when": "2020-01-02"}, "key": 7}
    columns = {"text": "body", "url": "meta.url", "date": "meta.when", "id": "key"}
    data = json.dumps(line).encode()
    [item] = rows(tmp_path / "a.jsonl", file, data, columns=columns, document_kind="web")
    assert (item.text, item.url, item.date, item.kind) == ("Hello", "http://www.a.org/x", "2020-01-02", "web")
    assert item.metadata["group"] == "a.org"


def test_compression_is_decided_by_the_bytes_not_the_name(tmp_path: Path, file: FileInput) -> None:
    data = b'{"text": "one"}\n{"text": "two"}'
    with ZstdWriter(str(tmp_path / "made")) as stream:
        stream.write(data)
    for content in (
        data,
        gzip.compress(data),
        bz2.compress(data),
        lzma.compress(data),
        (tmp_path / "made").read_bytes(),
    ):
        assert [item.text for item in rows(tmp_path / "a.jsonl.zst", file, content)] == ["one", "two"]


def test_bad_lines_are_losses_with_their_numbers(tmp_path: Path, file: FileInput) -> None:
    data = (
        b'{"text": "a"}\n{"text": \n\n[1]\n{"x": 1}\n{"text": 5}\n'
        b'{"text": " "}\n{"text": "\\ud800b"}\n\xff\n{"text": "z"}\n'
    )
    items = rows(tmp_path / "a.jsonl", file, data)
    assert [(item.reason, item.where) if isinstance(item, Loss) else item.text for item in items] == [
        "a",
        ("bad-json", "a.jsonl:2"),
        ("not-an-object", "a.jsonl:4"),
        ("no-text", "a.jsonl:5"),
        ("bad-text", "a.jsonl:6"),
        ("empty", "a.jsonl:7"),
        "b",
        ("bad-utf8", "a.jsonl:9"),
        "z",
    ]


def test_deep_nesting_is_a_bad_line(tmp_path: Path, file: FileInput) -> None:
    [loss] = rows(tmp_path / "a.jsonl", file, b"[" * 1_000_000)
    assert loss.reason == "bad-json"


def test_a_line_of_ten_megabytes_is_read(tmp_path: Path, file: FileInput) -> None:
    data = json.dumps({"text": "x" * 10_000_000}).encode()
    assert len(rows(tmp_path / "a.jsonl", file, data)[0].text) == 10_000_000


def test_a_truncated_gzip_loses_only_its_end(tmp_path: Path, file: FileInput) -> None:
    data = gzip.compress(b"".join(b'{"text": "line %d"}\n' % number for number in range(5000)))
    items = rows(tmp_path / "a.jsonl.gz", file, data[:-2000])
    assert [item.reason for item in items if isinstance(item, Loss)] == ["truncated-gzip"]
    assert len(items) > 1000


def test_an_empty_and_a_missing_file_have_their_reasons(tmp_path: Path, file: FileInput) -> None:
    assert [item.reason for item in rows(tmp_path / "a.jsonl", file, b"")] == ["empty-file"]
    missing = read(Source(name="j", paths=["."]), file(tmp_path / "none"), {})
    assert [item.reason for item in missing] == ["unreadable"]


@pytest.mark.parametrize(
    ("column", "line", "reason"),
    [
        ("text", {"text": ["a"]}, "bad-text"),
        ("url", {"text": "a", "url": {"x": 1}}, "bad-url"),
        ("id", {"text": "a", "id": True}, "bad-id"),
        ("date", {"text": "a", "date": [2020]}, "bad-date"),
        ("text", {"text": "\0" * 20 + "a"}, "control-characters"),
        ("text", {"text": "\ud800" * 20 + "a"}, "control-characters"),
        ("text", {"text": "\ufffd" * 20 + "a"}, "bad-charset"),
    ],
)
def test_a_column_of_the_wrong_type_has_its_reason(
    tmp_path: Path, file: FileInput, column: str, line: dict, reason: str
) -> None:
    [loss] = rows(tmp_path / "a.jsonl", file, json.dumps(line).encode())
    assert loss.reason == reason


def test_a_few_control_characters_are_cut_out(tmp_path: Path, file: FileInput) -> None:
    [item] = rows(tmp_path / "a.jsonl", file, json.dumps({"text": "a\0b\ud800c\r\n"}).encode())
    assert item.text == "abc\n"


def test_numbers_go_into_lists_and_further_columns_into_the_metadata(tmp_path: Path, file: FileInput) -> None:
    line = {"messages": [{"content": "one"}, {"content": "two"}], "lang": "en", "score": float("nan"), "n": 3}
    columns = {"text": "messages.1.content", "metadata": ["lang", "score", "n", "absent"]}
    [item] = rows(tmp_path / "a.jsonl", file, json.dumps(line).encode(), columns=columns)
    assert item.text == "two"
    assert item.metadata == {"group": "a.jsonl#:1", "lang": "en", "n": 3}


def test_a_line_beyond_the_limit_is_passed_over(
    tmp_path: Path, file: FileInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE", 100)
    long = json.dumps({"text": "x" * 1_000_000}).encode()
    data = b'{"text": "a"}\n' + long + b'\n{"text": "b"}\n'
    first, loss, last = rows(tmp_path / "a.jsonl", file, data)
    assert (first.text, last.text) == ("a", "b")
    assert (loss.reason, loss.size, loss.where) == ("too-long", len(long), "a.jsonl:2")


def test_millions_of_values_in_a_line_are_not_built(tmp_path: Path, file: FileInput) -> None:
    [loss] = rows(tmp_path / "a.jsonl", file, b"[" + b"[]," * 2_000_000 + b"[]]")
    assert loss.reason == "too-complex"
