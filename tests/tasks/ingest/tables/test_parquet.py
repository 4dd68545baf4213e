from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.document import Loss
from tasks.ingest.tables import parquet
from tasks.ingest.tables.parquet import Source, _wanted, read
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


def write(path: Path, table: pa.Table, **keys) -> None:
    pq.write_table(table, path, compression="none", use_dictionary=False, **keys)


def test_of_a_nested_column_only_the_mapped_part_is_read(tmp_path: Path, file: FileInput) -> None:
    leaves = ["meta.url", "meta.big", "text", "tags.list.element", "id"]
    source = Source(name="p", paths=["."], columns={"url": "meta.url", "metadata": ["tags.0"]})
    assert _wanted(source, leaves) == ["id", "meta.url", "tags", "text"]
    rows = [{"text": "a", "tags": ["x", "y"], "meta": {"url": "http://x.org/", "big": "z"}}]
    write(tmp_path / "a", pa.Table.from_pylist(rows))
    [item] = read(source, file(tmp_path / "a"), {})
    assert (item.url, item.metadata["tags.0"]) == ("http://x.org/", "x")


def test_a_file_without_the_column_of_the_text_is_one_loss(tmp_path: Path, file: FileInput) -> None:
    write(tmp_path / "a", pa.table({"body": ["x"] * 9}))
    [loss] = read(Source(name="p", paths=["."]), file(tmp_path / "a"), {})
    assert loss.reason == "missing-column"


def test_a_damaged_row_group_costs_itself_only(tmp_path: Path, file: FileInput) -> None:
    texts = [f"text {number} " * 40 for number in range(90)]
    write(tmp_path / "a", pa.table({"text": texts}), row_group_size=30)
    data = bytearray((tmp_path / "a").read_bytes())
    start = pq.ParquetFile(tmp_path / "a").metadata.row_group(1).column(0).data_page_offset
    data[start : start + 40] = b"\xff" * 40
    (tmp_path / "a").write_bytes(data)
    items = list(read(Source(name="p", paths=["."]), file(tmp_path / "a"), {}))
    kept = [item for item in items if not isinstance(item, Loss)]
    assert [item.text for item in kept] == texts[:30] + texts[60:]
    assert [item.reason for item in items if isinstance(item, Loss)] == ["damaged-parquet"]
    assert kept[-1].metadata["group"] == "a#:90"


def test_bad_utf8_costs_its_row_only(tmp_path: Path, file: FileInput) -> None:
    write(tmp_path / "a", pa.table({"text": ["one", "QQQ", "three"]}))
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes().replace(b"QQQ", b"\xff\xfe\xfd"))
    items = list(read(Source(name="p", paths=["."]), file(tmp_path / "a"), {}))
    assert [item.reason if isinstance(item, Loss) else item.text for item in items] == [
        "one",
        "bad-utf8",
        "three",
    ]
    write(tmp_path / "b", pa.table({"text": [b"one", b"\xff", b"three"]}))
    items = list(read(Source(name="p", paths=["."]), file(tmp_path / "b"), {}))
    assert [item.reason if isinstance(item, Loss) else item.text for item in items] == [
        "one",
        "bad-utf8",
        "three",
    ]


def test_dates_are_iso_8601(tmp_path: Path, file: FileInput) -> None:
    when = datetime.datetime(2020, 1, 2, 3, 4, 5)
    write(tmp_path / "a", pa.table({"text": ["x"], "date": [when]}))
    [item] = read(Source(name="p", paths=["."]), file(tmp_path / "a"), {})
    assert item.date == "2020-01-02T03:04:05"


def test_a_date_beyond_python_s_costs_its_row_only(tmp_path: Path, file: FileInput) -> None:
    days = pa.array([18000, 1_095_779_920, 3_000_000, None], pa.int32()).cast(pa.date32())
    write(tmp_path / "a", pa.table({"text": ["a", "b", "c", "d"], "date": days}))
    items = list(read(Source(name="p", paths=["."]), file(tmp_path / "a"), {}))
    assert [item.reason if isinstance(item, Loss) else item.date for item in items] == [
        "2019-04-14",
        "bad-value",
        "bad-value",
        None,
    ]


def test_a_row_beyond_the_limit_is_passed_over(
    tmp_path: Path, file: FileInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MAX_TEXT", 1000)
    write(tmp_path / "a", pa.table({"text": ["a", "b" * 2000, "c"]}))
    items = list(read(Source(name="p", paths=["."]), file(tmp_path / "a"), {}))
    assert [item.reason if isinstance(item, Loss) else item.text for item in items] == ["a", "too-long", "c"]


def test_a_page_beyond_the_limit_costs_its_row_group(tmp_path: Path, file: FileInput) -> None:
    write(tmp_path / "a", pa.table({"text": ["a", "b", "x" * (2 << 20), "c", "d"]}), row_group_size=2)
    for limit, shown in ((1, ["a", "b", ("page-too-large", "a:3"), "d"]), (3, ["a", "b", "x", "c", "d"])):
        source = Source(name="p", paths=["."], max_page_bytes=limit << 20)
        items = list(read(source, file(tmp_path / "a"), {}))
        assert [
            (item.reason, item.where) if isinstance(item, Loss) else item.text[0] for item in items
        ] == shown


@pytest.mark.parametrize("byte", [0, 3, 255])
def test_no_damaged_byte_of_the_footer_ends_the_process(tmp_path: Path, byte: int) -> None:
    """pyarrow's own view of a column's metadata does: it aborts where the size statistics don't fit."""
    pq.write_table(pa.table({"text": ["one", "two"] * 10, "n": [{"a": [1]}] * 20}), tmp_path / "good")
    good = (tmp_path / "good").read_bytes()
    size = int.from_bytes(good[-8:-4], "little")
    for place in range(len(good) - 8 - size, len(good)):
        (tmp_path / "a.parquet").write_bytes(good[:place] + bytes([byte]) + good[place + 1 :])
        assert list(
            read(Source(name="x", paths=["."]), Input("a.parquet", str(tmp_path / "a.parquet"), "d"), {})
        )


def test_no_two_losses_of_a_damaged_footer_share_a_place(tmp_path: Path, file: FileInput) -> None:
    """21 is -11 where it stands for a number: a row group may claim fewer than no rows."""
    write(tmp_path / "a", pa.table({"text": ["a", "b", "c", "d", "e"]}), row_group_size=3)
    data = (tmp_path / "a").read_bytes()
    found = set()
    for at in range(len(data) - 8 - int.from_bytes(data[-8:-4], "little"), len(data) - 8):
        (tmp_path / "b").write_bytes(data[:at] + b"\x15" + data[at + 1 :])
        items = list(read(Source(name="p", paths=["."]), file(tmp_path / "b"), {}))
        places = [item.where for item in items if isinstance(item, Loss)]
        assert len(set(places)) == len(places)
        found |= {place.rpartition("+")[1] for place in places}
    assert found == {"", "+"}
