"""The readers over HTTP: what they give is what they give from a local file, whatever the transfer goes through."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from loopback import Fault, Loopback, Time

from tasks.document import Document, Loss
from tasks.errors import ConfigError, TransientError
from tasks.ingest.books import source as books
from tasks.ingest.code import folder as code
from tasks.ingest.listing import find
from tasks.ingest.tables import jsonl, parquet
from tasks.ingest.warc import source as warc
from tasks.io import remote_file
from tasks.io.remote_file import digest_of
from tasks.node import Input


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(remote_file, "PATIENCE", Time().patience(tries=5))
    with Loopback({}) as running:
        yield running


def members(page: Callable[..., bytes], count: int = 40) -> list[bytes]:
    draw = random.Random(3)
    return [gzip.compress(page(f"{n} {draw.randbytes(2000).hex()}", n), mtime=0) for n in range(count)]


def crawl(page: Callable[..., bytes]) -> bytes:
    return b"".join(members(page))


def damaged_crawl(page: Callable[..., bytes]) -> bytes:
    parts = members(page)
    parts[5] = parts[5][:100] + b"\xff" * 50 + parts[5][150:]
    return b"".join([*parts[:-1], parts[-1][:500]])


def rows(page: Callable[..., bytes]) -> bytes:
    return gzip.compress(b"".join(b'{"text": "row %d", "id": %d}\n' % (n, n) for n in range(500)) + b"{bad\n")


def table(page: Callable[..., bytes]) -> bytes:
    draw, out = random.Random(4), io.BytesIO()
    data = {
        "text": [draw.randbytes(300).hex() for _ in range(900)],
        "other": [draw.randbytes(900) for _ in range(900)],
    }
    pq.write_table(pa.table(data), out, row_group_size=300, compression="none")
    return out.getvalue()


def book(page: Callable[..., bytes]) -> bytes:
    return ("Once there was a baker in Zürich.\n\n" * 20_000).encode()


READERS = [
    (warc, crawl, {}),
    (warc, damaged_crawl, {}),
    (jsonl, rows, {}),
    (parquet, table, {}),
    (books, book, {"part_characters": 100_000}),
]


def read(module: ModuleType, keys: dict, place: str, digest: str) -> list[Document | Loss]:
    source = module.Source(name="s", paths=["."], **keys)
    return list(module.read(source, Input("in.x", place, digest), {}))


@pytest.mark.parametrize(
    ("module", "make", "keys"), READERS, ids=lambda value: getattr(value, "__name__", "")
)
@pytest.mark.parametrize("honours", [{"range", "if-match"}, set()], ids=["ranges", "no-ranges"])
def test_a_reader_gives_the_same_from_afar(
    server: Loopback,
    tmp_path: Path,
    page: Callable,
    module: ModuleType,
    make: Callable,
    keys: dict,
    honours: set[str],
) -> None:
    data = make(page)
    (tmp_path / "in.x").write_bytes(data)
    server.files["in.x"], server.honours = data, honours
    url = server.url("in.x")
    digest = digest_of(url)
    server.faults = [Fault(cut=len(data) // 3), Fault(503), Fault(cut=len(data) // 2)]
    found = read(module, keys, url, digest)
    assert found == read(module, keys, str(tmp_path / "in.x"), "d")
    assert any(isinstance(item, Document) for item in found)
    assert server.faults == []


@pytest.mark.parametrize(
    ("module", "make", "keys"), READERS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_server_that_dies_is_an_error_and_never_damage_in_the_file(
    server: Loopback, page: Callable, module: ModuleType, make: Callable, keys: dict
) -> None:
    server.files["in.x"] = make(page)
    digest = digest_of(server.url("in.x"))
    server.faults = [Fault(cut=1000)] + [Fault(503)] * 9
    with pytest.raises(TransientError, match="503"):
        read(module, keys, server.url("in.x"), digest)


@pytest.mark.parametrize("kind", ["lz4", "zstd"])
def test_framed_containers_go_the_same_way(
    server: Loopback, tmp_path: Path, page: Callable, kind: str
) -> None:
    data = pa.compress(b"".join(page(f"page {n}", n) for n in range(300)), codec=kind, asbytes=True)
    (tmp_path / "in.x").write_bytes(data)
    server.files["in.x"] = data
    digest = digest_of(server.url("in.x"))
    server.faults = [Fault(cut=700)]
    found = read(warc, {}, server.url("in.x"), digest)
    assert found == read(warc, {}, str(tmp_path / "in.x"), "d")
    assert len(found) == 300
    server.faults = [Fault(cut=700)] + [Fault(503)] * 9
    with pytest.raises(TransientError):
        read(warc, {}, server.url("in.x"), digest)


def test_read_warc_takes_an_address(server: Loopback, page: Callable) -> None:
    server.files["a/b.warc.gz"] = crawl(page)
    found = list(warc.read_warc(server.url("a/b.warc.gz")))
    assert len(found) == 40
    assert found[0].url == "http://example.com/0"


class Listed:
    """Inputs of a store that lists two files."""

    def resolve(self, path: str) -> Path:
        return Path(path)

    def glob(self, pattern: str) -> list[str]:
        return ["s3://bucket/a/b/one.txt", "s3://bucket/a/two.jpg"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("https://example.com/x/a%20b.txt?sign=1", ["a b.txt"]),
        ("s3://bucket/a/one.txt", ["one.txt"]),
        ("s3://bucket/a/", ["b/one.txt"]),
        ("s3://bucket/a/**", ["b/one.txt", "two.jpg"]),
    ],
)
def test_names_are_relative_to_the_fixed_part(pattern: str, names: list[str]) -> None:
    source = books.Source(name="b", paths=[pattern])
    assert [name for name, _ in find(source, books, Listed())] == names


@pytest.mark.parametrize("pattern", ["https://example.com/a/", "https://example.com/*.txt"])
def test_http_has_no_listing(pattern: str) -> None:
    with pytest.raises(ConfigError, match="HTTP has no listing"):
        list(find(books.Source(name="b", paths=[pattern]), books, Listed()))


def test_a_kind_that_reads_local_files_says_so() -> None:
    with pytest.raises(ConfigError, match="kind code reads local files"):
        list(find(code.Source(name="c", paths=["https://example.com/a.py"]), code, Listed()))
