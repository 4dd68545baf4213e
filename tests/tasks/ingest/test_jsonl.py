from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

from fastwarc.stream_io import ZstdWriter

from tasks.document import Document, Loss
from tasks.ingest.jsonl import Source, read
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
    for content in (data, gzip.compress(data), (tmp_path / "made").read_bytes()):
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
        ("bad-json", "a.jsonl:9"),
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
