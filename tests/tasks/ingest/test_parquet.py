from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.document import Loss
from tasks.ingest.parquet import Source, read
from tasks.node import Input

FileInput = Callable[..., Input]


def test_rows_become_documents_and_only_mapped_columns_are_read(tmp_path: Path, file: FileInput) -> None:
    table = {
        "content": ["a", None, "", "d"],
        "key": [1, 2, 3, 4],
        "meta": [{"url": "http://x.org/"}] * 4,
        "big": ["z"] * 4,
    }
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    source = Source.model_validate(
        {"name": "p", "paths": ["."], "columns": {"text": "content", "id": "key", "url": "meta.url"}}
    )
    items = list(read(source, file(tmp_path / "a.parquet"), {}))
    assert [item.reason if isinstance(item, Loss) else item.text for item in items] == [
        "a",
        "no-text",
        "empty",
        "d",
    ]
    assert items[0].url == "http://x.org/"


def test_what_is_no_parquet_file_has_its_reason(tmp_path: Path, file: FileInput) -> None:
    pq.write_table(
        pa.table({"text": ["hello " * 1000] * 50}),
        tmp_path / "whole",
        compression="none",
        use_dictionary=False,
    )
    whole = (tmp_path / "whole").read_bytes()
    for name, data, reason in [
        ("empty", b"", "empty-file"),
        ("text", b"hello", "not-parquet"),
        ("cut", whole[: len(whole) // 2], "not-parquet"),
    ]:
        (tmp_path / name).write_bytes(data)
        items = list(read(Source(name="p", paths=["."]), file(tmp_path / name), {}))
        assert [item.reason for item in items] == [reason]
    missing = read(Source(name="p", paths=["."]), file(tmp_path / "none"), {})
    assert [item.reason for item in missing] == ["unreadable"]
