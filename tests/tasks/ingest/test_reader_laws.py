"""What holds for every reader on every input: it never raises, and every file leaves a document or a reason."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tasks.document import Document, Loss
from tasks.ingest.books import source as books
from tasks.ingest.code import folder as code
from tasks.ingest.node import process
from tasks.ingest.tables import csv, jsonl, parquet
from tasks.node import Input, Shard

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
READERS: list[tuple[ModuleType, str]] = [
    (jsonl, "a.jsonl"), (csv, "a.csv"), (parquet, "a.parquet"),
    (books, "a.txt"), (books, "a.epub"), (books, "a.html"), (code, "r/a.py"), (code, "r/a.h"),
]  # fmt: skip
SAID = b'*** START OF THE PROJECT GUTENBERG EBOOK X ***\n{"text": "a"}\n<p title="x">b</p>,text\n"q""",1\n'


def wrapped(data: bytes) -> Iterator[bytes]:
    """The bytes plain and compressed."""
    yield data
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        yield pack(data)


def items(module: ModuleType, path: Path, name: str, data: bytes) -> list[Document | Loss]:
    path.write_bytes(data)
    return list(module.read(module.Source(name="x", paths=["."]), Input(name, str(path), "d"), {}))


def check(found: list[Document | Loss]) -> None:
    for item in found:
        if isinstance(item, Document):
            assert item.text.strip()
            item.text.encode()  # valid Unicode
            json.dumps(item.metadata, allow_nan=False).encode()
        else:
            assert item.reason == item.reason.lower().replace(" ", "-") != ""
            assert item.reason != "unreadable"


@pytest.mark.parametrize(("module", "name"), READERS, ids=lambda value: getattr(value, "__name__", value))
@FEW
@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([bytes([b]) for b in SAID] + [b"\0", b"\xff"])).map(b"".join)
)
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\n" * 50)
@example(SAID)
@example(b"PK\x05\x06" + bytes(18))
@example(b"PK\x03\x04" + bytes(40))
@example(b"PAR1" + bytes(8) + b"PAR1")
@example(b"\x1f\x8b\x08")
@example("text\n".encode("utf-16"))
def test_any_bytes_give_documents_or_reasons(
    tmp_path: Path, module: ModuleType, name: str, data: bytes
) -> None:
    for content in wrapped(data):
        found = items(module, tmp_path / "x", name, content)
        check(found)
        if module in (books, code, parquet):
            assert found


def made() -> dict[str, tuple[ModuleType, str, bytes]]:
    """A good file of each format that is more than lines."""
    table, book = io.BytesIO(), io.BytesIO()
    pq.write_table(
        pa.table({"text": ["one two", "three"] * 40, "meta": [{"url": "http://a.org/"}] * 80}),
        table,
        row_group_size=20,
    )
    container = '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
    package = (
        '<package><metadata/><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("META-INF/container.xml", container),
            ("b.opf", package),
            ("a.xhtml", "<p>One.</p>"),
        ):
            archive.writestr(name, text)
    rows = b'{"text": "some text"}\n' * 200
    return {
        "parquet": (parquet, "a.parquet", table.getvalue()),
        "epub": (books, "a.epub", book.getvalue()),
        "gzip": (jsonl, "a.jsonl", gzip.compress(rows)),
        "bz2": (jsonl, "a.jsonl", bz2.compress(rows)),
        "xz": (csv, "a.csv", lzma.compress(b"text,n\n" + b'"a ""b""",1\n' * 200)),
    }


MADE = made()


@pytest.mark.parametrize("format", MADE)
@FEW
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8), st.floats(0, 1)
)
def test_damage_anywhere_gives_documents_or_reasons(
    tmp_path: Path, format: str, changes: list[tuple[float, int]], end: float
) -> None:
    module, name, data = MADE[format]
    damaged = bytearray(data)
    for at, value in changes:
        damaged[int(at * len(data))] = value
    for content in (bytes(damaged), bytes(damaged[: int(end * len(data))])):
        found = items(module, tmp_path / "x", name, content)
        check(found)
        assert found or not content.strip()  # blank lines are nothing


@pytest.mark.parametrize("kind", ["jsonl", "csv", "books", "parquet"])
@FEW
@given(st.binary(max_size=200))
def test_the_ledger_adds_up(tmp_path_factory: pytest.TempPathFactory, kind: str, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("laws")
    (folder / "x").write_bytes(data)
    inputs = {"files": [Input("x.txt", str(folder / "x"), "d")]}
    metrics = process(Shard("s", {"kind": kind, "name": "s"}, inputs), folder / "out").metrics
    lost = sum(counts["documents"] for counts in metrics["dropped"].values())
    assert metrics["documents_in"] == metrics["documents_out"] + lost
